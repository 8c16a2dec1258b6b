import type { Instant } from '@praxis/core';
import { type GroupCommit, StorageError, type StorageErrorCode } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { FactError, type FactErrorCode } from './errors.ts';
import { columnsOf } from './put-columns.ts';
import { packColumns } from './sqlite-bulk-packet.ts';
import { type BulkThread, startBulkThread } from './sqlite-bulk-thread.ts';
import type { BulkDone, BulkFailed, BulkRequest } from './sqlite-bulk-writer.ts';
import { type BulkTurns, bulkTurns } from './sqlite-bulk-turns.ts';
import type { PutFact } from './store.ts';
import type { PutWrite, Write } from './validate.ts';

/** From how many facts in one transaction on a second thread writes them while the first checks them. */
export const BULK_FACTS_MIN = 2000;
/** How many facts are handed over at once. */
const FACTS_PER_PACKET = 512;

/** Writes large transactions on a second thread. */
export interface SqliteBulk {
  /** Null where the transaction is none for the thread: too small, with conditions, or the thread is not there (yet). */
  putMany(
    facts: readonly PutFact[],
    check: (fact: PutFact) => Write,
  ): Promise<readonly WriteOutcome[]> | null;
  close(): Promise<void>;
}

export interface SqliteBulkOptions {
  readonly path: string;
  readonly commits: Pick<GroupCommit<never, never>, 'alone' | 'isQuiet'>;
  /** The instant of a transaction that begins now, unless another process has recorded later. */
  readonly earliest: () => Instant;
}

/**
 * The thread is started for the first transaction that is large enough; until it is ready, the store writes itself. A
 * database in memory has one connection and no thread.
 */
export function sqliteBulk({ path, commits, earliest }: SqliteBulkOptions): SqliteBulk {
  const inTurn = bulkTurns(commits);
  let thread: BulkThread | null = null;
  let closed = false;
  const readyThread = (): BulkThread | null => {
    // One that has ended by itself is not started again: whatever it was, the store does without.
    thread ??= startBulkThread(path);
    return thread.isReady() ? thread : null;
  };
  return {
    putMany(facts, check) {
      if (closed || path === ':memory:' || !isBulk(facts)) return null;
      const ready = readyThread();
      return ready === null ? null : putOnThread(ready, { facts, check, inTurn, earliest });
    },
    async close() {
      closed = true;
      await thread?.close();
    },
  };
}

/** Many plain puts, which are refused, if at all, when they are checked: nothing is asked of what is believed. */
function isBulk(facts: readonly PutFact[]): boolean {
  return facts.length >= BULK_FACTS_MIN && facts.every(isPlain);
}

function isPlain({ expected, idempotencyKey, validTo }: PutFact): boolean {
  return (
    expected === undefined &&
    idempotencyKey === undefined &&
    (validTo === undefined || validTo === 'infinity')
  );
}

interface BulkPut extends Pick<SqliteBulkOptions, 'earliest'> {
  readonly inTurn: BulkTurns;
  readonly facts: readonly PutFact[];
  readonly check: (fact: PutFact) => Write;
}

async function putOnThread(
  thread: BulkThread,
  { facts, check, inTurn, earliest }: BulkPut,
): Promise<readonly WriteOutcome[]> {
  // What is ready before the transaction has its turn waits here.
  const held: BulkRequest[] = [];
  let isBegun = false;
  let isRefused = false;
  const tell = (request: BulkRequest): void => {
    if (isBegun) thread.tell(request);
    else held.push(request);
  };
  const done = inTurn(async () => {
    if (isRefused) return null;
    isBegun = true;
    thread.tell({ do: 'begin', earliest: earliest() });
    for (const request of held.splice(0)) thread.tell(request);
    return thread.answer();
  });
  let contentHashes: string[];
  try {
    contentHashes = checkAndTell(facts, check, tell);
  } catch (error) {
    isRefused = true;
    tell({ do: 'rollback' });
    await Promise.allSettled([done]);
    throw error;
  }
  tell({ do: 'commit' });
  return outcomesOf(await done, contentHashes);
}

/** Checks facts and hands them over, packet by packet. */
function checkAndTell(
  facts: readonly PutFact[],
  check: (fact: PutFact) => Write,
  tell: (request: BulkRequest) => void,
): string[] {
  const contentHashes: string[] = [];
  for (let from = 0; from < facts.length; from += FACTS_PER_PACKET) {
    const puts: PutWrite[] = [];
    for (const fact of facts.slice(from, from + FACTS_PER_PACKET)) {
      const put = check(fact) as PutWrite;
      contentHashes.push(put.content.contentHash);
      puts.push(put);
    }
    tell({ do: 'put', packet: packColumns(columnsOf(puts)) });
  }
  return contentHashes;
}

function outcomesOf(
  answer: BulkDone | BulkFailed | null,
  contentHashes: readonly string[],
): readonly WriteOutcome[] {
  if (answer === null) return [];
  if (!answer.ok) throw errorOf(answer);
  const { recordedAt, seqs, changed } = answer;
  return contentHashes.map((contentHash, n) => ({
    recordedAt,
    changed: changed[n] === 1,
    factId: String(seqs[n]),
    contentHash,
  }));
}

function errorOf({ code, message, fields }: BulkFailed): Error {
  return code.startsWith('FACT_')
    ? new FactError(code as FactErrorCode, message, { fields })
    : new StorageError(code as StorageErrorCode, message, { fields });
}
