import { type Clock, type Instant, sha256 } from '@praxis/core';
import type { PostgresDatabase, PostgresRow, PostgresSession, Settled } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import {
  type BatchPlan,
  type BatchRow,
  type BatchStep,
  keyText,
  type PlannedOutcome,
  planBatch,
} from './batch-plan.ts';
import { LOCK_STRIPES } from './postgres-schema.ts';
import { RecentMap } from './recent-map.ts';
import { wordsOf } from './words.ts';
import type { Write } from './validate.ts';

/** How many keys of a generation are remembered with their number. */
const KEY_CACHE_MAX = 50_000;

const LOCK = `SELECT stripe FROM fact_stripes WHERE stripe = ANY (ARRAY(
  SELECT json_array_elements_text($1::json)::int)) ORDER BY stripe FOR UPDATE`;
// The first instant is the clock's, or one after the last given, whichever is later.
const TICK = 'UPDATE fact_clock SET last = greatest(last + $1::int8, $2::int8 + $1::int8 - 1) RETURNING last';
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
const NUMBERS = "SELECT nextval('fact_seq') FROM generate_series(1, $1::int)";
const SUPERSEDE = `UPDATE facts f SET superseded_at = w.at, superseded_actor = w.a, superseded_reason = w.r,
  superseded_xid = pg_current_xact_id()
  FROM json_to_recordset($1::json) AS w (q int8, at int8, a text, r text) WHERE f.seq = w.q`;
const INSERT = `INSERT INTO facts (seq, key_id, valid_from, valid_to, recorded_at, observed_at, observation_count,
  content_hash, confidence, target, actor, reason, source, value)
  SELECT w.q, w.k, w.f, w.t, w.at, w.o, w.c, decode(w.h, 'hex'), w.cf, w.g, w.a, w.r, w.s, w.v
  FROM json_to_recordset($1::json) AS w (q int8, k int8, f int8, t int8, at int8, o int8, c int8, h text, cf float8,
  g text, a text, r text, s text, v text)`;
const INSERT_TEXT = `INSERT INTO fact_text (seq, words)
  SELECT w.q, array_to_tsvector(ARRAY(SELECT json_array_elements_text(w.x)))
  FROM json_to_recordset($1::json) AS w (q int8, x json)`;
const OBSERVE = `INSERT INTO fact_observations (seq, last_observed_at, observation_count)
  SELECT w.q, greatest(f.observed_at, w.o), f.observation_count + w.c
  FROM json_to_recordset($1::json) AS w (q int8, o int8, c int8) JOIN facts f ON f.seq = w.q
  ON CONFLICT (seq) DO UPDATE SET
  last_observed_at = greatest(fact_observations.last_observed_at, excluded.last_observed_at),
  observation_count = fact_observations.observation_count
    + excluded.observation_count - (SELECT f.observation_count FROM facts f WHERE f.seq = excluded.seq)`;
const REMEMBER = `INSERT INTO fact_idempotency (idempotency_key, digest, outcome)
  SELECT w.k, w.d, w.o FROM json_to_recordset($1::json) AS w (k text, d text, o text)`;

export type BatchCommit = (
  batch: readonly (readonly Write[])[],
) => Promise<readonly Settled<readonly WriteOutcome[]>[]>;

/**
 * Commits batches of transactions. Writers of the same key wait for each other on its stripe; all
 * others run side by side. The instant of recording is given out after the locks are held, by one
 * short transaction of its own, so that it grows in the order in which writes to a key happen.
 */
export function createPostgresWriter(db: PostgresDatabase, clock: Clock): BatchCommit {
  const keyIds = new RecentMap<number>(KEY_CACHE_MAX);

  return async (batch) => {
    const writes = batch.flat();
    const learned = new Map<string, number>();
    const results = await db.transact(async (session) => {
      await session.query(LOCK, [JSON.stringify(stripesOf(writes))]);
      const first = await nextInstants(db, clock, batch.length);
      await findKeys(session, writes, keyIds, learned);
      const idOf = (key: string): number | undefined => learned.get(key) ?? keyIds.get(key);
      const [believed, remembered] = await Promise.all([
        readBelieved(session, writes, idOf, first),
        readRemembered(session, writes),
      ]);
      const plan = planBatch(batch, { believed, remembered }, first);
      await addMissingKeys(session, plan, idOf, learned);
      await numberRows(session, plan);
      await writeSteps(session, plan, idOf);
      return plan.transactions.map(finish);
    });
    for (const [key, id] of learned) keyIds.set(key, id);
    return results;
  };
}

function stripesOf(writes: readonly Write[]): number[] {
  const stripes = new Set<number>();
  for (const write of writes) {
    stripes.add(stripeOf(keyText(write.key)));
    if (write.idempotency !== null) stripes.add(stripeOf(write.idempotency.key));
    if (stripes.size === LOCK_STRIPES) break;
  }
  return [...stripes];
}

function stripeOf(text: string): number {
  return sha256(text).readUInt32BE(0) % LOCK_STRIPES;
}

async function nextInstants(db: PostgresDatabase, clock: Clock, count: number): Promise<Instant> {
  const [row] = await db.queryLazily(TICK, [count, clock.now()]);
  return Number(row?.[0]) - count + 1;
}

function wireKeys(keys: readonly string[]): string {
  return JSON.stringify(
    keys.map((key) => {
      const [s, p, t, v] = key.split('\n');
      return { s, p, t, v };
    }),
  );
}

function learnKeys(rows: readonly PostgresRow[], learned: Map<string, number>): void {
  for (const [id, ...parts] of rows) learned.set(parts.join('\n'), Number(id));
}

async function findKeys(
  session: PostgresSession,
  writes: readonly Write[],
  known: RecentMap<number>,
  learned: Map<string, number>,
): Promise<void> {
  const keys = new Set(writes.map((write) => keyText(write.key)));
  const unknown: string[] = [];
  for (const key of keys) {
    const id = known.get(key);
    if (id === undefined) unknown.push(key);
    else learned.set(key, id);
  }
  if (unknown.length > 0) learnKeys(await session.query(FIND_KEYS, [wireKeys(unknown)]), learned);
}

async function readBelieved(
  session: PostgresSession,
  writes: readonly Write[],
  idOf: (key: string) => number | undefined,
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

async function readRemembered(
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

type Insert = Extract<BatchStep, { do: 'insert' }>;

function insertsOf(plan: BatchPlan): Insert[] {
  return plan.steps.filter((step): step is Insert => step.do === 'insert');
}

async function addMissingKeys(
  session: PostgresSession,
  plan: BatchPlan,
  idOf: (key: string) => number | undefined,
  learned: Map<string, number>,
): Promise<void> {
  const missing = new Set(
    insertsOf(plan)
      .map((step) => keyText(step.key))
      .filter((key) => idOf(key) === undefined),
  );
  if (missing.size > 0) learnKeys(await session.query(ADD_KEYS, [wireKeys([...missing])]), learned);
}

async function numberRows(session: PostgresSession, plan: BatchPlan): Promise<void> {
  const inserts = insertsOf(plan);
  if (inserts.length === 0) return;
  const numbers = await session.query(NUMBERS, [inserts.length]);
  inserts.forEach((step, n) => {
    step.row.seq = Number(numbers[n]?.[0]);
  });
}

/** Wave by wave: first what ends, then what begins. The statements travel without waiting for answers. */
async function writeSteps(
  session: PostgresSession,
  plan: BatchPlan,
  idOf: (key: string) => number | undefined,
): Promise<void> {
  const sent: Promise<unknown>[] = [];
  const send = (text: string, rows: readonly object[]): void => {
    if (rows.length > 0) sent.push(session.query(text, [JSON.stringify(rows)]));
  };
  const waves = Map.groupBy(plan.steps, (step) => step.wave);
  for (const [, steps] of [...waves].sort(([a], [b]) => a - b)) {
    send(OBSERVE, observations(steps));
    send(SUPERSEDE, steps.flatMap(supersedeRow));
    send(
      INSERT,
      steps.flatMap((step) => insertRow(step, idOf)),
    );
    send(INSERT_TEXT, steps.flatMap(textRow));
  }
  send(
    REMEMBER,
    plan.toRemember.map(({ key, digest, outcome }) => ({
      k: key,
      d: digest,
      o: JSON.stringify(toOutcome(outcome)),
    })),
  );
  await Promise.all(sent);
}

function observations(steps: readonly BatchStep[]): object[] {
  const bySeq = new Map<BatchRow, { q: number | null; o: Instant; c: number }>();
  for (const step of steps) {
    if (step.do !== 'observe') continue;
    const one = bySeq.get(step.row) ?? { q: step.row.seq, o: step.observedAt, c: 0 };
    bySeq.set(step.row, { q: one.q, o: Math.max(one.o, step.observedAt), c: one.c + 1 });
  }
  return [...bySeq.values()];
}

function supersedeRow(step: BatchStep): object[] {
  if (step.do !== 'supersede') return [];
  return [{ q: step.row.seq, at: step.recordedAt, a: step.actor, r: step.reason }];
}

function insertRow(step: BatchStep, idOf: (key: string) => number | undefined): object[] {
  if (step.do !== 'insert') return [];
  const { row, key, recordedAt, observed } = step;
  const { content } = row;
  return [
    {
      q: row.seq,
      k: idOf(keyText(key)),
      f: row.period.from,
      t: row.period.to,
      at: recordedAt,
      o: observed.at,
      c: observed.count,
      h: content.contentHash,
      cf: content.confidence,
      g: content.target,
      a: row.actor,
      r: row.reason,
      s: row.source,
      v: content.value,
    },
  ];
}

function textRow(step: BatchStep): object[] {
  if (step.do !== 'insert') return [];
  return [{ q: step.row.seq, x: wordsOf(step.key.subject, step.key.predicate, step.row.content.value) }];
}

function finish(result: BatchPlan['transactions'][number]): Settled<readonly WriteOutcome[]> {
  return result.ok ? { ok: true, value: result.value.map(toOutcome) } : result;
}

function toOutcome(outcome: PlannedOutcome | WriteOutcome): WriteOutcome {
  if (!('row' in outcome)) return outcome;
  const { recordedAt, changed, contentHash, row } = outcome;
  return { recordedAt, changed, contentHash, factId: row === null ? null : String(row.seq) };
}
