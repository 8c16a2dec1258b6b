import type { Pool, PoolClient } from 'pg';

import { type PostgresParam, type PostgresRow, run, withClient } from './postgres-connection.ts';

/** How many statements may be under way on a shared connection. */
export const POSTGRES_SHARED_MAX = 16;

/** Runs one statement by itself. */
export type SharedQuery = (text: string, params: readonly PostgresParam[]) => Promise<readonly PostgresRow[]>;

/** A connection that is lent to all who ask while it is. */
interface Shared {
  readonly client: Promise<PoolClient>;
  using: number;
  /** Gives the connection back, once nobody uses it; with what went wrong on it. */
  leave(failure: unknown): void;
}

/**
 * Lets short statements that come at the same time share connections of a pool: they travel together, which spares the
 * machine most of what a statement costs beside itself. A connection goes back to the pool when nobody uses it; no more
 * join it while others wait for one.
 */
export function shareConnections(pool: Pool): SharedQuery {
  let newest: Shared | null = null;
  let underWay = 0;
  const share = async (text: string, params: readonly PostgresParam[]): Promise<readonly PostgresRow[]> => {
    if (newest === null || newest.using >= POSTGRES_SHARED_MAX || pool.waitingCount > 0)
      newest = borrow(pool);
    const shared = newest;
    shared.using += 1;
    let failure: unknown = null;
    try {
      return await run(await shared.client, text, params);
    } catch (error) {
      failure = error;
      // Whoever comes next may have more luck with another.
      if (newest === shared) newest = null;
      throw error;
    } finally {
      shared.using -= 1;
      if (shared.using === 0 && newest === shared) newest = null;
      shared.leave(failure);
    }
  };
  return async (text, params) => {
    underWay += 1;
    try {
      // Who is alone shares with nobody.
      return await (underWay === 1
        ? withClient(pool, (client) => run(client, text, params))
        : share(text, params));
    } finally {
      underWay -= 1;
    }
  };
}

function borrow(pool: Pool): Shared {
  const { promise: client, resolve: lend, reject: refuse } = Promise.withResolvers<PoolClient>();
  const { promise: left, resolve: giveBack, reject: discard } = Promise.withResolvers<void>();
  let first: unknown = null;
  const shared: Shared = {
    client,
    using: 0,
    leave(failure) {
      first ??= failure;
      if (shared.using > 0) return;
      if (first === null) giveBack();
      else discard(first);
    },
  };
  // Nobody waits for it when there was no connection to begin with.
  left.catch(() => undefined);
  withClient(pool, (one) => {
    lend(one);
    return left;
    // What failed was told to who asked for it.
  }).catch(refuse);
  return shared;
}
