import { type Clock, INSTANT_MIN, type Instant } from '@praxis/core';
import type { PostgresDatabase, PostgresSession, PostgresTransaction, Settled } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { type BatchContext, type BatchPlan, keyText, planBatch } from './batch-plan.ts';
import { type Belief, readBelieved, readRemembered } from './postgres-belief.ts';
import type { FactLayout } from './postgres-layout.ts';
import { createSinglePut } from './postgres-put.ts';
import { LOCK_ALL_STRIPES, LOCK_BULK_OUT } from './postgres-schema.ts';
import { drawNumbers, insertsOf, numberRows, toOutcome, writeSteps } from './postgres-steps.ts';
import { stripesOfWrite } from './postgres-stripes.ts';
import { FOREVER } from './timeline.ts';
import type { Write } from './validate.ts';

/** From how many stripes on the whole table of them is locked. */
const STRIPES_ROWS_MAX = 1024;
/** How often a batch starts again because another writer was faster, or its month was missing. */
const RACES_MAX = 8;
/** How many rows most writes add at the most: the new version, and what is left of the one before. */
const ROWS_PER_WRITE = 2;

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
  // All instants that are still to be given out are later.
  let given: Instant = INSTANT_MIN;
  const tick = async (count: number): Promise<Instant> => {
    const first = await nextInstants(db, clock, count);
    given = first + count - 1;
    return first;
  };
  const put = createSinglePut(db);
  const putAlone = async (write: Write, now: Instant): Promise<WriteOutcome | null> => {
    const { content } = write;
    if (content === null) return null;
    try {
      const outcome = await put({ ...write, content }, { now, given, isPrepared: layout.isPrepared });
      given = outcome?.recordedAt ?? given;
      return outcome;
    } catch (error) {
      if (isLostRace(error)) return null;
      throw error;
    }
  };
  return async (batch) => {
    const now = clock.now();
    // Nearly always what is recorded now is recorded in the month of the clock.
    await layout.prepare(now);
    const [[only, ...more] = [], ...others] = batch;
    if (only !== undefined && more.length === 0 && others.length === 0) {
      const outcome = await putAlone(only, now);
      if (outcome !== null) return [{ ok: true, value: [outcome] }];
    }
    return retrying(layout, () =>
      db.transact((session) => commitBatch(session, { batch, layout, tick, earliest: given })),
    );
  };
}

/** There is no place for what ends at an instant. */
class Unprepared extends Error {
  readonly instant: Instant;
  constructor(instant: Instant) {
    super('no partition for the instant');
    this.instant = instant;
  }
}

interface BatchCommitting {
  readonly batch: readonly (readonly Write[])[];
  readonly layout: FactLayout;
  readonly tick: (count: number) => Promise<Instant>;
  readonly earliest: Instant;
}

async function commitBatch(
  session: PostgresTransaction,
  committing: BatchCommitting,
): Promise<Settled<readonly WriteOutcome[]>[]> {
  const { batch, layout } = committing;
  const writes = batch.flat();
  const { locked, isAlone } = lockStripes(session, writes);
  // Sent behind the lock: answered when it is held.
  const [numbers, remembered, looked] = await Promise.all([
    drawNumbers(session, ROWS_PER_WRITE * writes.length),
    readRemembered(session, writes),
    look(session, { ...committing, locked }),
  ]);
  let { first, belief } =
    looked.first > committing.earliest
      ? await caughtUp(session, committing, looked)
      : await lookAgain(session, committing);
  let plan = planBatch(batch, { ...belief, remembered }, first);
  if (!isAlone && mayMissBulk(writes, belief, plan)) {
    await session.query(LOCK_BULK_OUT);
    belief = await readBelieved(session, writes, committing.earliest);
    ({ first, belief } = await caughtUp(session, committing, { first, belief }));
    plan = planBatch(batch, { ...belief, remembered }, first);
  }
  const last = first + batch.length - 1;
  for (const instant of [first, last]) if (!layout.isPrepared(instant)) throw new Unprepared(instant);
  await numberRows(session, insertsOf(plan.steps), numbers);
  await writeSteps(session, plan, layout);
  return plan.transactions.map(finish);
}

/** What is believed, and the first of the instants at which a batch is recorded. */
interface Looked {
  readonly belief: Belief;
  readonly first: Instant;
}

/** Reads while the instants are given out: what bulk ingest records meanwhile may be later than they are. */
async function look(
  session: PostgresSession,
  { batch, tick, earliest, locked }: BatchCommitting & { locked: Promise<unknown> },
): Promise<Looked> {
  const [belief, first] = await Promise.all([
    readBelieved(session, batch.flat(), earliest),
    locked.then(() => tick(batch.length)),
  ]);
  return { belief, first };
}

/** What was seen, unless it holds something recorded at an instant after ours. */
async function caughtUp(
  session: PostgresSession,
  committing: BatchCommitting,
  looked: Looked,
): Promise<Looked> {
  return looked.first > looked.belief.recordedAtMax ? looked : lookAgain(session, committing);
}

/** Reads everything, and has instants given out after that. */
async function lookAgain(session: PostgresSession, { batch, tick }: BatchCommitting): Promise<Looked> {
  const belief = await readBelieved(session, batch.flat(), INSTANT_MIN);
  return { belief, first: await tick(batch.length) };
}

/**
 * Bulk ingest adds versions without end, without holding the stripes of their keys, and what it has not committed is not
 * seen. Of a key with such a version, or that gets one, the database refuses a second. Whoever finds none and adds
 * none has to know that none is on its way.
 */
function mayMissBulk(
  writes: readonly Write[],
  { believed }: Pick<BatchContext, 'believed'>,
  plan: BatchPlan,
): boolean {
  const endless = new Set<string>();
  for (const { key, row } of insertsOf(plan.steps)) if (row.period.to === FOREVER) endless.add(keyText(key));
  return writes.some(({ key }) => {
    const text = keyText(key);
    return !endless.has(text) && believed.get(text)?.some((row) => row.period.to === FOREVER) !== true;
  });
}

async function retrying<R>(layout: FactLayout, commit: () => Promise<R>): Promise<R> {
  for (let race = 1; ; race += 1) {
    try {
      return await commit();
    } catch (error) {
      const unprepared = error instanceof Unprepared;
      if (!(unprepared || isLostRace(error)) || race === RACES_MAX) throw error;
      if (unprepared) await layout.prepare(error.instant);
    }
  }
}

/** Whether a version could not be added because another writer was faster, or because two waited for each other. */
export function isLostRace(error: unknown): boolean {
  if (!(error instanceof Error) || !('fields' in error)) return false;
  const { sqlstate, constraint } = error.fields as { sqlstate?: unknown; constraint?: unknown };
  return sqlstate === '40P01' || constraint === 'facts_believed';
}

function lockStripes(
  session: PostgresSession,
  writes: readonly Write[],
): { locked: Promise<unknown>; isAlone: boolean } {
  const stripes = stripesOf(writes);
  return stripes.length <= STRIPES_ROWS_MAX
    ? { locked: session.query(LOCK, [JSON.stringify(stripes)]), isAlone: false }
    : { locked: session.query(LOCK_ALL_STRIPES), isAlone: true };
}

function stripesOf(writes: readonly Write[]): number[] {
  const stripes = new Set<number>();
  for (const write of writes) {
    for (const stripe of stripesOfWrite(write)) stripes.add(stripe);
    if (stripes.size > STRIPES_ROWS_MAX) break;
  }
  return [...stripes];
}

/** Gives out instants, later than all before whatever the clock does; the first of `count` in a row. */
export async function nextInstants(db: PostgresDatabase, clock: Clock, count: number): Promise<Instant> {
  const [row] = await db.queryLazily(TICK, [count, clock.now()]);
  return Number(row?.[0]) - count + 1;
}

function finish(result: BatchPlan['transactions'][number]): Settled<readonly WriteOutcome[]> {
  return result.ok ? { ok: true, value: result.value.map(toOutcome) } : result;
}
