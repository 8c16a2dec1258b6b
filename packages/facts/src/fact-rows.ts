import type { Json } from '@praxis/core';

import type { FactType, StoredFact } from './model.ts';
import { FOREVER } from './timeline.ts';

/** What a driver gives for one column. */
export type Cell = string | number | bigint | Uint8Array | null;

/** The columns of a fact, in the order `toStoredFact` reads them, of row `f` of facts and `o` of observations. */
export function factColumns(contentHashHex: string): string {
  return `f.seq, f.subject, f.predicate, f.fact_type, f.value_key, f.target, f.value, f.valid_from, f.valid_to,
    f.recorded_at, f.superseded_at, f.actor, f.reason, f.superseded_actor, f.superseded_reason, f.source,
    f.confidence, ${contentHashHex}, coalesce(o.last_observed_at, f.observed_at),
    coalesce(o.observation_count, f.observation_count)`;
}

/** A row of `factColumns` as a fact. */
export function toStoredFact(row: readonly Cell[]): StoredFact {
  const validTo = Number(row[8]);
  return {
    factId: String(row[0]),
    subject: row[1] as string,
    predicate: row[2] as string,
    factType: row[3] as FactType,
    valueKey: row[4] as string,
    target: row[5] as string | null,
    value: JSON.parse(row[6] as string) as Json,
    validFrom: Number(row[7]),
    validTo: validTo === FOREVER ? null : validTo,
    recordedAt: Number(row[9]),
    supersededAt: row[10] === null ? null : Number(row[10]),
    actor: row[11] as string,
    reason: row[12] as string,
    supersededActor: row[13] as string | null,
    supersededReason: row[14] as string | null,
    source: row[15] as string | null,
    confidence: row[16] as number | null,
    contentHash: row[17] as string,
    lastObservedAt: Number(row[18]),
    observationCount: Number(row[19]),
  };
}

/** The fact as it was at a horizon: a supersession recorded later has not happened yet. */
export function asRecordedBy(fact: StoredFact, recordedAt: number): StoredFact {
  if (fact.supersededAt === null || fact.supersededAt <= recordedAt) return fact;
  return { ...fact, supersededAt: null, supersededActor: null, supersededReason: null };
}
