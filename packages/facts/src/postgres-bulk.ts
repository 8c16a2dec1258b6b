import type { Clock } from '@praxis/core';
import { type PostgresDatabase, type PostgresSession, StorageError } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { isAnyBelieved } from './postgres-belief.ts';
import type { FactLayout } from './postgres-layout.ts';
import { newFactLines } from './postgres-rows.ts';
import { LOCK_FOR_BULK } from './postgres-schema.ts';
import { copyFactsInto, drawNumbers, POSTGRES_COPY_ROWS_MIN, TEXT_LATER } from './postgres-steps.ts';
import { isLostRace, nextInstants } from './postgres-writer.ts';
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

// The number of this transaction, drawn before any row's: what is not visible at some time has a later one.
const NAME_TRANSACTION = 'SELECT pg_current_xact_id()::text';
// What was believed about a key of ours when our instant was given out, and no longer was when we came to it.
// It is a scalar, which the planner never turns into a walk over all that is believed.
const ENDED_MEANWHILE = `SELECT 1 FROM facts g WHERE g.superseded_at >= $1 AND (SELECT true FROM facts f
  WHERE f.subject = g.subject AND f.predicate = g.predicate AND f.fact_type = g.fact_type AND f.value_key = g.value_key
    AND f.superseded_at IS NULL AND f.recorded_xid = pg_current_xact_id() LIMIT 1) LIMIT 1`;

/** Commits one large transaction; null when it is none of those that are quicker this way. */
export type BulkCommit = (writes: readonly Write[]) => Promise<readonly WriteOutcome[] | null>;

/** Something is believed about a key after all. */
class GuessedWrong extends Error {}

/**
 * Large transactions of versions without end, about keys of which nothing is believed, need no look at what is: their
 * rows are copied in. That nothing is believed is a guess that the database decides: it refuses a second version
 * without end of a key, and one over another. When the guess is wrong nothing has happened, and the answer is null.
 * Writers that add such a version of the same key wait for each other on the unique index; those that add none
 * keep bulk ingest out.
 */
export function createBulkWriter(
  db: PostgresDatabase,
  clock: Clock,
  layout: FactLayout,
): { commit: BulkCommit; idle(): Promise<void> } {
  const lanes = createLanes(Math.min(POSTGRES_BULK_LANES, db.poolMax));
  let cautious = 0;

  const attempt = async (writes: readonly Write[]): Promise<readonly WriteOutcome[] | null> => {
    if (await isAnyOfSampleBelieved(db, writes)) return null;
    try {
      return await commitNew(db, clock, layout, writes);
    } catch (error) {
      if (!isLostRace(error) && !(error instanceof GuessedWrong)) throw error;
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

/** Puts without end that nothing but an earlier belief could refuse or change. */
function mayBeBulk(writes: readonly Write[]): boolean {
  return (
    writes.length >= POSTGRES_COPY_ROWS_MIN &&
    writes.every(
      ({ content, idempotency, expected, validTo }) =>
        content !== null &&
        idempotency === null &&
        expected === undefined &&
        (validTo === null || validTo === FOREVER),
    )
  );
}

function isAnyOfSampleBelieved(session: PostgresSession, writes: readonly Write[]): Promise<boolean> {
  const step = Math.ceil(writes.length / SAMPLE_KEYS);
  const sample = writes.filter((_, n) => n % step === 0);
  return isAnyBelieved(
    session,
    sample.map(({ key }) => key),
  );
}

function commitNew(
  db: PostgresDatabase,
  clock: Clock,
  layout: FactLayout,
  writes: readonly Write[],
): Promise<readonly WriteOutcome[]> {
  return db.transact(async (session) => {
    session.send(LOCK_FOR_BULK);
    session.send(NAME_TRANSACTION);
    const { first, scattered } = await drawNumbers(session, writes.length);
    const seqOf = (n: number): number => scattered?.[n] ?? first + n;
    const recordedAt = await nextInstants(db, clock, 1);
    await session.copyFrom(copyFactsInto(layout), newFactLines(writes, { seqOf, recordedAt }));
    session.send(TEXT_LATER, [first, seqOf(writes.length - 1)]);
    // INVARIANT: instants grow in the order in which writes to a key happen. Whoever waited for our keys gets a later one.
    // Whoever ended what was believed about one, with a later one, before we came to it, must not come before us.
    if ((await session.query(ENDED_MEANWHILE, [recordedAt])).length > 0) throw new GuessedWrong();
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
