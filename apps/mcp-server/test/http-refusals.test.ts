import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HTTP_BODY_BYTES_MAX } from '../src/http/body.ts';
import { RECORDED_PATH_LENGTH_MAX, REFUSALS_BURST_MAX } from '../src/http/refusal-records.ts';
import { serveHttp, allTools } from '../src/index.ts';
import { aServer, type TestServer } from './a-server.ts';
import { anHttpServer, head, initialize, TOKEN, toolCall } from './an-http-server.ts';

const LENGTH = { 'content-length': '0' };

/** Reason and arguments of every refusal in the ledger. */
function refusals(server: TestServer): unknown[] {
  return server
    .records()
    .filter(({ kind }) => kind === 'refusal')
    .map(({ tool, reason, args }) => ({ tool, reason, args }));
}

const refused = (status: number, method: string, path = '/mcp'): unknown => ({
  tool: 'http',
  reason: 'request_refused',
  args: { status, method, path },
});

describe('a request that is refused before its body is read', () => {
  it.each([
    ['another path', head('POST', '/nowhere', LENGTH), refused(404, 'POST', '/nowhere')],
    ['another method', head('GET', '/mcp'), refused(405, 'GET')],
    ['no length', head('POST', '/mcp'), refused(411, 'POST')],
    [
      'a length past the bound',
      head('POST', '/mcp', { 'content-length': String(HTTP_BODY_BYTES_MAX + 1) }),
      refused(413, 'POST'),
    ],
    [
      'a length beyond safe numbers',
      head('POST', '/mcp', { 'content-length': '9'.repeat(16) }),
      refused(400, 'POST'),
    ],
    ['no host', head('POST', '/mcp', { host: null, ...LENGTH }), refused(400, 'POST')],
    ['no session to end', head('DELETE', '/mcp', { 'mcp-session-id': 'nobody' }), refused(404, 'DELETE')],
    ['a question about the server', head('OPTIONS', '*'), refused(404, 'OPTIONS', '/*')],
  ])('leaves one record: %s', async (_what, bytes, expected) => {
    const { raw, server } = await anHttpServer(await aServer());
    const { status } = await raw(bytes);
    expect(refusals(server)).toEqual([expected]);
    expect(expected).toMatchObject({ args: { status } });
  });

  it('leaves one record when its session is unknown, though its body was read', async () => {
    const { post, server } = await anHttpServer(await aServer());
    const answer = await post(toolCall('query_facts'), { 'mcp-session-id': 'nobody' });
    expect(answer).toMatchObject({ status: 404, rpc: { error: { code: -32002 } } });
    expect(refusals(server)).toEqual([refused(404, 'POST')]);
  });

  it('is served when it expects what nobody knows', async () => {
    const { raw, server } = await anHttpServer(await aServer());
    const answer = await raw(head('POST', '/nowhere', { ...LENGTH, expect: 'a-miracle' }));
    expect(answer.status).toBe(404);
    expect(refusals(server)).toEqual([refused(404, 'POST', '/nowhere')]);
  });

  it('leaves nothing of its query, its headers and its secrets, and little of its path', async () => {
    const { raw, server } = await anHttpServer(await aServer());
    const secret = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;
    const path = `/x/${secret}/${'p'.repeat(6000)}?token=${secret}`;
    await raw(head('POST', path, { ...LENGTH, 'x-secret': `hunter2-${secret}` }));
    const [{ args } = {}] = server.records();
    const kept = String((args as { path?: string } | undefined)?.path);
    expect(kept.length).toBe(RECORDED_PATH_LENGTH_MAX);
    expect(kept).toMatch(/^\/x\/\[REDACTED\]\/p+$/);
    for (const part of [secret, 'hunter2', 'token=', TOKEN]) expect(server.text()).not.toContain(part);
  });
});

describe('what is no HTTP request', () => {
  const unreadable = (status: number, code: string): unknown => ({
    tool: 'http',
    reason: 'malformed_message',
    args: { status, code },
  });

  it.each([
    ['garbage', 'garbage hunter2\r\n\r\n', unreadable(400, 'HPE_INVALID_METHOD')],
    ['another version', 'POST /mcp HTTP/9.9\r\n\r\n', unreadable(400, 'HPE_INVALID_VERSION')],
    [
      'a length that is no number',
      head('POST', '/mcp', { 'content-length': 'ten' }),
      unreadable(400, 'HPE_INVALID_CONTENT_LENGTH'),
    ],
    [
      'too long a head',
      head('POST', '/mcp', { x: 'hunter2'.repeat(4000) }),
      unreadable(431, 'HPE_HEADER_OVERFLOW'),
    ],
    ['a head that does not end', 'POST /mcp HTTP/1.1\r\nhost: ', unreadable(408, 'ERR_HTTP_REQUEST_TIMEOUT')],
    ['a tunnel', 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: 127.0.0.1:22\r\n\r\n', unreadable(405, 'CONNECT')],
  ])('leaves one record and is answered: %s', async (_what, bytes, expected) => {
    const { raw, server } = await anHttpServer(await aServer(), { requestTimeoutMs: 200 });
    const { status } = await raw(bytes);
    expect(refusals(server)).toEqual([expected]);
    expect(expected).toMatchObject({ args: { status } });
    expect(server.text()).not.toContain('hunter2');
  });

  it('leaves one record however much follows', async () => {
    const { raw, server } = await anHttpServer(await aServer());
    await raw(...Array.from({ length: 50 }, () => 'garbage\r\n\r\n'));
    expect(refusals(server)).toHaveLength(1);
  });

  it('leaves none when nothing was sent', async () => {
    const { raw, post, server } = await anHttpServer(await aServer(), { requestTimeoutMs: 200 });
    await raw();
    expect((await post(initialize())).status).toBe(200);
    expect(refusals(server)).toEqual([]);
  });

  it.each([
    ['does not come', { 'content-length': '100' }, 'a part'],
    ['is no chunk', { 'transfer-encoding': 'chunked' }, 'zz\r\n'],
  ])('is recorded once, by whoever reads it, when a body %s', async (_what, headers, body) => {
    const { raw, server } = await anHttpServer(await aServer(), { requestTimeoutMs: 200 });
    await raw(head('POST', '/mcp', headers), body);
    await expect.poll(() => refusals(server)).toHaveLength(1);
    expect(refusals(server)).toMatchObject([{ tool: 'mcp', reason: 'malformed_message' }]);
  });

  it.each(['CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n', 'garbage\r\n\r\n'])(
    'harms nobody when its client is gone before it is answered: %j',
    async (bytes) => {
      const { port, post, server } = await anHttpServer(await aServer());
      for (let sent = 0; sent < 20; sent += 1) {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        socket.write(bytes);
        await nextTurn();
        socket.resetAndDestroy();
      }
      expect((await post(initialize())).status).toBe(200);
      await expect.poll(() => refusals(server).length).toBeGreaterThan(0);
    },
  );

  it('is recorded too behind a request that was answered', async () => {
    const { raw, server } = await anHttpServer(await aServer());
    const ping = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/nothing' });
    const first = head('POST', '/mcp', { 'content-length': String(ping.length) }) + ping;
    const answer = await raw(first, 'garbage\r\n\r\n');
    expect(answer.status).toBe(202);
    expect(refusals(server)).toEqual([unreadable(400, 'HPE_INVALID_METHOD')]);
  });
});

describe('a flood without a token', () => {
  it('is answered to the end, and recorded in few records that count all of it', async () => {
    const server = await aServer();
    const serving = { host: '127.0.0.1', port: 0, token: TOKEN };
    const http = await serveHttp(allTools(server.services), server.services, serving);
    const requests = REFUSALS_BURST_MAX + 40;
    for (let sent = 0; sent < requests; sent += 1) {
      const { status, body } = await fetch(http.url, { method: 'POST', body: '{}' });
      await body?.cancel();
      expect(status).toBe(401);
    }
    expect(refusals(server)).toHaveLength(REFUSALS_BURST_MAX);
    await http.close();
    expect(refusals(server)).toHaveLength(REFUSALS_BURST_MAX + 1);
    expect(refusals(server).at(-1)).toEqual({
      tool: 'http',
      reason: 'unauthorized',
      args: { left_out: requests - REFUSALS_BURST_MAX },
    });
  });
});
