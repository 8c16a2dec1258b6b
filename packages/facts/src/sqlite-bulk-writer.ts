import type { Instant } from '@praxis/core';
import { errorMessage, PraxisError } from '@praxis/core';
import type { SqliteDatabase, SqliteTransaction } from '@praxis/storage';

import { createWriteApplier } from './sqlite-apply.ts';
import { type BulkPacket, unpackColumns } from './sqlite-bulk-packet.ts';
import { keepInstant, newestReader } from './sqlite-newest.ts';

/** What the thread that writes is told. Of a transaction: one `begin`, packets, and `commit` or `rollback`. */
export type BulkRequest =
  | { readonly do: 'begin'; readonly earliest: Instant }
  | { readonly do: 'put'; readonly packet: BulkPacket }
  | { readonly do: 'commit' }
  | { readonly do: 'rollback' }
  | { readonly do: 'close' };

/** What came of a transaction, in the order of its puts. */
export interface BulkDone {
  readonly ok: true;
  readonly recordedAt: Instant;
  /** The numbers of the rows. */
  readonly seqs: Float64Array;
  /** 1 where a row was added. */
  readonly changed: Uint8Array;
}

/** Why there is no such transaction. */
export interface BulkFailed {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What the thread says: once that it can begin, then of every transaction what came of it. */
export type BulkAnswer = { readonly ready: true } | BulkDone | BulkFailed;

/** Carries out requests on a connection of its own. Answers the end of a transaction; everything else gives null. */
export type BulkWriter = (request: BulkRequest) => BulkDone | BulkFailed | null;

/** A transaction under way: nothing more is done for one that has failed. */
interface Running {
  transaction: SqliteTransaction | null;
  recordedAt: Instant;
  /** Of every put so far. */
  readonly seqs: number[];
  readonly changed: boolean[];
  failure: BulkFailed | null;
}

/** The writer of transactions that come in packets. */
export function createBulkWriter(db: SqliteDatabase): BulkWriter {
  const applier = createWriteApplier(db);
  const readNewest = newestReader(db);
  let running: Running = nothing();

  const begin = (earliest: Instant): void => {
    running = nothing();
    running.transaction = db.begin();
    const newest = readNewest();
    applier.lastSeq = newest.seq;
    running.recordedAt = Math.max(earliest, newest.recordedAt + 1);
  };
  const put = (packet: BulkPacket): void => {
    const { seqs, changed, recordedAt } = running;
    applier.applyColumns(unpackColumns(packet), recordedAt, (seq, isChanged) => {
      seqs.push(seq);
      changed.push(isChanged);
    });
  };
  const commit = (): BulkDone => {
    const done = doneOf(running);
    if (!done.changed.includes(1)) keepInstant(db, running.recordedAt);
    running.transaction?.commit();
    return done;
  };
  const attempt = <R>(work: () => R): R | BulkFailed => {
    if (running.failure !== null) return running.failure;
    try {
      return db.reading(work);
    } catch (error) {
      running.transaction?.rollback();
      running.failure = failureOf(error);
      return running.failure;
    }
  };

  return (request) => {
    switch (request.do) {
      case 'begin':
        running = nothing();
        attempt(() => begin(request.earliest));
        return null;
      case 'put':
        attempt(() => put(request.packet));
        return null;
      case 'commit':
        return attempt(commit);
      case 'rollback':
        running.transaction?.rollback();
        return doneOf(nothing());
      case 'close':
        db.close();
        return null;
    }
  };
}

function nothing(): Running {
  return { transaction: null, recordedAt: 0, seqs: [], changed: [], failure: null };
}

function doneOf({ recordedAt, seqs, changed }: Running): BulkDone {
  return {
    ok: true,
    recordedAt,
    seqs: Float64Array.from(seqs),
    changed: Uint8Array.from(changed, Number),
  };
}

function failureOf(error: unknown): BulkFailed {
  const { code, fields } = error instanceof PraxisError ? error : { code: 'STORE_FAILED', fields: {} };
  return { ok: false, code, message: errorMessage(error), fields };
}
