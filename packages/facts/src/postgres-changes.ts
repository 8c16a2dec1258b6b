import { setTimeout as sleep } from 'node:timers/promises';

import type { PostgresDatabase } from '@praxis/storage';

/** How long a watcher waits before it looks by itself, in milliseconds: without notifications, and with them. */
export const POSTGRES_POLL_MS = 500;
export const POSTGRES_POLL_NOTIFIED_MS = 5000;
/** The shortest pause between two notifications of one process, in milliseconds. */
const NOTIFY_PAUSE_MS = 20;

const CHANNEL = 'praxis_facts';
const NOTIFY = 'SELECT pg_notify($1, $2)';
const STATE = `SELECT last, pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text
  FROM fact_clock`;

/** Tells other processes that something was recorded. */
export interface ChangeTeller {
  /** Call it after a commit. Many calls become few notifications; that one is lost costs time, not truth. */
  tell(): void;
  /** Resolves when nothing is left to tell. */
  idle(): Promise<void>;
}

/** Tells over `NOTIFY`, where it is there. */
export function createChangeTeller(db: PostgresDatabase, schema: string): ChangeTeller {
  let telling: Promise<void> | null = null;
  let again = false;
  const tellOnce = async (): Promise<void> => {
    do {
      again = false;
      // Outside the transaction that recorded it: notifying within one makes commits wait for each other.
      // Whoever was not told looks by itself after a while.
      await db.queryLazily(NOTIFY, [CHANNEL, schema]).catch(() => undefined);
      await sleep(NOTIFY_PAUSE_MS);
    } while (again);
    telling = null;
  };
  return {
    tell() {
      if (!db.capabilities.notify) return;
      again = true;
      telling ??= tellOnce();
    },
    async idle() {
      await telling;
    },
  };
}

/**
 * Yields when something may have been recorded since the last time, first at once: ask your question again
 * then. Every recording is followed by at least one item, also of other processes; items may come without
 * one. Woken by notifications where they are there, and by looking at the clock of the store.
 */
export async function* watchPostgresChanges(
  db: PostgresDatabase,
  options: { schema: string; signal: AbortSignal; pollMs?: number },
): AsyncGenerator<void> {
  const { signal } = options;
  const pollMs = options.pollMs ?? (db.capabilities.notify ? POSTGRES_POLL_NOTIFIED_MS : POSTGRES_POLL_MS);
  let woken = false;
  let wake = (): void => undefined;
  const heard = (): void => {
    woken = true;
    wake();
  };
  const listener = db.capabilities.notify ? db.listen(CHANNEL, heard) : null;
  signal.addEventListener('abort', heard, { once: true });
  const changedSince = createStateReader(db);
  try {
    await changedSince();
    yield;
    while (!signal.aborted) {
      if (!woken) await wokenWithin(pollMs, (resolve) => (wake = resolve));
      const told = woken;
      woken = false;
      // Read in any case: what is told is not found changed a second time.
      const found = !signal.aborted && (await changedSince());
      if ((told || found) && !signal.aborted) yield;
    }
  } finally {
    signal.removeEventListener('abort', heard);
    await listener?.close();
  }
}

function wokenWithin(timeoutMs: number, onWake: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    onWake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * Whether instants were given out since the last call, or transactions that were under way when they were
 * have ended since: an instant is given out no later than what is recorded at it can be seen.
 */
function createStateReader(db: PostgresDatabase): () => Promise<boolean> {
  let last: unknown = null;
  let oldest = 0n;
  let underWay: bigint | null = null;
  return async () => {
    const [row = []] = await db.query(STATE);
    const [xmin, xmax] = [BigInt(String(row[1])), BigInt(String(row[2]))];
    const given = row[0] !== last;
    const ended = underWay !== null && xmin > oldest;
    last = row[0];
    oldest = xmin;
    if (given) underWay = xmax;
    else if (underWay !== null && xmin >= underWay) underWay = null;
    return given || ended;
  };
}
