import type { Instant } from '@praxis/core';
import type { PostgresRow, PostgresSession } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { type BatchRow, keyText } from './batch-plan.ts';
import type { FactKey } from './model.ts';
import type { Write } from './validate.ts';

const BELIEVED = `SELECT w.n, f.seq, f.valid_from, f.valid_to, encode(f.content_hash, 'hex'), f.value, f.target, f.confidence,
  f.actor, f.reason, f.source, coalesce(o.last_observed_at, f.observed_at), coalesce(o.observation_count, f.observation_count),
  f.recorded_at
  FROM json_to_recordset($1::json) AS w (n int, s text, p text, t text, v text, since int8)
  CROSS JOIN LATERAL (${ofKey('f.valid_to > w.since')}) f
  LEFT JOIN fact_observations o ON o.seq = f.seq ORDER BY w.n, f.valid_from`;
const ANY_BELIEVED = `SELECT 1 FROM json_to_recordset($1::json) AS w (s text, p text, t text, v text)
  CROSS JOIN LATERAL (${ofKey('true')}) f LIMIT 1`;
// The offset keeps the planner from joining what is believed of all keys: each key is looked up.
function ofKey(condition: string): string {
  return `SELECT f.* FROM facts f WHERE f.subject = w.s AND f.predicate = w.p AND f.fact_type = w.t AND f.value_key = w.v
    AND f.superseded_at IS NULL AND ${condition} OFFSET 0`;
}

const REMEMBERED = `SELECT idempotency_key, digest, outcome FROM fact_idempotency
  WHERE idempotency_key = ANY (ARRAY(SELECT json_array_elements_text($1::json)))`;

/** What is believed about the keys of writes. */
export interface Belief {
  /** By `keyText`, in order of the start of validity. */
  readonly believed: Map<string, BatchRow[]>;
  /** The latest instant at which any of it was recorded. */
  readonly recordedAtMax: Instant;
}

/** Whether anything is believed about any of these keys. */
export async function isAnyBelieved(session: PostgresSession, keys: readonly FactKey[]): Promise<boolean> {
  return (await session.query(ANY_BELIEVED, [JSON.stringify(keys.map(wireKey))])).length > 0;
}

function wireKey({ subject, predicate, factType, valueKey }: FactKey): object {
  return { s: subject, p: predicate, t: factType, v: valueKey };
}

/**
 * The believed versions of the keys of writes, from the earliest instant each is written at. `earliest` is before
 * all instants that are still to be given out: a write that does not say since when begins later.
 */
export async function readBelieved(
  session: PostgresSession,
  writes: readonly Write[],
  earliest: Instant,
): Promise<Belief> {
  const since = new Map<string, { key: FactKey; from: Instant }>();
  for (const { key, validFrom = earliest } of writes) {
    const text = keyText(key);
    const known = since.get(text);
    since.set(text, { key, from: Math.min(validFrom, known?.from ?? validFrom) });
  }
  const wanted = [...since];
  const params = JSON.stringify(wanted.map(([, { key, from }], n) => ({ n, ...wireKey(key), since: from })));
  const believed = new Map<string, BatchRow[]>();
  let recordedAtMax = Number.NEGATIVE_INFINITY;
  for (const row of await session.query(BELIEVED, [params])) {
    const key = wanted[Number(row[0])]?.[0] ?? '';
    const rows = believed.get(key);
    if (rows === undefined) believed.set(key, [toBatchRow(row)]);
    else rows.push(toBatchRow(row));
    recordedAtMax = Math.max(recordedAtMax, Number(row[13]));
  }
  return { believed, recordedAtMax };
}

function toBatchRow(row: PostgresRow): BatchRow {
  const contentHash = row[4] as string;
  return {
    seq: Number(row[1]),
    period: { from: Number(row[2]), to: Number(row[3]) },
    contentHash,
    content: {
      value: row[5] as string,
      target: row[6] as string | null,
      confidence: row[7] as number | null,
      contentHash,
    },
    actor: row[8] as string,
    reason: row[9] as string,
    source: row[10] as string | null,
    observedAt: Number(row[11]),
    observationCount: Number(row[12]),
  };
}

/** What was answered before to writes with these idempotency keys. */
export async function readRemembered(
  session: PostgresSession,
  writes: readonly Write[],
): Promise<Map<string, { digest: string; outcome: WriteOutcome }>> {
  const keys = writes.flatMap((write) => (write.idempotency === null ? [] : [write.idempotency.key]));
  if (keys.length === 0) return new Map();
  const rows = await session.query(REMEMBERED, [JSON.stringify(keys)]);
  return new Map(
    rows.map((row) => [
      String(row[0]),
      { digest: String(row[1]), outcome: JSON.parse(String(row[2])) as WriteOutcome },
    ]),
  );
}
