import { type Clock, type Instant, sha256 } from '@praxis/core';
import type { PostgresDatabase, PostgresSession, Settled } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { type BatchPlan, keyText, planBatch } from './batch-plan.ts';
import { addKeys, findKeyIds, type KeyIdOf, readBelieved, readRemembered } from './postgres-belief.ts';
import { type FactLayout } from './postgres-layout.ts';
import { LOCK_ALL_STRIPES, LOCK_STRIPES } from './postgres-schema.ts';
import { insertsOf, numberRows, toOutcome, writeSteps } from './postgres-steps.ts';
import { RecentMap } from './recent-map.ts';
import type { Write } from './validate.ts';

/** How many keys of a generation are remembered with their number. */
const KEY_CACHE_MAX = 50_000;
/** From how many stripes on the whole table of them is locked. */
const STRIPES_ROWS_MAX = 1024;
/** How often a batch starts again because another writer added one of its keys first. */
const RACES_MAX = 8;

const LOCK = `SELECT stripe FROM fact_stripes WHERE stripe = ANY (ARRAY(
  SELECT json_array_elements_text($1::json)::int)) ORDER BY stripe FOR UPDATE`;
// The first instant is the clock's, or one after the last given, whichever is later.
const TICK = 'UPDATE fact_clock SET last = greatest(last + $1::int8, $2::int8 + $1::int8 - 1) RETURNING last';

/** Commits a batch of transactions and answers each. */
export type BatchCommit = (
  batch: readonly (readonly Write[])[],
) => Promise<readonly Settled<readonly WriteOutcome[]>[]>;

/**
 * Commits batches of transactions. Writers of the same key wait for each other on its stripe; all
 * others run side by side. The instant of recording is given out after the locks are held, by one
 * short transaction of its own, so that it grows in the order in which writes to a key happen.
 */
export function createPostgresWriter(db: PostgresDatabase, clock: Clock, layout: FactLayout): BatchCommit {
  const keyIds = new RecentMap<number>(KEY_CACHE_MAX);

  return async (batch) => {
    const learned = new Map<string, number>();
    const results = await retryingLostKeys(() => {
      learned.clear();
      return commitBatch(db, clock, batch, { keyIds, learned, layout });
    });
    for (const [key, id] of learned) keyIds.set(key, id);
    return results;
  };
}

interface KnownKeys {
  /** Committed before. */
  readonly keyIds: RecentMap<number>;
  /** Found or added by this transaction. */
  readonly learned: Map<string, number>;
}

function commitBatch(
  db: PostgresDatabase,
  clock: Clock,
  batch: readonly (readonly Write[])[],
  known: KnownKeys & { layout: FactLayout },
): Promise<Settled<readonly WriteOutcome[]>[]> {
  const writes = batch.flat();
  const { learned, keyIds, layout } = known;
  return db.transact(async (session) => {
    await lockStripes(session, writes);
    const first = await nextInstants(db, clock, batch.length);
    await layout.prepare(first);
    await layout.prepare(first + batch.length);
    await findKeys(session, writes, known);
    const idOf: KeyIdOf = (key) => learned.get(key) ?? keyIds.get(key);
    const [believed, remembered] = await Promise.all([
      readBelieved(session, writes, idOf, first),
      readRemembered(session, writes),
    ]);
    const plan = planBatch(batch, { believed, remembered }, first);
    const inserts = insertsOf(plan.steps);
    const missing = new Set(inserts.map(({ key }) => keyText(key)).filter((key) => idOf(key) === undefined));
    for (const [key, id] of await addKeys(session, [...missing])) learned.set(key, id);
    await numberRows(session, inserts);
    await writeSteps(session, plan, { idOf, layout });
    return plan.transactions.map(finish);
  });
}

/**
 * Bulk ingest adds keys without holding their stripes: the database lets one of two win, and the other
 * starts again, now seeing the key.
 */
async function retryingLostKeys<R>(commit: () => Promise<R>): Promise<R> {
  for (let race = 1; ; race += 1) {
    try {
      return await commit();
    } catch (error) {
      if (!isLostKey(error) || race === RACES_MAX) throw error;
    }
  }
}

/** Whether a key could not be added because it was there, or because two waited for each other's keys. */
export function isLostKey(error: unknown): boolean {
  if (!(error instanceof Error) || !('fields' in error)) return false;
  const { sqlstate, constraint } = error.fields as { sqlstate?: unknown; constraint?: unknown };
  return sqlstate === '40P01' || (sqlstate === '23505' && String(constraint).startsWith('fact_keys'));
}

async function lockStripes(session: PostgresSession, writes: readonly Write[]): Promise<void> {
  const stripes = stripesOf(writes);
  if (stripes.length <= STRIPES_ROWS_MAX) await session.query(LOCK, [JSON.stringify(stripes)]);
  else await session.query(LOCK_ALL_STRIPES);
}

function stripesOf(writes: readonly Write[]): number[] {
  const stripes = new Set<number>();
  for (const write of writes) {
    stripes.add(stripeOf(keyText(write.key)));
    if (write.idempotency !== null) stripes.add(stripeOf(write.idempotency.key));
    if (stripes.size > STRIPES_ROWS_MAX) break;
  }
  return [...stripes];
}

function stripeOf(text: string): number {
  return sha256(text).readUInt32BE(0) % LOCK_STRIPES;
}

/** Gives out instants, later than all before whatever the clock does; the first of `count` in a row. */
export async function nextInstants(db: PostgresDatabase, clock: Clock, count: number): Promise<Instant> {
  const [row] = await db.queryLazily(TICK, [count, clock.now()]);
  return Number(row?.[0]) - count + 1;
}

async function findKeys(
  session: PostgresSession,
  writes: readonly Write[],
  { keyIds, learned }: KnownKeys,
): Promise<void> {
  const keys = new Set(writes.map((write) => keyText(write.key)));
  const unknown: string[] = [];
  for (const key of keys) {
    const id = keyIds.get(key);
    if (id === undefined) unknown.push(key);
    else learned.set(key, id);
  }
  for (const [key, id] of await findKeyIds(session, unknown)) learned.set(key, id);
}

function finish(result: BatchPlan['transactions'][number]): Settled<readonly WriteOutcome[]> {
  return result.ok ? { ok: true, value: result.value.map(toOutcome) } : result;
}
