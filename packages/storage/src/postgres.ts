import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type PoolClient, type PoolConfig, types } from 'pg';

import { StorageError } from './errors.ts';
import { fromPostgres } from './errors-postgres.ts';
import { migratePostgres, type PostgresMigration } from './postgres-migrate.ts';

/** A value bound to a statement. Lists travel as JSON text. */
export type PostgresParam = string | number | null | readonly string[];
/** A row, in column order. `int8` comes as a number (all of ours fit), `bytea` as bytes. */
export type PostgresRow = readonly (string | number | boolean | null | Uint8Array)[];

/** What runs statements: the pool, or one transaction. */
export interface PostgresSession {
  query(text: string, params?: readonly PostgresParam[]): Promise<readonly PostgresRow[]>;
}

export interface PostgresDatabase extends PostgresSession {
  /** Runs `work` in one transaction on one connection. Statements not awaited are pipelined. */
  transact<R>(work: (session: PostgresSession) => Promise<R>): Promise<R>;
  /** A statement of its own, committed without waiting for the disk: what follows it will be. */
  queryLazily(text: string, params?: readonly PostgresParam[]): Promise<readonly PostgresRow[]>;
  close(): Promise<void>;
}

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
}

export const POSTGRES_POOL_MAX = 8;
/** How long one statement may run, in milliseconds. */
export const POSTGRES_STATEMENT_TIMEOUT_MS = 30_000;
/** How long one attempt to connect may take, in milliseconds. */
export const POSTGRES_CONNECT_TIMEOUT_MS = 5000;
/** The pauses between attempts to connect, in milliseconds; after the last the caller is told. */
export const POSTGRES_BACKOFF_MS: readonly number[] = [50, 200, 800];

const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;
const INT8_OID = types.builtins.INT8;
// Statements are prepared, and their plans kept, while tables may still be empty and without statistics:
// every question has an index, and a plan that uses it is never far from the best.
const PLANNING = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'random_page_cost=1.1',
  'jit=off',
];

/**
 * Opens a pool and brings the schema to the newest version. Broken connections are replaced, with
 * growing pauses. Throws `STORE_UNAVAILABLE`, `STORE_VERSION_UNKNOWN`, `STORE_FAILED`.
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresDatabase> {
  if (!IDENTIFIER.test(options.schema))
    throw new StorageError('STORE_FAILED', 'the schema is not a plain identifier');
  const pool = openPool(options, { max: options.poolMax ?? POSTGRES_POOL_MAX, synchronousCommit: 'on' });
  const lazy = openPool(options, { max: 1, synchronousCommit: 'off' });
  const database: PostgresDatabase = {
    query: (text, params = []) => withClient(pool, (client) => run(client, text, params)),
    queryLazily: (text, params = []) => withClient(lazy, (client) => run(client, text, params)),
    transact: (work) => withClient(pool, (client) => transact(client, work)),
    async close() {
      await Promise.all([pool.end(), lazy.end()]);
    },
  };
  try {
    await migratePostgres(database, options);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function openPool(
  options: PostgresOptions,
  settings: { max: number; synchronousCommit: 'on' | 'off' },
): Pool {
  const config: PoolConfig & { pipeline: boolean } = {
    connectionString: options.url,
    max: settings.max,
    connectionTimeoutMillis: POSTGRES_CONNECT_TIMEOUT_MS,
    application_name: 'praxis',
    options: [
      `search_path=${options.schema}`,
      `synchronous_commit=${settings.synchronousCommit}`,
      ...PLANNING,
    ]
      .map((setting) => `-c ${setting}`)
      .join(' '),
    statement_timeout: options.statementTimeoutMs ?? POSTGRES_STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    pipeline: true,
    types: { getTypeParser: parserOf },
  };
  const pool = new Pool(config);
  // An idle connection that breaks has left the pool already; the next caller gets a new one.
  pool.on('error', () => undefined);
  return pool;
}

function parserOf(...of: Parameters<typeof types.getTypeParser>): ReturnType<typeof types.getTypeParser> {
  return of[0] === INT8_OID ? Number : types.getTypeParser(...of);
}

async function withClient<R>(pool: Pool, work: (client: PoolClient) => Promise<R>): Promise<R> {
  const client = await acquire(pool);
  let broken = false;
  // Without a listener a connection that breaks while it is in use would end the process.
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    broken ||=
      error instanceof StorageError && (error.code === 'STORE_UNAVAILABLE' || error.code === 'STORE_TIMEOUT');
    throw error;
  } finally {
    client.off('error', onError);
    if (broken) client.on('error', () => undefined);
    client.release(broken);
  }
}

async function acquire(pool: Pool): Promise<PoolClient> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await pool.connect();
    } catch (error) {
      const mapped = fromPostgres(error);
      const pauseMs = POSTGRES_BACKOFF_MS[attempt];
      if (mapped.code !== 'STORE_UNAVAILABLE' || pauseMs === undefined || pool.ending) throw mapped;
      await sleep(pauseMs);
    }
  }
}

async function transact<R>(client: PoolClient, work: (session: PostgresSession) => Promise<R>): Promise<R> {
  await run(client, 'BEGIN', []);
  try {
    const result = await work({ query: (text, params = []) => run(client, text, params) });
    await run(client, 'COMMIT', []);
    return result;
  } catch (error) {
    await rollback(client, error);
    throw error;
  }
}

/** Undoes; when that fails too the connection is lost, and with it the transaction. */
async function rollback(client: PoolClient, because: unknown): Promise<void> {
  try {
    await run(client, 'ROLLBACK', []);
  } catch (error) {
    if (because instanceof StorageError && because.code === 'STORE_UNAVAILABLE') return;
    throw error;
  }
}

async function run(
  client: PoolClient,
  text: string,
  params: readonly PostgresParam[],
): Promise<readonly PostgresRow[]> {
  const values = params.map((param) => (Array.isArray(param) ? JSON.stringify(param) : param));
  const named = params.length > 0 ? { name: nameOf(text) } : {};
  try {
    const result = await client.query({ text, values, rowMode: 'array', ...named });
    return result.rows as PostgresRow[];
  } catch (error) {
    throw fromPostgres(error);
  }
}

const names = new Map<string, string>();
/** The most statements that are kept prepared per connection; others are parsed each time. */
const NAMES_MAX = 512;

/** The name a statement is prepared under: its text decides. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= NAMES_MAX) return '';
  const name = `p${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}
