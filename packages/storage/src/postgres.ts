import { Pool, type PoolConfig } from 'pg';

import { StorageError } from './errors.ts';
import { detectPostgres, type PostgresCapabilities } from './postgres-capabilities.ts';
import {
  type PostgresParam,
  type PostgresRow,
  type PostgresSession,
  type PostgresTransaction,
  run,
  transact,
  transactPatiently,
  withClient,
} from './postgres-connection.ts';
import { listenPostgres, type PostgresListener } from './postgres-listen.ts';
import { parserOf } from './postgres-prepared.ts';
import { shareConnections } from './postgres-shared.ts';
import { migratePostgres, type PostgresMigration } from './postgres-migrate.ts';

/** An open pool of connections to one schema. */
export interface PostgresDatabase extends PostgresSession {
  /** The most connections that work at once. */
  readonly poolMax: number;
  /** What the server can do, as detected or as told. */
  readonly capabilities: PostgresCapabilities;
  /** A short statement by itself, on a connection that others share meanwhile. */
  queryShared(text: string, params?: readonly PostgresParam[]): Promise<readonly PostgresRow[]>;
  /** Runs `work` in one transaction on one connection. Statements not awaited are pipelined. */
  transact<R>(work: (session: PostgresTransaction) => Promise<R>): Promise<R>;
  /** The same without a limit to how long a statement may run: for steps of a schema. */
  transactPatiently<R>(work: (session: PostgresTransaction) => Promise<R>): Promise<R>;
  /** A statement of its own, committed without waiting for the disk: what follows it will be. */
  queryLazily(text: string, params?: readonly PostgresParam[]): Promise<readonly PostgresRow[]>;
  /**
   * Runs `work` while this process alone holds the advisory lock of a name in this schema, on a connection
   * outside the pool; where there are no such locks it just runs.
   */
  alone<R>(name: string, work: () => Promise<R>): Promise<R>;
  /** Listens on a channel, over a connection of its own. */
  listen(channel: string, heard: () => void): PostgresListener;
  close(): Promise<void>;
}

/** Where the database is and how it is used. */
export interface PostgresOptions {
  /** `postgresql://user@host/database`; `?sslmode=verify-full` for TLS with a checked certificate. */
  url: string;
  /** Where the tables live; made when absent. A plain identifier. */
  schema: string;
  migrations: readonly PostgresMigration[];
  /** Connections, besides one for the clock. Default `POSTGRES_POOL_MAX`. */
  poolMax?: number;
  /** Default `POSTGRES_STATEMENT_TIMEOUT_MS`. */
  statementTimeoutMs?: number;
  /** What to use of what the server can do. Default: all that is detected. */
  capabilities?: PostgresCapabilities;
}

/** How many connections work at once when nothing is said. */
export const POSTGRES_POOL_MAX = 8;
/** How long one statement may run, in milliseconds. Migrations may take longer. */
export const POSTGRES_STATEMENT_TIMEOUT_MS = 30_000;
/** How long one attempt to connect may take, in milliseconds. */
export const POSTGRES_CONNECT_TIMEOUT_MS = 5000;

/** How long a connection is silent before its other end is asked whether it is there, in milliseconds. */
export const POSTGRES_KEEP_ALIVE_MS = 10_000;

const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;
// Statements are prepared, and their plans kept, while tables may still be empty and without statistics:
// every question has an index, and a plan that uses it is never far from the best.
const PLANNING = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_material=off',
  'random_page_cost=1.1',
  'jit=off',
];

/**
 * Opens a pool and brings the schema to the newest version. Broken connections are replaced, with
 * growing pauses. Throws `STORE_UNAVAILABLE`, `STORE_TLS_REFUSED`, `STORE_VERSION_UNKNOWN`, `STORE_FAILED`.
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresDatabase> {
  if (!IDENTIFIER.test(options.schema))
    throw new StorageError('STORE_FAILED', 'the schema is not a plain identifier');
  const poolMax = options.poolMax ?? POSTGRES_POOL_MAX;
  const pool = openPool(options, { max: poolMax, synchronousCommit: 'on' });
  try {
    const capabilities =
      options.capabilities ?? (await withClient(pool, (client) => detectPostgres(sessionOf(client))));
    const database = databaseOver(pool, { ...options, poolMax, capabilities });
    await migratePostgres(database, options);
    return database;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function sessionOf(client: Parameters<typeof run>[0]): PostgresSession {
  return { query: (text, params = []) => run(client, text, params) };
}

function databaseOver(
  pool: Pool,
  options: PostgresOptions & { poolMax: number; capabilities: PostgresCapabilities },
): PostgresDatabase {
  const { poolMax, capabilities, schema } = options;
  const lazy = openPool(options, { max: 1, synchronousCommit: 'off' });
  const shared = shareConnections(pool);
  const aside = openPool(options, { max: 1, synchronousCommit: 'off' });
  return {
    poolMax,
    capabilities,
    query: (text, params = []) => withClient(pool, (client) => run(client, text, params)),
    queryShared: (text, params = []) => shared(text, params),
    queryLazily: (text, params = []) => withClient(lazy, (client) => run(client, text, params)),
    transact: (work) => withClient(pool, (client) => transact(client, work)),
    transactPatiently: (work) => withClient(pool, (client) => transactPatiently(client, work)),
    alone(name, work) {
      if (!capabilities.advisoryLocks) return work();
      return withClient(aside, (client) =>
        transactPatiently(client, async (session) => {
          // Whoever holds the lock may take its time: neither limit is for waiting here.
          await session.query('SET LOCAL idle_in_transaction_session_timeout = 0');
          await session.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [schema, name]);
          return work();
        }),
      );
    },
    listen: (channel, heard) =>
      listenPostgres(configOf(options, { synchronousCommit: 'off' }), channel, heard),
    async close() {
      await Promise.all([pool.end(), lazy.end(), aside.end()]);
    },
  };
}

function openPool(
  options: PostgresOptions,
  settings: { max: number; synchronousCommit: 'on' | 'off' },
): Pool {
  const pool = new Pool({ ...configOf(options, settings), max: settings.max });
  // An idle connection that breaks has left the pool already; the next caller gets a new one.
  pool.on('error', () => undefined);
  // Between being let in and being lent, nobody else listens: a server that dies just then would end the process. Whoever
  // asks over such a connection is told.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function configOf(
  options: PostgresOptions,
  settings: { synchronousCommit: 'on' | 'off' },
): PoolConfig & { pipeline: boolean } {
  return {
    connectionString: options.url,
    connectionTimeoutMillis: POSTGRES_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: POSTGRES_KEEP_ALIVE_MS,
    application_name: 'praxis',
    options: [
      `search_path=${options.schema}`,
      `synchronous_commit=${settings.synchronousCommit}`,
      // Whoever has waited for a lock sees what was committed meanwhile, whatever the database was set to.
      'default_transaction_isolation=read\\ committed',
      ...PLANNING,
    ]
      .map((setting) => `-c ${setting}`)
      .join(' '),
    statement_timeout: options.statementTimeoutMs ?? POSTGRES_STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    pipeline: true,
    types: { getTypeParser: parserOf },
  };
}
