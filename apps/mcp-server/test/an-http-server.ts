import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { allTools, serveHttp } from '../src/index.ts';
import type { TestServer } from './a-server.ts';

/** The bearer token of these tests. */
export const TOKEN = 'a-token-of-the-operator';
const VERSION = '2025-11-25';

/** What came back over a raw connection. */
export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A JSON-RPC answer over HTTP. */
export interface RpcAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly rpc: {
    readonly id?: unknown;
    readonly error?: { readonly code: number; readonly message: string };
    readonly result?: { readonly structuredContent?: Readonly<Record<string, unknown>> };
  };
}

/** A served endpoint, and the ways a client may treat it. */
export interface TestHttp {
  readonly url: string;
  readonly port: number;
  readonly server: TestServer;
  /** Posts a body with the right token. */
  readonly post: (body: unknown, headers?: Record<string, string>, path?: string) => Promise<RpcAnswer>;
  /** Writes bytes as they are and answers what comes back until the server closes. */
  readonly raw: (...parts: (string | Buffer)[]) => Promise<RawAnswer>;
  /** Opens a session of 2025-11-25 and answers its id. */
  readonly open: (params?: Record<string, unknown>) => Promise<string>;
  /** Calls a tool in a session. */
  readonly call: (
    session: string,
    name: string,
    args?: unknown,
  ) => Promise<Readonly<Record<string, unknown>>>;
}

/** Serves a test server over HTTP on a free port. */
export async function anHttpServer(
  server: TestServer,
  options: { requestTimeoutMs?: number } = {},
): Promise<TestHttp> {
  const serving = { host: '127.0.0.1', port: 0, token: TOKEN, ...options };
  const http = await serveHttp(allTools(server.services), server.services, serving);
  onTestFinished(() => http.close());
  const port = Number(new URL(http.url).port);
  const post: TestHttp['post'] = async (body, headers = {}, path = '/mcp') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, rpc: jsonOf(text) };
  };
  const open: TestHttp['open'] = async (params = {}) => {
    const answer = await post(initialize(params));
    return answer.headers.get('mcp-session-id') ?? '';
  };
  const call: TestHttp['call'] = async (session, name, args = {}) => {
    const answer = await post(toolCall(name, args), { 'mcp-session-id': session });
    return answer.rpc.result?.structuredContent ?? {};
  };
  return { url: http.url, port, server, post, open, call, raw: (...parts) => rawRequest(port, parts) };
}

/** The request that opens a session. */
export function initialize(params: Record<string, unknown> = {}): object {
  const own = { protocolVersion: VERSION, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  return { jsonrpc: '2.0', id: 1, method: 'initialize', params: { ...own, ...params } };
}

/** A call of a tool. */
export function toolCall(name: string, args: unknown = {}): object {
  return { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name, arguments: args } };
}

/** The head of a request, with the right token unless it is overridden. */
export function head(
  method: string,
  path: string,
  headers: Readonly<Record<string, string | null>> = {},
): string {
  const all = { host: '127.0.0.1', authorization: `Bearer ${TOKEN}`, ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

function rawRequest(port: number, parts: readonly (string | Buffer)[]): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    // A server that closes while we still write is what some of these tests are about.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve(parseRaw(text)));
    for (const part of parts) socket.write(part);
  });
}

function parseRaw(text: string): RawAnswer {
  const split = text.indexOf('\r\n\r\n');
  const headText = split < 0 ? text : text.slice(0, split);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(headText)?.[1] ?? 0);
  return { status, head: headText, body: split < 0 ? '' : text.slice(split + 4) };
}

function jsonOf(text: string): RpcAnswer['rpc'] {
  return text === '' ? {} : (JSON.parse(text) as RpcAnswer['rpc']);
}
