import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fakeClock, makeTempDir } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

const directory = makeTempDir().path;
const file = (name: string): string => join(directory, name);
let server: TestPostgres;
let plain: TestPostgres;

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
}

/** An authority of its own. */
function authority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    ...subject,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
  );
}

/** A certificate for a host, by an authority. */
function certificate(host: string, by: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    ...key,
    '-subj',
    `/CN=${host}`,
    '-addext',
    `subjectAltName=DNS:${host}`,
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
  );
  const signing = [
    '-CA',
    `${by}.crt`,
    '-CAkey',
    `${by}.key`,
    '-CAcreateserial',
    '-copy_extensions',
    'copy',
    '-days',
    '2',
  ];
  openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.crt');
}

beforeAll(async () => {
  authority('ours');
  authority('theirs');
  certificate('localhost', 'ours');
  const tls = {
    cert: readFileSync(file('server.crt'), 'utf8'),
    key: readFileSync(file('server.key'), 'utf8'),
  };
  [server, plain] = await Promise.all([startPostgres({ tls }), startPostgres()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), plain.stop()]);
});

function url(to: TestPostgres, options: { host: string; root: string }): string {
  return `${to.url.replace('127.0.0.1', options.host)}?sslmode=verify-full&sslrootcert=${file(`${options.root}.crt`)}`;
}

describe('PostgreSQL over TLS', () => {
  it('is trusted when its certificate is for this host and by our authority', async () => {
    const store = await openPostgresFactStore({
      url: url(server, { host: 'localhost', root: 'ours' }),
      clock: fakeClock(),
    });
    await store.put(aPut());
    expect((await store.query({})).facts).toHaveLength(1);
    const watched = store.changes({ signal: AbortSignal.timeout(5000) })[Symbol.asyncIterator]();
    expect(await watched.next()).toMatchObject({ done: false });
    await watched.return?.();
    await store.close();
  });

  const refused = [
    { why: 'another authority signed it', on: () => server, host: 'localhost', root: 'theirs' },
    { why: 'it is for another host', on: () => server, host: '127.0.0.1', root: 'ours' },
    { why: 'the server has no TLS', on: () => plain, host: 'localhost', root: 'ours' },
  ];
  it.each(refused)('is refused at once when $why', async ({ on, host, root }) => {
    await expect(
      openPostgresFactStore({ url: url(on(), { host, root }), clock: fakeClock() }),
    ).rejects.toMatchObject({
      code: 'STORE_TLS_REFUSED',
      retryable: false,
    });
  });
});
