import { formatInstant } from '@praxis/core';
import type { VerifyReport } from '../verify/report.ts';
import { verifyLedger, type VerifyOptions } from '../verify/verify.ts';
import { type DamageReport, DamageTally } from './damage.ts';
import { type FoundRecord, type RecordFilter, searchLedger } from './search.ts';

/** How many approvals, denials and changes a report lists one by one; the counts go on. */
export const REPORT_LINES_MAX = 500;

/** One line of a report. */
export interface ReportLine {
  readonly seq: number;
  readonly ts: string;
  readonly principal: string | null;
  readonly tool: string | null;
  readonly target: string | null;
  readonly tier: string | null;
  readonly decision: string;
  readonly reason: string;
  readonly approver: string | null;
}

/** What an auditor asks of a period: who did what, approvals, denials, interruptions, and whether to believe it. */
export interface LedgerReport {
  readonly path: string;
  /** The period that was asked for; null where it is open. `first` and `last` are the records found in it. */
  readonly since: string | null;
  readonly until: string | null;
  readonly first: string | null;
  readonly last: string | null;
  readonly records: number;
  readonly integrity: Pick<
    VerifyReport,
    'ok' | 'first_bad' | 'records' | 'unanchored_tail' | 'evidence' | 'origin_id' | 'root'
  >;
  /** Lines that are counted nowhere, because they are no records, or not as they were written. */
  readonly damaged: DamageReport;
  readonly by_principal: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** For each day (UTC) on which something happened: how often what was decided. */
  readonly by_day: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly by_decision: Readonly<Record<string, number>>;
  readonly by_tier: Readonly<Record<string, number>>;
  readonly by_tool: Readonly<Record<string, number>>;
  readonly denial_reasons: Readonly<Record<string, number>>;
  readonly actions: readonly ReportLine[];
  readonly approvals: readonly ReportLine[];
  readonly denials: readonly ReportLine[];
  readonly interrupted: readonly ReportLine[];
  readonly sessions: readonly ReportLine[];
  readonly counts: {
    readonly actions: number;
    readonly approvals: number;
    readonly denials: number;
    readonly interrupted: number;
    readonly sessions: number;
  };
}

type Section = 'actions' | 'approvals' | 'denials' | 'interrupted' | 'sessions';

/** Reads a period of a ledger and verifies the whole of it. Throws `LEDGER_UNREADABLE` when there is none. */
export async function reportLedger(
  path: string,
  filter: RecordFilter = {},
  verify: VerifyOptions = {},
): Promise<LedgerReport> {
  const tally = new Tally();
  const damage = new DamageTally();
  for await (const record of searchLedger(path, filter, damage)) tally.add(record);
  const { ok, first_bad, records, unanchored_tail, evidence, origin_id, root } = await verifyLedger(
    path,
    verify,
  );
  return {
    path,
    since: filter.since === undefined ? null : formatInstant(filter.since),
    until: filter.until === undefined ? null : formatInstant(filter.until),
    first: tally.first,
    last: tally.last,
    records: tally.records,
    integrity: { ok, first_bad, records, unanchored_tail, evidence, origin_id, root },
    damaged: damage.report,
    by_principal: nested(tally.principals),
    by_day: nested(tally.days),
    by_decision: Object.fromEntries(tally.decisions),
    by_tier: Object.fromEntries(tally.tiers),
    by_tool: Object.fromEntries(tally.tools),
    denial_reasons: Object.fromEntries(tally.reasons),
    ...tally.sections,
    counts: tally.counts,
  };
}

function nested(
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Record<string, Record<string, number>> {
  return Object.fromEntries([...counts].map(([name, inner]) => [name, Object.fromEntries(inner)]));
}

class Tally {
  records = 0;
  first: string | null = null;
  last: string | null = null;
  readonly principals: Map<string, Map<string, number>> = new Map();
  readonly days: Map<string, Map<string, number>> = new Map();
  readonly decisions: Map<string, number> = new Map();
  readonly tiers: Map<string, number> = new Map();
  readonly tools: Map<string, number> = new Map();
  readonly reasons: Map<string, number> = new Map();
  readonly sections: Record<Section, ReportLine[]> = {
    actions: [],
    approvals: [],
    denials: [],
    interrupted: [],
    sessions: [],
  };
  readonly counts: Record<Section, number> = {
    actions: 0,
    approvals: 0,
    denials: 0,
    interrupted: 0,
    sessions: 0,
  };

  add(record: FoundRecord): void {
    this.records += 1;
    this.first ??= record.ts;
    this.last = record.ts;
    const own = record.kind === 'session' || record.kind === 'segment' || record.kind === 'recovery';
    if (!own) this.#count(record);
    if (record.kind === 'session') this.#list('sessions', record);
    if (record.kind === 'interrupted') this.#list('interrupted', record);
    if (record.decision === 'denied') this.#list('denials', record);
    if (record.kind === 'intent') this.#list('actions', record);
    if (record.approver !== null || record.approval_id !== null) this.#list('approvals', record);
  }

  #count(record: FoundRecord): void {
    // An action has two records; it is counted once, when it ends.
    if (record.kind === 'intent') return;
    const principal = record.principal ?? '(nobody named)';
    bumpIn(this.principals, principal, `${record.decision} ${record.tool ?? '(no tool)'}`);
    const what = record.kind === 'interrupted' ? 'interrupted' : record.decision;
    bumpIn(this.days, record.ts.slice(0, DAY_CHARS), what);
    bump(this.decisions, record.decision);
    bump(this.tiers, record.tier ?? '(none)');
    bump(this.tools, record.tool ?? '(none)');
    if (record.decision === 'denied') bump(this.reasons, record.reason);
  }

  #list(section: Section, record: FoundRecord): void {
    this.counts[section] += 1;
    if (this.sections[section].length >= REPORT_LINES_MAX) return;
    const { seq, ts, principal, tool, target, tier, decision, reason, approver } = record;
    this.sections[section].push({ seq, ts, principal, tool, target, tier, decision, reason, approver });
  }
}

/** How much of an instant names its day. */
const DAY_CHARS = 10;

function bumpIn(counts: Map<string, Map<string, number>>, outer: string, key: string): void {
  const inner = counts.get(outer) ?? new Map<string, number>();
  counts.set(outer, inner);
  bump(inner, key);
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
