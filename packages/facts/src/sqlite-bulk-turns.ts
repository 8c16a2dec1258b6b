import { setImmediate as nextTurnOfLoop } from 'node:timers/promises';

import type { GroupCommit } from '@praxis/storage';

/** Begins a transaction on the thread in its turn among all that write, and answers what `begin` does. */
export type BulkTurns = <R>(begin: () => Promise<R>) => Promise<R>;

interface Waiting {
  /** Begins, and tells the caller's promise. */
  start(): Promise<unknown>;
  reject(error: unknown): void;
}

/**
 * One turn serves all bulk that waits for it or comes while nobody else waits, so that the thread is told of a transaction
 * while it still writes the one before. A turn lasts until those who were answered had time to come back: theirs is begun
 * before it is checked, and is written meanwhile.
 */
export function bulkTurns(commits: Pick<GroupCommit<never, never>, 'alone' | 'isQuiet'>): BulkTurns {
  let turn: Promise<unknown>[] | null = null;
  let waiting: Waiting[] = [];
  const serve = async (): Promise<void> => {
    const begun = waiting.map((one) => one.start());
    turn = begun;
    waiting = [];
    for (let served = 0; served < begun.length; ) {
      for (; served < begun.length; served += 1) await Promise.allSettled([begun[served]]);
      await nextTurnOfLoop();
    }
    turn = null;
  };
  const refuse = (error: unknown): void => {
    for (const one of waiting.splice(0)) one.reject(error);
  };
  return (begin) => {
    if (turn !== null && commits.isQuiet()) {
      const joined = begin();
      turn.push(joined);
      return joined;
    }
    return new Promise((resolve, reject) => {
      const start = (): Promise<unknown> => {
        const first = begin();
        resolve(first);
        return first;
      };
      waiting.push({ start, reject });
      if (waiting.length === 1) commits.alone(serve).catch(refuse);
    });
  };
}
