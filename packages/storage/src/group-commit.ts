import { setTimeout as sleep } from 'node:timers/promises';

import { StorageError } from './errors.ts';

/** The result of one request of a batch: what it gave, or why it alone failed. */
export type Settled<R> = { ok: true; value: R } | { ok: false; error: unknown };

/** How requests that come at the same time share a transaction. Bounds are in requests. */
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

/** Requests that wait for a shared commit. One is answered only after its transaction is durable. */
export interface GroupCommit<Q, R> {
  /** Resolves once the request is durable. */
  submit(request: Q): Promise<R>;
  /**
   * Runs `work` in its turn among the requests, while nothing is committed: for whoever writes to the same store in
   * another way. Begins at once where nobody waits.
   */
  alone<T>(work: () => T | Promise<T>): Promise<T>;
  /** Whether nobody waits, and requests are still taken: whoever has a turn alone may make it longer. */
  isQuiet(): boolean;
  /** Commits what is waiting, then refuses new requests with `STORE_CLOSED`. */
  close(): Promise<void>;
}

/** The largest batch of one transaction, in requests. */
export const GROUP_COMMIT_BATCH_MAX = 512;
/** The most requests that wait for a commit. */
export const GROUP_COMMIT_WAITING_MAX = 65_536;
/** How long a locked store is tried again, in milliseconds. */
export const GROUP_COMMIT_LOCKED_TIMEOUT_MS = 5000;

/**
 * How many commits a caller that is alone gets before the event loop has its turn: its next request follows from the
 * answer to the last one, and nobody can join what nobody else has asked for.
 */
const COMMITS_PER_TURN_MAX = 8;
/** How many microtasks a lone caller has for its next request: every `await` above takes some. */
const MICROTASKS_FOR_NEXT = 12;
const LOCKED_PAUSE_MS = 5;
const LOCKED_PAUSE_MAX_MS = 100;

interface Waiting<Q, R> {
  request: Q;
  resolve(value: R): void;
  reject(error: unknown): void;
}

/** Work that has its turn alone; it settles its own promise and never rejects. */
interface WaitingAlone {
  alone(): Promise<void>;
}

/**
 * Lets concurrent callers share one transaction: while a batch is being made durable the next one
 * gathers. A store locked by another process is tried again without holding the event loop.
 */
export function groupCommit<Q, R>(options: GroupCommitOptions<Q, R>): GroupCommit<Q, R> {
  const batchMax = options.batchMax ?? GROUP_COMMIT_BATCH_MAX;
  const waitingMax = options.waitingMax ?? GROUP_COMMIT_WAITING_MAX;
  let waiting: (Waiting<Q, R> | WaitingAlone)[] = [];
  let pumping: Promise<void> | null = null;
  let closed = false;

  const pump = async (first: WaitingAlone | null): Promise<void> => {
    // One turn of the event loop lets every caller that is ready join the batch.
    await (first === null ? nextTurn() : first.alone());
    for (let alone = 0; waiting.length > 0; ) {
      const { batch, work } = takeNext(waiting, batchMax);
      waiting = waiting.slice(work === null ? batch.length : 1);
      const later = work === null ? commitBatch(batch, options.commit) : work.alone();
      if (later !== null) await later;
      alone = batch.length === 1 ? alone + 1 : COMMITS_PER_TURN_MAX;
      if (alone < COMMITS_PER_TURN_MAX) await someMicrotasks(() => waiting.length > 0);
      if (waiting.length === 0 || alone >= COMMITS_PER_TURN_MAX) {
        await nextTurn();
        alone = 0;
      }
    }
    pumping = null;
  };
  const refusal = (): StorageError | null => {
    if (closed) return new StorageError('STORE_CLOSED', 'the store is closed');
    return waiting.length < waitingMax
      ? null
      : new StorageError('STORE_BUSY', `${waitingMax} writes are waiting already`);
  };

  return {
    submit(request: Q): Promise<R> {
      const refused = refusal();
      if (refused !== null) return Promise.reject(refused);
      return new Promise<R>((resolve, reject) => {
        waiting.push({ request, resolve, reject });
        pumping ??= pump(null);
      });
    },
    alone<T>(work: () => T | Promise<T>): Promise<T> {
      const refused = refusal();
      if (refused !== null) return Promise.reject(refused);
      return new Promise<T>((resolve, reject) => {
        const entry = { alone: () => settleAlone(work, resolve, reject) };
        if (pumping !== null) return void waiting.push(entry);
        // Before the work begins: what it asks for waits for its end.
        pumping = Promise.resolve();
        pumping = pump(entry);
      });
    },
    isQuiet: () => !closed && waiting.length === 0,
    async close(): Promise<void> {
      closed = true;
      await pumping;
    },
  };
}

async function settleAlone<T>(
  work: () => T | Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Promise<void> {
  try {
    resolve(await work());
  } catch (error) {
    reject(error);
  }
}

/** The work that is next, or the requests up to it. */
function takeNext<Q, R>(
  waiting: readonly (Waiting<Q, R> | WaitingAlone)[],
  batchMax: number,
): { batch: Waiting<Q, R>[]; work: WaitingAlone | null } {
  const batch: Waiting<Q, R>[] = [];
  for (const entry of waiting) {
    if (batch.length >= batchMax) break;
    if ('alone' in entry) return { batch, work: batch.length === 0 ? entry : null };
    batch.push(entry);
  }
  return { batch, work: null };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function someMicrotasks(isEnough: () => boolean): Promise<void> {
  for (let n = 0; n < MICROTASKS_FOR_NEXT && !isEnough(); n += 1) await Promise.resolve();
}

/** Commits and answers a batch: at once where the store can (null), or later. Never throws. */
function commitBatch<Q, R>(
  batch: readonly Waiting<Q, R>[],
  commit: GroupCommitOptions<Q, R>['commit'],
): Promise<void> | null {
  const requests = batch.map((entry) => entry.request);
  const refuse = (error: unknown): void => {
    for (const entry of batch) entry.reject(error);
  };
  try {
    const results = commit(requests);
    if (!(results instanceof Promise)) return answer(batch, results);
    return results
      .catch((error: unknown) => commitWhenUnlocked(requests, commit, error))
      .then((late) => void answer(batch, late))
      .catch(refuse);
  } catch (error) {
    return commitWhenUnlocked(requests, commit, error)
      .then((late) => void answer(batch, late))
      .catch(refuse);
  }
}

function answer<Q, R>(batch: readonly Waiting<Q, R>[], results: readonly Settled<R>[]): null {
  for (const [index, entry] of batch.entries()) {
    const result = results[index];
    if (result === undefined) entry.reject(new StorageError('STORE_FAILED', 'a request was left unanswered'));
    else if (result.ok) entry.resolve(result.value);
    else entry.reject(result.error);
  }
  return null;
}

/** Tries again what failed because the store was locked, until it is not, or for too long. */
async function commitWhenUnlocked<Q, R>(
  requests: readonly Q[],
  commit: GroupCommitOptions<Q, R>['commit'],
  firstError: unknown,
): Promise<readonly Settled<R>[]> {
  let error = firstError;
  let pauseMs = LOCKED_PAUSE_MS;
  for (let waitedMs = 0; isLocked(error) && waitedMs < GROUP_COMMIT_LOCKED_TIMEOUT_MS; waitedMs += pauseMs) {
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LOCKED_PAUSE_MAX_MS);
    try {
      return await commit(requests);
    } catch (caught) {
      error = caught;
    }
  }
  throw error;
}

function isLocked(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'STORE_LOCKED';
}
