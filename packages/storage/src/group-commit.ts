import { setTimeout as sleep } from 'node:timers/promises';

import { StorageError } from './errors.ts';

/** The result of one request of a batch: what it gave, or why it alone failed. */
export type Settled<R> = { ok: true; value: R } | { ok: false; error: unknown };

export interface GroupCommitOptions<Q, R> {
  /**
   * Commits all requests in one transaction and answers each, in order. When it throws, the
   * transaction has been rolled back as a whole and every request of the batch is rejected.
   */
  readonly commit: (requests: readonly Q[]) => readonly Settled<R>[] | Promise<readonly Settled<R>[]>;
  /** The largest batch, in requests. Default `GROUP_COMMIT_BATCH_MAX`. */
  batchMax?: number;
  /** The most requests that may wait; one more is refused with `STORE_BUSY`. */
  waitingMax?: number;
}

export interface GroupCommit<Q, R> {
  /** Resolves once the request is durable. */
  submit(request: Q): Promise<R>;
  /** Commits what is waiting, then refuses new requests with `STORE_CLOSED`. */
  close(): Promise<void>;
}

/** The largest batch of one transaction, in requests. */
export const GROUP_COMMIT_BATCH_MAX = 512;
/** The most requests that wait for a commit. */
export const GROUP_COMMIT_WAITING_MAX = 65_536;
/** How long a locked store is tried again, in milliseconds. */
export const GROUP_COMMIT_LOCKED_TIMEOUT_MS = 5000;

const LOCKED_PAUSE_MS = 5;
const LOCKED_PAUSE_MAX_MS = 100;

interface Waiting<Q, R> {
  request: Q;
  resolve(value: R): void;
  reject(error: unknown): void;
}

/**
 * Lets concurrent callers share one transaction: while a batch is being made durable the next one
 * gathers. A store locked by another process is tried again without holding the event loop.
 */
export function groupCommit<Q, R>(options: GroupCommitOptions<Q, R>): GroupCommit<Q, R> {
  const batchMax = options.batchMax ?? GROUP_COMMIT_BATCH_MAX;
  const waitingMax = options.waitingMax ?? GROUP_COMMIT_WAITING_MAX;
  let waiting: Waiting<Q, R>[] = [];
  let pumping: Promise<void> | null = null;
  let closed = false;

  const pump = async (): Promise<void> => {
    // One turn of the event loop lets every caller that is ready join the batch.
    await nextTurn();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax);
      waiting = waiting.slice(batchMax);
      await commitBatch(batch, options.commit);
      if (waiting.length === 0) await nextTurn();
    }
    pumping = null;
  };

  return {
    submit(request: Q): Promise<R> {
      if (closed) return Promise.reject(new StorageError('STORE_CLOSED', 'the store is closed'));
      if (waiting.length >= waitingMax) {
        return Promise.reject(new StorageError('STORE_BUSY', `${waitingMax} writes are waiting already`));
      }
      return new Promise<R>((resolve, reject) => {
        waiting.push({ request, resolve, reject });
        pumping ??= pump();
      });
    },
    async close(): Promise<void> {
      closed = true;
      await pumping;
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function commitBatch<Q, R>(
  batch: readonly Waiting<Q, R>[],
  commit: GroupCommitOptions<Q, R>['commit'],
): Promise<void> {
  try {
    const results = await commitWhenUnlocked(
      batch.map((entry) => entry.request),
      commit,
    );
    batch.forEach((entry, index) => {
      const result = results[index];
      if (result === undefined)
        entry.reject(new StorageError('STORE_FAILED', 'a request was left unanswered'));
      else if (result.ok) entry.resolve(result.value);
      else entry.reject(result.error);
    });
  } catch (error) {
    for (const entry of batch) entry.reject(error);
  }
}

async function commitWhenUnlocked<Q, R>(
  requests: readonly Q[],
  commit: GroupCommitOptions<Q, R>['commit'],
): Promise<readonly Settled<R>[]> {
  let pauseMs = LOCKED_PAUSE_MS;
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      return await commit(requests);
    } catch (error) {
      const locked = error instanceof StorageError && error.code === 'STORE_LOCKED';
      if (!locked || waitedMs >= GROUP_COMMIT_LOCKED_TIMEOUT_MS) throw error;
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LOCKED_PAUSE_MAX_MS);
    }
  }
}
