import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { sha256Hex } from '@praxis/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allTools, askServer, operatorAct, serveControl, serveHttp, serveStreams } from '../src/index.ts';
import { aServer, type TestServer } from './a-server.ts';

const TOKEN = 'a-token-of-the-operator';
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

async function httpOf(server: TestServer): Promise<string> {
  const http = await serveHttp(allTools(server.services), server.services, {
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
  });
  onTestFinished(() => http.close());
  return http.url;
}

function post(url: string, headers: Record<string, string>, body: unknown = INITIALIZE): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function controlOf(server: TestServer, path: string): ReturnType<typeof serveControl> {
  const caller = server.services.sessions.open({ id: 'stdio', principal: 'client:stdio' });
  const control = await serveControl({
    path,
    handle: (request) => operatorAct(server.operator, request),
    relay: (socket) => {
      serveStreams(allTools(server.services), server.services, { input: socket, output: socket, caller });
      socket.resume();
    },
  });
  onTestFinished(() => control.close());
  return control;
}

describe('the HTTP transport', () => {
  it.each([
    ['none', {}],
    ['another', { authorization: 'Bearer another' }],
    ['the token without its scheme', { authorization: TOKEN }],
    ['the token in the URL', { 'x-token': TOKEN }],
  ])('answers 401 to %s token, and records it', async (_what, headers) => {
    const server = await aServer();
    const response = await post(await httpOf(server), headers);
    expect(response.status).toBe(401);
    expect(server.records()).toEqual([
      expect.objectContaining({ kind: 'refusal', tool: 'http', reason: 'unauthorized' }),
    ]);
    expect(server.text()).not.toContain(TOKEN);
  });

  it('does not serve a page of another origin, and records it', async () => {
    const server = await aServer();
    const url = await httpOf(server);
    const response = await post(url, { authorization: `Bearer ${TOKEN}`, origin: 'https://evil.example' });
    expect(response.status).toBe(403);
    expect(server.records()).toEqual([
      expect.objectContaining({ kind: 'refusal', reason: 'origin_refused' }),
    ]);
  });

  it('keeps the token out of the ledger and of every answer', async () => {
    const server = await aServer();
    const response = await post(await httpOf(server), { authorization: `Bearer ${TOKEN}` });
    expect(response.status).toBe(200);
    const session = response.headers.get('mcp-session-id') ?? '';
    const call = {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'query_facts', arguments: {} },
    };
    const answered = await post(
      await httpOf(server),
      { authorization: `Bearer ${TOKEN}`, 'mcp-session-id': session },
      call,
    );
    for (const text of [await response.text(), await answered.text(), server.text()])
      expect(text).not.toContain(TOKEN);
  });
});

describe('what is no message', () => {
  const SECRET = 'password=hunter2-of-nobody';
  const LINES = [SECRET, `["${SECRET}"]`, `{"id":7,"${SECRET}":1}`, `"${SECRET}`];
  const recordOf = (text: string): unknown =>
    expect.objectContaining({
      kind: 'refusal',
      decision: 'denied',
      reason: 'malformed_message',
      tool: 'mcp',
      args: { length_bytes: text.length, sha256: sha256Hex(text) },
    });

  it('leaves one record over stdio, with nothing that was in it', async () => {
    const server = await aServer();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const caller = server.services.sessions.open({ id: 'stdio', principal: 'client:stdio' });
    await new Promise<void>((onclose) => {
      serveStreams(allTools(server.services), server.services, { input, output, caller, onclose });
      input.end(LINES.join('\n'));
    });
    expect(server.records()).toEqual(LINES.map(recordOf));
    expect(server.text()).not.toContain('hunter2');
  });

  it('leaves one record over HTTP, with nothing that was in it', async () => {
    const server = await aServer();
    const url = await httpOf(server);
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    for (const body of LINES) await fetch(url, { method: 'POST', headers, body });
    expect(server.records()).toEqual(LINES.map(recordOf));
    const notUtf8 = await fetch(url, { method: 'POST', headers, body: Buffer.from([0x22, 0xff, 0x22]) });
    expect(notUtf8.status).toBe(400);
    expect(server.records()).toHaveLength(LINES.length + 1);
    expect(server.text()).not.toContain('hunter2');
  });
});

describe('the operator socket', () => {
  it('is reachable by its owner alone', async () => {
    const server = await aServer();
    const { path } = await controlOf(server, join(server.dir.path, 'control.sock'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await askServer(path, { op: 'status' })).toEqual({ mode: 'guarded' });
  });

  it('is not opened in a directory that others may enter', async () => {
    const server = await aServer();
    const open = join(server.dir.path, 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    await expect(controlOf(server, join(open, 'control.sock'))).rejects.toMatchObject({
      code: 'CONTROL_BUSY',
    });
  });

  it.each([
    'no json',
    '{}',
    '{"op":"approve"}',
    '{"op":"stop"}',
    '{"op":"stop","reason":"x","extra":1}',
    '[]',
    'null',
  ])('answers %j with a code, and does nothing', async (line) => {
    const server = await aServer();
    const { path } = await controlOf(server, join(server.dir.path, 'control.sock'));
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(path);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('utf8');
      });
      socket.on('close', () => resolve(text));
      socket.write(`${line}\n`);
    });
    expect(JSON.parse(answer)).toMatchObject({ ok: false, code: 'CONTROL_BAD_REQUEST' });
    expect(server.services.killSwitch.tripped()).toBe(false);
  });

  it('turns into an MCP client’s connection with the rights of an agent, not of an operator', async () => {
    const server = await aServer();
    const { path } = await controlOf(server, join(server.dir.path, 'control.sock'));
    const socket = connect(path);
    onTestFinished(() => {
      socket.destroy();
    });
    const lines: string[] = [];
    socket.on('data', (chunk) => lines.push(...chunk.toString('utf8').split('\n')));
    const answered = (id: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.some((line) => line.includes(`"id":${id}`))) resolve();
          else setTimeout(look, 10);
        };
        look();
      });
    socket.write('{"op":"mcp"}\n');
    socket.write(`${JSON.stringify(INITIALIZE)}\n`);
    await answered(1);
    socket.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    const approve = { name: 'approvals.approve', arguments: { id: 'ap_1' } };
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: approve })}\n`);
    await answered(2);
    expect(lines[0]).toBe('{"ok":true}');
    expect(server.records().at(-1)).toMatchObject({
      kind: 'refusal',
      reason: 'unknown_tool',
      principal: 'client:stdio',
    });
  });
});
