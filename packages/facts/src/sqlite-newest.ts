import type { Instant } from '@praxis/core';
import { type SqliteDatabase, type SqlValue, StorageError } from '@praxis/storage';

const LAST_ROW = 'SELECT seq, recorded_at FROM facts ORDER BY seq DESC LIMIT 1';
const CLOCK = 'SELECT last FROM fact_clock';
const SET_CLOCK = 'UPDATE fact_clock SET last = ? WHERE last < ?';

/** How far a store has come. */
export interface Newest {
  /** The number of the newest row. */
  readonly seq: number;
  /** The latest instant given to a transaction. */
  readonly recordedAt: Instant;
}

/** Reads how far a store has come, whoever wrote it. Throws `STORE_TAMPERED` when nothing keeps time going forward. */
export function newestReader(db: SqliteDatabase): () => Newest {
  const lastRow = db.prepare(LAST_ROW, { arrays: true });
  const lastOfClock = db.prepare(CLOCK, { arrays: true });
  return () => {
    const [seq, recordedAt] = (lastRow.get() ?? [0, Number.MIN_SAFE_INTEGER]) as unknown as SqlValue[];
    const [clockAt] = (lastOfClock.get() ?? []) as unknown as SqlValue[];
    if (clockAt === undefined)
      throw new StorageError('STORE_TAMPERED', 'the row that keeps transaction time going forward is gone');
    return { seq: Number(seq), recordedAt: Math.max(Number(recordedAt), Number(clockAt)) };
  };
}

/** Keeps the instant of a transaction that has added no row. */
export function keepInstant(db: SqliteDatabase, recordedAt: Instant): void {
  db.run(SET_CLOCK, [recordedAt, recordedAt]);
}
