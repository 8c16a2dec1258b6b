import type { Connection, Pool, PoolClient } from 'pg';

import { fromPostgres } from './errors-postgres.ts';
import {
  nameOf,
  type PostgresParam,
  type PostgresRow,
  run,
  textOf,
  watchOf,
  withClient,
} from './postgres-connection.ts';
import { GroupedQuery, type GroupedStatement } from './postgres-grouped.ts';
import { parsersOf } from './postgres-prepared.ts';

/** How many statements share a request. */
export const POSTGRES_SHARED_MAX = 16;
/** How many such requests are under way at once, where the pool has as many connections. */
export const POSTGRES_SHARED_LANES = 4;

/** Runs one statement by itself. */
export type SharedQuery = (text: string, params: readonly PostgresParam[]) => Promise<readonly PostgresRow[]>;

interface Waiting {
  readonly text: string;
  readonly params: readonly PostgresParam[];
  readonly resolve: (rows: readonly PostgresRow[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets short statements that change nothing and come at the same time share requests, which spares both sides most of
 * what a statement costs beside itself. Who is alone shares with nobody.
 */
export function shareConnections(pool: Pool): SharedQuery {
  let waiting: Waiting[] = [];
  let lanes = 0;
  let underWay = 0;
  let gathering = false;

  const lane = async (group: readonly Waiting[]): Promise<void> => {
    lanes += 1;
    try {
      await withClient(pool, (client) => runGroup(client, group));
    } catch (error) {
      // Who was answered has been told already.
      for (const one of group) one.reject(error);
    }
    lanes -= 1;
    gather();
  };
  const send = (): void => {
    gathering = false;
    while (waiting.length > 0 && lanes < Math.min(POSTGRES_SHARED_LANES, pool.options.max)) {
      const group = waiting.slice(0, POSTGRES_SHARED_MAX);
      waiting = waiting.slice(POSTGRES_SHARED_MAX);
      void lane(group);
    }
  };
  // All who ask before the next turn travel together.
  const gather = (): void => {
    if (gathering) return;
    gathering = true;
    process.nextTick(send);
  };
  const share: SharedQuery = (text, params) =>
    new Promise((resolve, reject) => {
      waiting.push({ text, params, resolve, reject });
      gather();
    });
  return async (text, params) => {
    underWay += 1;
    try {
      return await (underWay === 1
        ? withClient(pool, (client) => run(client, text, params))
        : share(text, params));
    } finally {
      underWay -= 1;
    }
  };
}

/** Answers each by itself; those that the connection knows in one request. Then throws what failed. */
async function runGroup(client: PoolClient, group: readonly Waiting[]): Promise<void> {
  const { connection } = client as PoolClient & { connection: Connection };
  const failures: unknown[] = [];
  const alone = async ({ text, params, resolve, reject }: Waiting): Promise<void> => {
    try {
      resolve(await run(client, text, params));
    } catch (error) {
      failures.push(error);
      reject(error);
    }
  };
  const isKnown = ({ text }: Waiting): boolean => parsersOf(connection, nameOf(text)) !== undefined;
  const known = group.filter(isKnown);
  const others = known.length === group.length ? [] : group.filter((one) => !isKnown(one));
  const watch = watchOf(client);
  const statements = known.map((one): GroupedStatement => {
    const name = nameOf(one.text);
    watch?.sent();
    return {
      statement: { name, text: one.text, values: one.params.map(textOf) },
      parsers: parsersOf(connection, name) ?? [],
      answered(rows) {
        watch?.answered();
        one.resolve(rows);
      },
      failed(cause) {
        watch?.answered();
        const error = fromPostgres(cause);
        failures.push(error);
        one.reject(error);
      },
    };
  });
  const running = others.map(alone);
  if (statements.length > 0) {
    const left = await new Promise<number>((resolve) => {
      client.query(new GroupedQuery(statements, (unanswered) => resolve(unanswered.length)));
    });
    for (const one of known.slice(known.length - left)) {
      watch?.answered();
      running.push(alone(one));
    }
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
