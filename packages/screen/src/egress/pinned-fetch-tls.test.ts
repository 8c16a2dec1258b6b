import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resolver } from './judge.ts';
import { pinnedFetch } from './pinned-fetch.ts';

const LOOPBACK: Resolver = () => Promise.resolve(['127.0.0.1']);

let directory: string;
let server: Server;
let port: number;
let ca: string;
const serverNames: unknown[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'praxis-tls-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=service.example', '-addext', 'subjectAltName=DNS:service.example'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, ...subject, '-days', '1', '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  ca = readFileSync(cert, 'utf8');
  server = createServer({ key: readFileSync(key), cert: ca }, (request, response) => {
    serverNames.push((request.socket as { servername?: unknown }).servername);
    if (request.url === '/down') response.writeHead(302, { location: 'http://service.example/' }).end();
    else response.end('secure');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

describe('pinnedFetch over TLS', () => {
  const fetchFrom = (host: string, path: string, trust: { ca?: string }): ReturnType<typeof pinnedFetch> =>
    pinnedFetch(`https://${host}:${port}${path}`, {
      resolve: LOOPBACK,
      allow: [`${host}:${port}`],
      ...trust,
    });

  it('checks the certificate against the name, not the pinned address', async () => {
    expect(await fetchFrom('service.example', '/', { ca })).toMatchObject({ kind: 'answered', status: 200 });
    expect(serverNames).toEqual(['service.example']);
    await expect(fetchFrom('other.example', '/', { ca })).rejects.toMatchObject({
      code: 'EGRESS_CONNECTION_FAILED',
    });
    await expect(fetchFrom('service.example', '/', {})).rejects.toMatchObject({
      code: 'EGRESS_CONNECTION_FAILED',
    });
  });

  it('does not follow a redirect out of TLS', async () => {
    expect(await fetchFrom('service.example', '/down', { ca })).toMatchObject({
      kind: 'blocked',
      reason: 'redirect_downgrade',
    });
  });
});
