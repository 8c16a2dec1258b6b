import type { Clock } from '@praxis/core';
import { factKey } from './baseline.ts';
import { compareValues, oneSidedDetail } from './compare.ts';
import type { DriftFact, DriftReader } from './drift-store.ts';
import { readFacts } from './fact-pages.ts';
import { type Finding, type FindingDetail, type FindingKind, severityOf } from './finding.ts';

/** An observation older than this is stale: 24 hours, in microseconds. */
export const STALE_AFTER_US_DEFAULT: number = 24 * 60 * 60 * 1_000_000;

/** Kinds of typed entity facts. They repeat what a host's tables say, so they are scanned only when blessed. */
const ENTITY_KINDS: ReadonlySet<string> = new Set(['package', 'identity', 'service', 'interface', 'storage']);

/** What is compared, and as of when an observation is too old. */
export interface ScanOptions {
  readonly clock: Clock;
  /** Only this subject; absent: all. */
  readonly subject?: string | undefined;
  /** Age in microseconds from which an observation counts as stale. */
  readonly staleAfterUs?: number | undefined;
  /** Whether restricted facts take part; otherwise they are counted in `withheld`. */
  readonly allowRestricted?: boolean | undefined;
}

/** What a comparison found, and how much it could say something about. */
export interface ScanResult {
  readonly findings: readonly Finding[];
  /** How many (subject, predicate) pairs were compared. */
  readonly scanned: number;
  /** Subjects that are observed but have no baseline: nothing is said about them. */
  readonly withoutBaseline: readonly string[];
  /** Pairs whose last observation is too old to trust. */
  readonly stale: readonly { readonly subject: string; readonly predicate: string }[];
  readonly withheld: number;
}

/**
 * Compares what is observed with the known-good baseline. A blessed fact that is no longer observed
 * is `missing`, one that differs `changed`, an observed one the baseline lacks `unexpected`. A subject
 * without any baseline yields no findings and is named in `withoutBaseline`.
 */
export async function scanDrift(store: DriftReader, options: ScanOptions): Promise<ScanResult> {
  const filter = {
    allowRestricted: options.allowRestricted ?? false,
    ...(options.subject === undefined ? {} : { subject: options.subject }),
  };
  const observed = await readFacts(store, { ...filter, factType: 'observed' });
  const blessed = await readFacts(store, { ...filter, factType: 'known_good' });
  const staleBefore = options.clock.now() - (options.staleAfterUs ?? STALE_AFTER_US_DEFAULT);
  const pairs = pairUp(observed.facts, blessed.facts);
  const findings: Finding[] = [];
  const stale: { subject: string; predicate: string }[] = [];
  for (const { seen, good } of pairs.compared) {
    const isStale = seen !== undefined && seen.lastObservedAt < staleBefore;
    if (isStale) stale.push({ subject: seen.subject, predicate: seen.predicate });
    const finding = findingOf(seen, good, isStale);
    if (finding !== null) findings.push(finding);
  }
  findings.sort(bySubjectThenPredicate);
  const withheld = observed.withheld + blessed.withheld;
  return {
    findings,
    scanned: pairs.compared.length,
    withoutBaseline: pairs.withoutBaseline,
    stale,
    withheld,
  };
}

interface Pair {
  readonly seen?: DriftFact;
  readonly good?: DriftFact;
}

function pairUp(
  observed: readonly DriftFact[],
  blessed: readonly DriftFact[],
): { compared: Pair[]; withoutBaseline: string[] } {
  const goodByKey = new Map(blessed.map((fact) => [factKey(fact), fact]));
  const baselined = new Set(blessed.map((fact) => fact.subject));
  const withoutBaseline = new Set<string>();
  const compared: Pair[] = [];
  for (const seen of observed) {
    if (!baselined.has(seen.subject)) {
      if (!ENTITY_KINDS.has(seen.subject.slice(0, seen.subject.indexOf(':'))))
        withoutBaseline.add(seen.subject);
      continue;
    }
    const key = factKey(seen);
    const good = goodByKey.get(key);
    goodByKey.delete(key);
    compared.push(good === undefined ? { seen } : { seen, good });
  }
  for (const good of goodByKey.values()) compared.push({ good });
  return { compared, withoutBaseline: [...withoutBaseline].sort() };
}

function findingOf(seen: DriftFact | undefined, good: DriftFact | undefined, stale: boolean): Finding | null {
  if (seen !== undefined && good !== undefined) {
    const detail = compareValues(seen.predicate, good.value, seen.value);
    return detail === null ? null : toFinding(seen, 'changed', detail, seen.lastObservedAt, stale);
  }
  if (seen !== undefined) {
    return toFinding(seen, 'unexpected', oneSidedDetail(seen.value, 'added'), seen.lastObservedAt, stale);
  }
  return good === undefined
    ? null
    : toFinding(good, 'missing', oneSidedDetail(good.value, 'removed'), null, false);
}

function toFinding(
  fact: DriftFact,
  kind: FindingKind,
  detail: FindingDetail,
  observedAt: number | null,
  stale: boolean,
): Finding {
  const { subject, predicate } = fact;
  return { subject, predicate, kind, severity: severityOf(predicate, kind), detail, observedAt, stale };
}

function bySubjectThenPredicate(a: Finding, b: Finding): number {
  if (a.subject !== b.subject) return a.subject < b.subject ? -1 : 1;
  if (a.predicate === b.predicate) return 0;
  return a.predicate < b.predicate ? -1 : 1;
}
