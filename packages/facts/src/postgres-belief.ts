import type { Instant } from '@praxis/core';
import type { PostgresRow, PostgresSession } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { type BatchRow, keyText } from './batch-plan.ts';
import type { Write } from './validate.ts';

const FIND_KEYS = `SELECT k.key_id, k.subject, k.predicate, k.fact_type, k.value_key
  FROM json_to_recordset($1::json) AS w (s text, p text, t text, v text)
  JOIN fact_keys k ON k.subject = w.s AND k.predicate = w.p AND k.fact_type = w.t AND k.value_key = w.v`;
const ADD_KEYS = `INSERT INTO fact_keys (subject, predicate, fact_type, value_key)
  SELECT w.s, w.p, w.t, w.v FROM json_to_recordset($1::json) AS w (s text, p text, t text, v text)
  RETURNING key_id, subject, predicate, fact_type, value_key`;
const BELIEVED = `SELECT w.n, f.seq, f.valid_from, f.valid_to, encode(f.content_hash, 'hex'), f.value, f.target, f.confidence,
  f.actor, f.reason, f.source, coalesce(o.last_observed_at, f.observed_at), coalesce(o.observation_count, f.observation_count)
  FROM json_to_recordset($1::json) AS w (n int, id int8, since int8)
  JOIN facts f ON f.key_id = w.id AND f.superseded_at IS NULL AND f.valid_to > w.since
  LEFT JOIN fact_observations o ON o.seq = f.seq ORDER BY w.n, f.valid_from`;
const REMEMBERED = `SELECT idempotency_key, digest, outcome FROM fact_idempotency
  WHERE idempotency_key = ANY (ARRAY(SELECT json_array_elements_text($1::json)))`;

/** The number of a key, by `keyText`, when it has one. */
export type KeyIdOf = (key: string) => number | undefined;

/** Looks up which of these keys there are. */
export async function findKeyIds(
  session: PostgresSession,
  keys: readonly string[],
): Promise<Map<string, number>> {
  return keys.length === 0 ? new Map() : keyIds(await session.query(FIND_KEYS, [wireKeys(keys)]));
}

/** Adds keys, in their order, which is the same for all who add: nobody waits for each other in a circle. */
export async function addKeys(
  session: PostgresSession,
  keys: readonly string[],
): Promise<Map<string, number>> {
  return keys.length === 0 ? new Map() : keyIds(await session.query(ADD_KEYS, [wireKeys(keys.toSorted())]));
}

function wireKeys(keys: readonly string[]): string {
  return JSON.stringify(
    keys.map((key) => {
      const [s, p, t, v] = key.split('\n');
      return { s, p, t, v };
    }),
  );
}

function keyIds(rows: readonly PostgresRow[]): Map<string, number> {
  return new Map(rows.map(([id, ...parts]) => [parts.join('\n'), Number(id)]));
}

/** The believed versions of the keys of writes, from the earliest instant each is written at. */
export async function readBelieved(
  session: PostgresSession,
  writes: readonly Write[],
  idOf: KeyIdOf,
  firstRecordedAt: Instant,
): Promise<Map<string, BatchRow[]>> {
  const since = new Map<string, Instant>();
  for (const write of writes) {
    const key = keyText(write.key);
    const from = write.validFrom ?? firstRecordedAt;
    since.set(key, Math.min(from, since.get(key) ?? from));
  }
  const wanted = [...since].filter(([key]) => idOf(key) !== undefined);
  const believed = new Map<string, BatchRow[]>();
  if (wanted.length === 0) return believed;
  const params = JSON.stringify(wanted.map(([key, from], n) => ({ n, id: idOf(key), since: from })));
  for (const row of await session.query(BELIEVED, [params])) {
    const key = wanted[Number(row[0])]?.[0] ?? '';
    const rows = believed.get(key) ?? [];
    rows.push(toBatchRow(row));
    believed.set(key, rows);
  }
  return believed;
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
