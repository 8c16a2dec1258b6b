import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HTTP_BODY_BYTES_MAX } from '../src/http/body.ts';
import { aServer } from './a-server.ts';
import { anHttpServer, head, initialize, TOKEN, toolCall, type TestHttp } from './an-http-server.ts';

const STATELESS = { 'content-length': '0' };

async function http(options: { requestTimeoutMs?: number } = {}): Promise<TestHttp> {
  return anHttpServer(await aServer(), options);
}

/** A JSON document of exactly this many bytes. */
function jsonOfBytes(lengthBytes: number): string {
  const [before, after] = ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"pad":"', '"}}'];
  return before + 'x'.repeat(lengthBytes - before.length - after.length) + after;
}

describe('a request without the right token', () => {
  it.each([
    ['no header', { authorization: null }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ['a longer token', { authorization: `Bearer ${TOKEN}x` }],
    ['a shorter token', { authorization: `Bearer ${TOKEN.slice(1)}` }],
    ['two tokens', { authorization: `Bearer ${TOKEN} ${TOKEN}` }],
    ['the token in another case', { authorization: `Bearer ${TOKEN.toUpperCase()}` }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('is refused: %s', async (_what, headers) => {
    const { raw, server } = await http();
    const answer = await raw(head('POST', '/mcp', { ...headers, ...STATELESS }));
    expect(answer.status).toBe(401);
    expect(answer.head.toLowerCase()).toContain('www-authenticate: bearer');
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: -32001 } });
    expect(server.records()).toEqual([expect.objectContaining({ kind: 'refusal', reason: 'unauthorized' })]);
  });

  it('is refused before a byte of its body was sent', async () => {
    const { raw } = await http({ requestTimeoutMs: 5000 });
    const answer = await raw(head('POST', '/mcp', { authorization: null, 'content-length': '1000000' }));
    expect(answer.status).toBe(401);
  });

  it.each(['GET', 'DELETE', 'OPTIONS', 'PUT'])('is refused whatever its method: %s', async (method) => {
    const { raw } = await http();
    expect((await raw(head(method, '/mcp', { authorization: null }))).status).toBe(401);
  });

  it('learns nothing about paths', async () => {
    const { raw } = await http();
    expect((await raw(head('POST', '/nowhere', { authorization: null, ...STATELESS }))).status).toBe(401);
  });

  it('leaves a small record however long its path is', async () => {
    const { raw, server } = await http();
    await raw(head('POST', `/${'p'.repeat(8000)}`, { authorization: null, ...STATELESS }));
    expect(server.records()).toHaveLength(1);
    expect(JSON.stringify(server.records()[0]).length).toBeLessThan(2000);
  });

  it.each(['bearer', 'BEARER', 'Bearer'])('may write the scheme as %s', async (scheme) => {
    const { post } = await http();
    const answer = await post(initialize(), { authorization: `${scheme} ${TOKEN}` });
    expect(answer.status).toBe(200);
  });
});

describe('a request from a page elsewhere', () => {
  it.each([
    ['another host', { host: 'evil.example' }],
    ['a host that begins like loopback', { host: '127.0.0.1.evil.example' }],
    ['another origin', { origin: 'http://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
  ])('is refused and recorded: %s', async (_what, headers) => {
    const { raw, server } = await http();
    const answer = await raw(head('POST', '/mcp', { ...headers, ...STATELESS }));
    expect(answer.status).toBe(403);
    expect(server.records()).toEqual([
      expect.objectContaining({ kind: 'refusal', reason: 'origin_refused' }),
    ]);
  });
});

describe('the request line', () => {
  it('is POST: GET is answered 405 with what is allowed', async () => {
    const { raw } = await http();
    const answer = await raw(head('GET', '/mcp'));
    expect(answer.status).toBe(405);
    expect(answer.head.toLowerCase()).toContain('allow: post, delete');
  });

  it.each(['/mcp', '/', '/mcp?x=1'])('is served on %s', async (path) => {
    const { post } = await http();
    expect((await post(initialize(), {}, path)).status).toBe(200);
  });

  it.each(['/mcp/', '/health', '/mcp/../etc', '/MCP'])('is answered 404 on %s', async (path) => {
    const { raw } = await http();
    expect((await raw(head('POST', path, STATELESS))).status).toBe(404);
  });
});

describe('the length of a body', () => {
  it.each([
    ['missing', {}, 411],
    ['no number', { 'content-length': 'ten' }, 400],
    ['negative', { 'content-length': '-1' }, 400],
    ['one past the bound', { 'content-length': String(HTTP_BODY_BYTES_MAX + 1) }, 413],
    ['beyond any number', { 'content-length': '99999999999999999999' }, 400],
  ])('is refused when it is %s', async (_what, headers, status) => {
    const { raw } = await http();
    expect((await raw(head('POST', '/mcp', headers))).status).toBe(status);
  });

  it('is accepted at the bound', async () => {
    const { post } = await http();
    const answer = await post(jsonOfBytes(HTTP_BODY_BYTES_MAX));
    expect(answer).toMatchObject({ status: 404, rpc: { error: { code: -32002 } } });
  });

  it('is counted when it is not declared: one past the bound is answered 413', async () => {
    const { raw } = await http();
    const chunk = Buffer.from(jsonOfBytes(HTTP_BODY_BYTES_MAX + 1));
    const answer = await raw(
      head('POST', '/mcp', { 'transfer-encoding': 'chunked' }),
      `${chunk.length.toString(16)}\r\n`,
      chunk,
      '\r\n0\r\n\r\n',
    );
    expect(answer.status).toBe(413);
  });

  it('may not be declared twice', async () => {
    const { raw } = await http();
    const both = head('POST', '/mcp', { 'content-length': '2', 'transfer-encoding': 'chunked' });
    expect((await raw(both, '0\r\n\r\n')).status).toBe(400);
  });
});

describe('a body that is no request', () => {
  it.each(['', '{', 'nope', '{"jsonrpc":"2.0",}', '\u0000'])(
    'is answered -32700 with status 200 when it is no JSON: %j',
    async (text) => {
      const { post } = await http();
      expect(await post(text)).toMatchObject({ status: 200, rpc: { id: null, error: { code: -32700 } } });
    },
  );

  it.each(['[]', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 'null', '1', '"ping"', 'true'])(
    'is answered -32600 with status 200 when it is no object: %s',
    async (text) => {
      const { post } = await http();
      expect(await post(text)).toMatchObject({ status: 200, rpc: { id: null, error: { code: -32600 } } });
    },
  );

  it('is answered 400 when it is no UTF-8', async () => {
    const { raw } = await http();
    const bytes = Buffer.from([0x22, 0xff, 0xfe, 0x22]);
    expect((await raw(head('POST', '/mcp', { 'content-length': '4' }), bytes)).status).toBe(400);
  });
});

describe('a notification', () => {
  const notice = {
    jsonrpc: '2.0',
    method: 'tools/call',
    params: { name: 'emergency_stop', arguments: { reason: 'x' } },
  };

  it('is answered 202 and never dispatched, without a session', async () => {
    const { post, server } = await http();
    expect(await post(notice)).toMatchObject({ status: 202, text: '' });
    await setTimeout(20);
    expect(server.services.killSwitch.tripped()).toBe(false);
  });

  it('is answered 202 and never dispatched, in a session', async () => {
    const { post, open, server } = await http();
    expect(await post(notice, { 'mcp-session-id': await open() })).toMatchObject({ status: 202, text: '' });
    await setTimeout(20);
    expect(server.services.killSwitch.tripped()).toBe(false);
  });
});

describe('a call that is none', () => {
  it.each([{}, { name: 7 }, { name: 'query_facts', arguments: 'all' }, { arguments: {} }])(
    'is refused and recorded: %j',
    async (params) => {
      const { post, open, server } = await http();
      const session = { 'mcp-session-id': await open() };
      const answer = await post({ jsonrpc: '2.0', id: 7, method: 'tools/call', params }, session);
      expect(answer.rpc.error).toMatchObject({ code: -32602 });
      expect(server.records()).toEqual([
        expect.objectContaining({ kind: 'refusal', tool: 'tools/call', reason: 'invalid_arguments' }),
      ]);
    },
  );

  it('is answered with a code when its method is unknown', async () => {
    const { post, open } = await http();
    const answer = await post(
      { jsonrpc: '2.0', id: 7, method: 'resources/list' },
      { 'mcp-session-id': await open() },
    );
    expect(answer.rpc).toMatchObject({ id: 7, error: { code: -32601 } });
  });
});

describe('a client that misbehaves on the wire', () => {
  it('is cut off when its body does not come', async () => {
    const { raw } = await http({ requestTimeoutMs: 200 });
    const answer = await raw(head('POST', '/mcp', { 'content-length': '100' }), '{"jsonrpc"');
    expect([0, 408]).toContain(answer.status);
  });

  it('is cut off when its headers do not end', async () => {
    const { raw } = await http({ requestTimeoutMs: 200 });
    expect([0, 408]).toContain((await raw('POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n')).status);
  });

  it.each(['\u0000\u0001garbage\r\n\r\n', 'POST /mcp HTTP/9.9\r\n\r\n', 'GET\r\n\r\n', '\r\n\r\n\r\nx'])(
    'is cut off when it sends garbage: %j',
    async (bytes) => {
      const { raw, post } = await http({ requestTimeoutMs: 500 });
      expect([0, 400, 408]).toContain((await raw(bytes)).status);
      expect((await post(initialize())).status).toBe(200);
    },
  );

  it('cannot smuggle a second request behind one that was refused', async () => {
    const { raw, server } = await http();
    const stop = JSON.stringify(toolCall('emergency_stop', { reason: 'smuggled' }));
    const second = head('POST', '/mcp', { 'content-length': String(stop.length) }) + stop;
    const first = head('POST', '/mcp', { authorization: null, 'content-length': '0' });
    const answer = await raw(first, second);
    expect(answer.status).toBe(401);
    expect(answer.body.match(/HTTP\/1\.1/g)).toBeNull();
    expect(server.services.killSwitch.tripped()).toBe(false);
  });

  it('that goes away in the middle of its body harms nobody', async () => {
    const { port, post } = await http();
    const socket = connect(port, '127.0.0.1');
    socket.write(`${head('POST', '/mcp', { 'content-length': '1000' })}{`);
    await setTimeout(20);
    socket.destroy();
    expect((await post(initialize())).status).toBe(200);
  });
});

describe('the bearer token', () => {
  it('is in no log, record or answer', async () => {
    const { post, open, server } = await http();
    const session = { 'mcp-session-id': await open() };
    const answers = [
      await post(toolCall('query_facts'), session),
      await post(toolCall('no_such_tool', { authorization: `Bearer ${TOKEN}` }), session),
      await post(toolCall('query_facts'), { authorization: 'Bearer wrong' }),
      await post('{'),
    ];
    const seen = [server.text(), ...server.console, ...answers.map(({ text }) => text)];
    for (const { headers } of answers) headers.forEach((value) => seen.push(value));
    for (const text of seen) expect(text).not.toContain(TOKEN);
  });
});
