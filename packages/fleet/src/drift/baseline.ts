import type { Json } from '@praxis/core';
import { readFacts } from './fact-pages.ts';
import { compareValues } from './compare.ts';
import type { DriftFact, DriftPut, DriftWriter } from './drift-store.ts';

/** An operator's decision that what is observed now is good. */
export interface BlessRequest {
  readonly subject: string;
  /** Only this predicate; absent: all of the subject's. */
  readonly predicate?: string | undefined;
  /** Who decided. Never an agent: the caller proves that before. */
  readonly actor: string;
  readonly reason: string;
}

/** What blessing changed, by predicate. */
export interface BlessResult {
  readonly subject: string;
  /** Blessed for the first time. */
  readonly added: readonly string[];
  /** Blessed before with another value. */
  readonly changed: readonly string[];
  /** Blessed before, no longer observed: no longer part of the baseline. */
  readonly ended: readonly string[];
  readonly unchanged: readonly string[];
}

/**
 * Makes the current observations of a subject its known-good baseline: differing values supersede
 * the earlier baseline, predicates no longer observed leave it, equal ones are left alone. When
 * nothing is observed at all, nothing changes: a lost collector must not erase a baseline.
 */
export async function blessBaseline(store: DriftWriter, request: BlessRequest): Promise<BlessResult> {
  const { subject, predicate, actor, reason } = request;
  const filter = { subject, allowRestricted: true, ...(predicate === undefined ? {} : { predicate }) };
  const { facts: observed } = await readFacts(store, { ...filter, factType: 'observed' });
  const { facts: blessed } = await readFacts(store, { ...filter, factType: 'known_good' });
  const before = new Map(blessed.map((fact) => [factKey(fact), fact]));
  const seen = new Set(observed.map(factKey));
  const puts: DriftPut[] = [];
  const result = {
    added: [] as string[],
    changed: [] as string[],
    ended: [] as string[],
    unchanged: [] as string[],
  };
  for (const fact of observed) {
    const earlier = before.get(factKey(fact));
    if (earlier !== undefined && isSame(fact.predicate, earlier.value, fact.value)) {
      result.unchanged.push(fact.predicate);
      continue;
    }
    (earlier === undefined ? result.added : result.changed).push(fact.predicate);
    puts.push(knownGood(fact, actor, reason));
  }
  if (puts.length > 0) await store.putMany(puts);
  for (const fact of observed.length === 0 ? [] : blessed.filter((earlier) => !seen.has(factKey(earlier)))) {
    await store.end({
      subject,
      predicate: fact.predicate,
      factType: 'known_good',
      valueKey: fact.valueKey,
      actor,
      reason,
    });
    result.ended.push(fact.predicate);
  }
  return { subject, ...result };
}

/** Identifies what a fact is about, whatever its type. */
export function factKey(fact: Pick<DriftFact, 'subject' | 'predicate' | 'valueKey'>): string {
  return JSON.stringify([fact.subject, fact.predicate, fact.valueKey]);
}

function knownGood(fact: DriftFact, actor: string, reason: string): DriftPut {
  const { subject, predicate, valueKey, value } = fact;
  return { subject, predicate, valueKey, value, factType: 'known_good', actor, reason, source: 'bless' };
}

function isSame(predicate: string, before: Json, after: Json): boolean {
  return compareValues(predicate, before, after) === null;
}
