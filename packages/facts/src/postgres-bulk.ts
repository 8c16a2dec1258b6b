import type { Clock } from '@praxis/core';
import { type PostgresDatabase, type PostgresSession, StorageError } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { keyText } from './batch-plan.ts';
import { findKeyIds } from './postgres-belief.ts';
import type { FactLayout } from './postgres-layout.ts';
import { KEY_COPY_COLUMNS, newFactLines, newKeyLines } from './postgres-rows.ts';
import { copyFactsInto, drawNumbers, POSTGRES_COPY_ROWS_MIN, TEXT_LATER } from './postgres-steps.ts';
import { isLostKey, nextInstants } from './postgres-writer.ts';
import { FOREVER } from './timeline.ts';
import type { Write } from './validate.ts';

/** How many bulk transactions are under way at once: while one waits for the disk the other works. */
export const POSTGRES_BULK_LANES = 2;
/** How many bulk transactions may wait for a lane; one more is refused with `STORE_BUSY`. */
export const POSTGRES_BULK_WAITING_MAX = 256;
/** How many keys of a transaction are looked up to guess whether all are new. */
const SAMPLE_KEYS = 32;
/** After a wrong guess, how many bulk transactions do not guess. */
const CAUTIOUS_TRANSACTIONS = 16;

/**
 * Keys that come with bulk ingest are numbered after their first fact, in a range of their own: half of
 * the numbers that are exact in JavaScript.
 */
const BULK_KEY_ID_BASE = 2 ** 52;

const COPY_KEYS = `COPY fact_keys (${KEY_COPY_COLUMNS}) FROM STDIN`;
// Against whoever locks the whole table; rows are not locked.
const BEGIN_BULK = 'LOCK TABLE fact_stripes IN ROW SHARE MODE';
// The number of this transaction, drawn before any row's: what is not visible at some time has a later one.
const NAME_TRANSACTION = "SELECT pg_current_xact_id()::text, set_config('praxis.new_keys', 'on', true)";

/** Commits one large transaction; null when it is none of those that are quicker this way. */
export type BulkCommit = (writes: readonly Write[]) => Promise<readonly WriteOutcome[] | null>;

/**
 * Large transactions about keys that are new need no look at what is believed: their rows are copied in.
 * That the keys are new is a guess that the unique index on keys decides; when it is wrong nothing has
 * happened, and the answer is null. Writers that add the same key wait for each other on that index.
 */
export function createBulkWriter(
  db: PostgresDatabase,
  clock: Clock,
  layout: FactLayout,
): { commit: BulkCommit; idle(): Promise<void> } {
  const lanes = createLanes(Math.min(POSTGRES_BULK_LANES, db.poolMax));
  let cautious = 0;

  const attempt = async (writes: readonly Write[]): Promise<readonly WriteOutcome[] | null> => {
    if (await anyKeyExists(db, writes)) return null;
    try {
      return await commitNew(db, clock, layout, writes);
    } catch (error) {
      if (!isLostKey(error)) throw error;
      cautious = CAUTIOUS_TRANSACTIONS;
      return null;
    }
  };
  return {
    async commit(writes) {
      if (!mayBeBulk(writes)) return null;
      if (cautious > 0) {
        cautious -= 1;
        return null;
      }
      return lanes.run(() => attempt(writes));
    },
    idle: () => lanes.idle(),
  };
}

/** Puts that nothing but an earlier belief could refuse or change. */
function mayBeBulk(writes: readonly Write[]): boolean {
  return (
    writes.length >= POSTGRES_COPY_ROWS_MIN &&
    writes.every(
      ({ content, idempotency, expected, validFrom, validTo }) =>
        content !== null &&
        idempotency === null &&
        expected === undefined &&
        // From the instant of recording to one that may be past it: an empty period.
        (validFrom !== undefined || validTo === null || validTo === FOREVER),
    )
  );
}

async function anyKeyExists(session: PostgresSession, writes: readonly Write[]): Promise<boolean> {
  const step = Math.ceil(writes.length / SAMPLE_KEYS);
  const sample = writes.filter((_, n) => n % step === 0).map((write) => keyText(write.key));
  return (await findKeyIds(session, sample)).size > 0;
}

function commitNew(
  db: PostgresDatabase,
  clock: Clock,
  layout: FactLayout,
  writes: readonly Write[],
): Promise<readonly WriteOutcome[]> {
  return db.transact(async (session) => {
    await session.query(BEGIN_BULK);
    await session.query(NAME_TRANSACTION);
    const { first, scattered } = await drawNumbers(session, writes.length);
    const seqOf = (n: number): number => scattered?.[n] ?? first + n;
    const keyIdOf = (n: number): number => BULK_KEY_ID_BASE + seqOf(n);
    await session.copyFrom(COPY_KEYS, newKeyLines(writes, keyIdOf));
    // INVARIANT: the instant is given out when the keys are ours. Whoever waits for them gets a later one.
    const recordedAt = await nextInstants(db, clock, 1);
    await session.copyFrom(copyFactsInto(layout), newFactLines(writes, { seqOf, keyIdOf, recordedAt }));
    await session.query(TEXT_LATER, [first, seqOf(writes.length - 1)]);
    return writes.map(({ content }, n) => ({
      recordedAt,
      changed: true,
      factId: String(seqOf(n)),
      contentHash: content?.contentHash ?? null,
    }));
  });
}

/** Lets a few works run at once, the others in order of arrival. */
function createLanes(lanesMax: number): {
  run<R>(work: () => Promise<R>): Promise<R>;
  idle(): Promise<void>;
} {
  const waiting: (() => void)[] = [];
  const idlers: (() => void)[] = [];
  let running = 0;
  const leave = (): void => {
    const next = waiting.shift();
    if (next !== undefined) return next();
    running -= 1;
    if (running === 0) for (const idler of idlers.splice(0)) idler();
  };
  return {
    async run(work) {
      if (running < lanesMax) running += 1;
      else if (waiting.length >= POSTGRES_BULK_WAITING_MAX)
        throw new StorageError('STORE_BUSY', `${POSTGRES_BULK_WAITING_MAX} bulk writes are waiting already`);
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        leave();
      }
    },
    async idle() {
      if (running > 0) await new Promise<void>((resolve) => idlers.push(resolve));
    },
  };
}
