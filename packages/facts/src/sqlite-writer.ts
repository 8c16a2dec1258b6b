import type { Clock, Instant } from '@praxis/core';
import type { Settled, SqliteDatabase } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { FactError } from './errors.ts';
import { createWriteApplier, type WriteApplier } from './sqlite-apply.ts';
import { keepInstant, newestReader } from './sqlite-newest.ts';
import type { Write } from './validate.ts';

/** Applies batches of transactions to a SQLite store. */
export interface SqliteWriter {
  /** All transactions in one SQLite transaction; each fails or succeeds by itself. */
  commit(batch: readonly (readonly Write[])[]): Settled<readonly WriteOutcome[]>[];
  /** The latest instant recorded by this process or any other. */
  lastRecordedAt(): Instant;
}

/** What the writer knows of the store, until another connection writes to it. */
interface Known {
  last: Instant;
  /** The latest instant that a row of `facts` or of `fact_clock` holds. */
  persisted: Instant;
  dataVersion: number | null;
}

/** The writer of a store; there may be others in other processes. */
export function createSqliteWriter(db: SqliteDatabase, clock: Clock): SqliteWriter {
  const applier = createWriteApplier(db);
  const known: Known = {
    last: Number.MIN_SAFE_INTEGER,
    persisted: Number.MIN_SAFE_INTEGER,
    dataVersion: null,
  };
  const refresh = refresher(db, applier, known);
  const applyTransaction = (writes: readonly Write[]): Settled<readonly WriteOutcome[]> => {
    known.last = Math.max(clock.now(), known.last + 1);
    const recordedAt = known.last;
    const before = applier.lastSeq;
    const undoable = mayRefuseLate(writes, recordedAt);
    if (undoable) db.run('SAVEPOINT one_transaction');
    const result = settle(() => applier.apply(writes, recordedAt));
    if (undoable && !result.ok) {
      db.run('ROLLBACK TO one_transaction');
      applier.lastSeq = before;
    }
    if (undoable) db.run('RELEASE one_transaction');
    if (applier.lastSeq > before) known.persisted = recordedAt;
    return result;
  };
  const applyBatch = (batch: readonly (readonly Write[])[]): Settled<readonly WriteOutcome[]>[] => {
    refresh();
    const results = batch.map(applyTransaction);
    if (known.persisted < known.last) keepInstant(db, known.last);
    known.persisted = known.last;
    return results;
  };
  return {
    commit(batch) {
      try {
        return db.transact(() => applyBatch(batch));
      } catch (error) {
        // What was numbered is gone with the transaction.
        known.dataVersion = null;
        throw error;
      }
    },
    lastRecordedAt() {
      refresh();
      return known.last;
    },
  };
}

/** Learns what other processes have recorded since. */
function refresher(db: SqliteDatabase, applier: WriteApplier, known: Known): () => void {
  const readNewest = newestReader(db);
  return () => {
    const found = db.dataVersion();
    if (found === known.dataVersion) return;
    const { seq, recordedAt } = readNewest();
    applier.lastSeq = seq;
    known.last = Math.max(known.last, recordedAt);
    known.dataVersion = found;
  };
}

/**
 * Whether a transaction may be refused after it has changed something. A single write refuses first; of
 * several, only conditions and empty periods refuse. A savepoint is avoided where it can be: under one
 * every statement takes time linear in what the transaction has changed so far.
 */
function mayRefuseLate(writes: readonly Write[], recordedAt: Instant): boolean {
  const mayRefuse = ({ expected, idempotency, validFrom, validTo }: Write): boolean =>
    expected !== undefined ||
    idempotency !== null ||
    (validTo !== null && (validFrom ?? recordedAt) >= validTo);
  return writes.length > 1 && writes.some(mayRefuse);
}

/** A refusal is one transaction's own; any other error is the whole batch's. */
function settle<R>(work: () => R): Settled<R> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof FactError) return { ok: false, error };
    throw error;
  }
}
