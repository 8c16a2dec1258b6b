import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';

import { StorageError } from './errors.ts';
import { fromPostgres } from './errors-postgres.ts';
import { CopyFrom } from './postgres-copy.ts';
import { PreparedQuery, type PreparedStatement } from './postgres-prepared.ts';
import { PostgresWatch } from './postgres-watch.ts';

/** A value bound to a statement. Lists travel as JSON text. */
export type PostgresParam = string | number | null | readonly string[];
/** A row, in column order. `int8` comes as a number (all of ours fit), `bytea` as bytes. */
export type PostgresRow = readonly (string | number | boolean | null | Uint8Array)[];

/** What runs statements: the pool, or one transaction. */
export interface PostgresSession {
  query(text: string, params?: readonly PostgresParam[]): Promise<readonly PostgresRow[]>;
}

/** One transaction on one connection. */
export interface PostgresTransaction extends PostgresSession {
  /** Sends a statement without waiting for its answer. When it fails, so does the transaction, with its error. */
  send(text: string, params?: readonly PostgresParam[]): void;
  /** `COPY … FROM STDIN` in text format, lines in chunks. Await everything before it, and it. */
  copyFrom(text: string, chunks: Iterable<string>): Promise<void>;
}

/** The pauses between attempts to connect, in milliseconds; after the last the caller is told. */
export const POSTGRES_BACKOFF_MS: readonly number[] = [50, 200, 800];

/** Lends a connection; one that broke in use is not given back. */
export async function withClient<R>(pool: Pool, work: (client: PoolClient) => Promise<R>): Promise<R> {
  const client = takeSpare(pool) ?? (await acquire(pool));
  if (!watches.has(client))
    watches.set(client, new PostgresWatch(client, Number(pool.options.statement_timeout ?? 0)));
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
    if (broken) client.release(true);
    else giveBack(pool, client);
  }
}

/** How many turns of the event loop a connection that was just used is kept for who comes next. */
const SPARE_TURNS = 2;

/** One connection of a pool that nobody uses. */
interface Spare {
  readonly client: PoolClient;
  release: NodeJS.Immediate;
}
const spares = new WeakMap<Pool, Spare>();

function takeSpare(pool: Pool): PoolClient | undefined {
  const spare = spares.get(pool);
  if (spare === undefined) return undefined;
  clearImmediate(spare.release);
  spares.delete(pool);
  return spare.client;
}

/** Who calls again as soon as it was answered takes the same connection: the pool, with its timers, is not asked. */
function giveBack(pool: Pool, client: PoolClient): void {
  if (spares.has(pool) || pool.waitingCount > 0 || pool.ending) return client.release();
  const releaseAfter = (turns: number): NodeJS.Immediate =>
    setImmediate(() => {
      if (turns > 1) {
        spare.release = releaseAfter(turns - 1);
      } else {
        spares.delete(pool);
        client.release();
      }
    });
  const spare: Spare = { client, release: releaseAfter(SPARE_TURNS) };
  spares.set(pool, spare);
}

const watches = new WeakMap<PoolClient, PostgresWatch>();

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

/**
 * Runs `work` between BEGIN and COMMIT; when it throws, everything is undone. Neither waits for an answer before it:
 * after a statement that failed the database refuses all others, and takes COMMIT for ROLLBACK.
 */
export async function transact<R>(
  client: PoolClient,
  work: (session: PostgresTransaction) => Promise<R>,
): Promise<R> {
  const sent: Promise<unknown>[] = [];
  // Answers come in order: the first failure is why the ones after it failed.
  const failures: unknown[] = [];
  const note = (error: unknown): never => {
    failures.push(error);
    throw error;
  };
  const send = (text: string, params: readonly PostgresParam[] = []): void => {
    sent.push(run(client, text, params).catch((error: unknown) => failures.push(error)));
  };
  try {
    send('BEGIN');
    const result = await work({
      send,
      query: (text, params = []) => run(client, text, params).catch(note),
      copyFrom: (text, chunks) => copy(client, text, chunks).catch(note),
    });
    send('COMMIT');
    await Promise.all(sent);
    if (failures.length > 0) throw failures[0];
    return result;
  } catch (error) {
    const because = failures[0] ?? error;
    await rollback(client, because);
    throw because;
  }
}

/** The same for work that may take as long as it likes: there is no limit to its statements. */
export function transactPatiently<R>(
  client: PoolClient,
  work: (session: PostgresTransaction) => Promise<R>,
): Promise<R> {
  const patient = (): Promise<R> =>
    transact(client, async (session) => {
      await session.query('SET LOCAL statement_timeout = 0');
      return work(session);
    });
  return watches.get(client)?.patiently(patient) ?? patient();
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

/** Runs one statement; one with parameters is prepared once per connection, under a name. */
export async function run(
  client: PoolClient,
  text: string,
  params: readonly PostgresParam[],
): Promise<readonly PostgresRow[]> {
  const name = params.length > 0 ? nameOf(text) : '';
  const watch = watches.get(client);
  watch?.sent();
  try {
    if (name !== '') return await runPrepared(client, { name, text, values: params.map(textOf) });
    const result = await client.query({ text, values: params.map(textOf), rowMode: 'array' });
    return result.rows as PostgresRow[];
  } catch (error) {
    throw fromPostgres(error);
  } finally {
    watch?.answered();
  }
}

/** What watches over a connection that is lent. */
export function watchOf(client: PoolClient): PostgresWatch | undefined {
  return watches.get(client);
}

function runPrepared(client: PoolClient, statement: PreparedStatement): Promise<readonly PostgresRow[]> {
  return new Promise((resolve, reject) => {
    client.query(new PreparedQuery(statement, resolve, reject));
  });
}

/** A parameter as it is bound: as text. */
export function textOf(param: PostgresParam): string | null {
  if (typeof param === 'string' || param === null) return param;
  return Array.isArray(param) ? JSON.stringify(param) : String(param);
}

function copy(client: PoolClient, text: string, chunks: Iterable<string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const watch = watches.get(client);
    watch?.sent();
    const done = (error: unknown): void => {
      watch?.answered();
      if (error === null) resolve();
      else reject(fromPostgres(error));
    };
    client.query(new CopyFrom(text, chunks, done));
  });
}

const names = new Map<string, string>();
/** The most statements that are kept prepared per connection; others are parsed each time. */
const NAMES_MAX = 512;

/** The name a statement is prepared under: its text decides. Empty where there are too many. */
export function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= NAMES_MAX) return '';
  const name = `p${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}
