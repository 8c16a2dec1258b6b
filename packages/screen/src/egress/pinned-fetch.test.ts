import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Resolver } from './judge.ts';
import { pinnedFetch, REDIRECTS_MAX } from './pinned-fetch.ts';

const LOOPBACK: Resolver = () => Promise.resolve(['127.0.0.1']);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const redirectTo =
  (location: string, status = 302): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { location }).end();
  };

describe('pinnedFetch', () => {
  it('connects to the pinned address and keeps the name in the Host header', async () => {
    const seen: IncomingMessage[] = [];
    const port = await serve((request, response) => {
      seen.push(request);
      response.end('hello');
    });
    const answer = await pinnedFetch(`http://service.example:${port}/x`, {
      resolve: LOOPBACK,
      allow: [`service.example:${port}`],
      headers: { Authorization: 'Bearer t' },
    });
    expect(answer).toMatchObject({ kind: 'answered', status: 200, redirects: 0 });
    expect(answer.kind === 'answered' ? Buffer.from(answer.body).toString() : '').toBe('hello');
    expect(seen[0]?.headers).toMatchObject({ host: `service.example:${port}`, authorization: 'Bearer t' });
  });

  it('sends a method and a body', async () => {
    const port = await serve((request, response) => {
      response.setHeader('x-method', request.method ?? '');
      request.pipe(response);
    });
    const answer = await pinnedFetch(`http://127.0.0.1:${port}/`, {
      resolve: LOOPBACK,
      allow: [`127.0.0.1:${port}`],
      method: 'post',
      body: 'né',
    });
    expect(answer).toMatchObject({
      kind: 'answered',
      headers: { 'x-method': 'POST' },
      body: Buffer.from('né'),
    });
  });

  it('refuses a private destination without connecting', async () => {
    let calls = 0;
    const port = await serve((_request, response) => {
      calls += 1;
      response.end();
    });
    expect(await pinnedFetch(`http://127.0.0.1:${port}/`, { resolve: LOOPBACK })).toMatchObject({
      kind: 'blocked',
      reason: 'address_loopback',
    });
    expect(await pinnedFetch(`http://a.example:${port}/`, { resolve: LOOPBACK })).toMatchObject({
      kind: 'blocked',
      reason: 'address_loopback',
    });
    expect(calls).toBe(0);
  });

  it('judges every redirect and stops at one that leads inside', async () => {
    let insideCalls = 0;
    const inside = await serve((_request, response) => {
      insideCalls += 1;
      response.end('secret');
    });
    for (const [location, reason] of [
      [`http://127.0.0.1:${inside}/`, 'address_loopback'],
      [`http://0x7f.1:${inside}/`, 'address_loopback'],
      ['http://169.254.169.254/latest/meta-data/', 'address_link_local'],
      ['http://metadata.google.internal/', 'metadata_name'],
      ['file:///etc/passwd', 'scheme'],
      [`http://u:p@127.0.0.1:${inside}/`, 'userinfo'],
      ['http://[', 'malformed'],
    ] as const) {
      const port = await serve(redirectTo(location));
      const answer = await pinnedFetch(`http://127.0.0.1:${port}/`, {
        resolve: LOOPBACK,
        allow: [`127.0.0.1:${port}`],
      });
      expect(answer).toMatchObject({ kind: 'blocked', reason });
    }
    expect(insideCalls).toBe(0);
  });

  it('drops credentials on a redirect to another origin and keeps them on the same', async () => {
    const seen: Record<string, string | string[] | undefined>[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    const first = await serve((request, response) => {
      seen.push(request.headers);
      const location = request.url === '/' ? '/again' : `http://127.0.0.1:${other}/`;
      response.writeHead(307, { location }).end();
    });
    const headers = { authorization: 'a', cookie: 'b', 'x-api-key': 'c', accept: 'd/e' };
    const answer = await pinnedFetch(`http://127.0.0.1:${first}/`, {
      resolve: LOOPBACK,
      allow: [`127.0.0.1:${first}`, `127.0.0.1:${other}`],
      headers,
    });
    expect(answer).toMatchObject({ kind: 'answered', redirects: 2 });
    expect(seen[1]).toMatchObject({ authorization: 'a', cookie: 'b', 'x-api-key': 'c' });
    expect(Object.keys(seen[2] ?? {}).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host']);
  });

  it('does not carry a body to another origin', async () => {
    const other = await serve((_request, response) => response.end());
    const first = await serve(redirectTo(`http://127.0.0.1:${other}/`, 308));
    const allow = [`127.0.0.1:${first}`, `127.0.0.1:${other}`];
    const answer = await pinnedFetch(`http://127.0.0.1:${first}/`, {
      resolve: LOOPBACK,
      allow,
      method: 'POST',
      body: 'x',
    });
    expect(answer).toMatchObject({ kind: 'blocked', reason: 'redirect_body' });
  });

  it('turns a redirected POST into a GET after 303', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/') response.writeHead(303, { location: '/done' }).end();
      else response.end(request.method);
    });
    const answer = await pinnedFetch(`http://127.0.0.1:${port}/`, {
      resolve: LOOPBACK,
      allow: [`127.0.0.1:${port}`],
      method: 'POST',
      body: 'x',
    });
    expect(answer).toMatchObject({ kind: 'answered', body: Buffer.from('GET') });
  });

  it('follows as many redirects as the bound and no more', async () => {
    const port = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('end');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const options = { resolve: LOOPBACK, allow: [`127.0.0.1:${port}`] };
    expect(await pinnedFetch(`http://127.0.0.1:${port}/${REDIRECTS_MAX}`, options)).toMatchObject({
      redirects: REDIRECTS_MAX,
    });
    await expect(pinnedFetch(`http://127.0.0.1:${port}/${REDIRECTS_MAX + 1}`, options)).rejects.toMatchObject(
      { code: 'EGRESS_REDIRECTS_TOO_MANY' },
    );
  });

  it('bounds the body and the time', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/slow') response.write('x');
      else response.end('x'.repeat(1000));
    });
    const options = { resolve: LOOPBACK, allow: [`127.0.0.1:${port}`] };
    expect(await pinnedFetch(`http://127.0.0.1:${port}/`, { ...options, bodyBytesMax: 1000 })).toMatchObject({
      status: 200,
    });
    await expect(
      pinnedFetch(`http://127.0.0.1:${port}/`, { ...options, bodyBytesMax: 999 }),
    ).rejects.toMatchObject({ code: 'EGRESS_BODY_TOO_LARGE' });
    await expect(
      pinnedFetch(`http://127.0.0.1:${port}/slow`, { ...options, timeoutMs: 60 }),
    ).rejects.toMatchObject({ code: 'EGRESS_TIMEOUT' });
    const never: Resolver = () => new Promise(() => undefined);
    await expect(pinnedFetch('http://a.example/', { resolve: never, timeoutMs: 60 })).rejects.toMatchObject({
      code: 'EGRESS_TIMEOUT',
    });
  });

  it('refuses headers that frame the message and says when nothing listens', async () => {
    await expect(
      pinnedFetch('http://1.1.1.1/', { resolve: LOOPBACK, headers: { Host: 'x' } }),
    ).rejects.toMatchObject({ code: 'EGRESS_HEADER_REFUSED' });
    await expect(
      pinnedFetch('http://1.1.1.1/', { resolve: LOOPBACK, headers: { a: 'b\r\nc: d' } }),
    ).rejects.toMatchObject({ code: 'EGRESS_HEADER_REFUSED' });
    const options = { resolve: LOOPBACK, allow: ['127.0.0.1:1'] };
    await expect(pinnedFetch('http://127.0.0.1:1/', options)).rejects.toMatchObject({
      code: 'EGRESS_CONNECTION_FAILED',
    });
  });
});
