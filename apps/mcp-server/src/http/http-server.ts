import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { classifyInboundRequest, createMcpHandler } from '@modelcontextprotocol/server';
import { errorCode } from '@praxis/core';
import type { Session } from '@praxis/gate';
import { ServerError } from '../errors.ts';
import { createProtocolServer } from '../mcp.ts';
import type { Services } from '../services.ts';
import type { Tool } from '../tool.ts';
import { bearerMatches } from './auth.ts';
import { HTTP_BODY_TIMEOUT_MS, readBody, refuseLength } from './body.ts';
import { isRebound } from './guard.ts';
import { consentCeilingOf, HttpSessions } from './http-sessions.ts';

/** The caller behind the one shared bearer token. */
const HTTP_PRINCIPAL = 'client:http';
/** Both spellings of the endpoint: the present one and the reference's. */
const PATHS = new Set(['/mcp', '/']);

export interface HttpServing {
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

export interface RunningHttp {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves MCP over Streamable HTTP: stateless requests of 2026-07-28, sessions of the versions before. */
export async function serveHttp(
  tools: ReadonlyMap<string, Tool>,
  services: Services,
  serving: HttpServing,
): Promise<RunningHttp> {
  const endpoint = new HttpEndpoint(tools, services, serving);
  const server = createServer({ requestTimeout: HTTP_BODY_TIMEOUT_MS }, (req, res) => {
    endpoint.handle(req, res).catch((error: unknown) => {
      services.log(`praxis: http: ${errorCode(error)}`);
      answer(res, 500, rpcError(-32603, 'internal error'));
    });
  });
  await listen(server, serving);
  const { port } = server.address() as AddressInfo;
  const host = serving.host.includes(':') ? `[${serving.host}]` : serving.host;
  return {
    url: `http://${host}:${port}/mcp`,
    close: async () => {
      await endpoint.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class HttpEndpoint {
  readonly #services: Services;
  readonly #serving: HttpServing;
  readonly #sessions: HttpSessions;
  readonly #stateless: Session;
  readonly #modern: ReturnType<typeof createMcpHandler>;

  constructor(tools: ReadonlyMap<string, Tool>, services: Services, serving: HttpServing) {
    this.#services = services;
    this.#serving = serving;
    this.#sessions = new HttpSessions(tools, services);
    // Requests without a session belong to their caller: taint and budget are the caller's.
    this.#stateless = services.sessions.open({ id: 'http-stateless', principal: HTTP_PRINCIPAL });
    this.#modern = createMcpHandler(() => createProtocolServer(tools, services, () => this.#stateless), {
      legacy: 'reject',
    });
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const refusal = await this.#refuseEarly(req);
    if (refusal !== null) return answer(res, refusal.status, refusal.body, refusal.headers);
    if (req.method === 'DELETE') return this.#endSession(req, res);
    const body = await readBody(req);
    if (!body.ok) return answer(res, body.status, rpcError(-32600, 'bad request body'));
    const parsed = parseJson(body.text);
    if (parsed === undefined) return answer(res, 200, rpcError(-32700, 'parse error'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      return answer(res, 200, rpcError(-32600, 'one JSON-RPC object is expected'));
    }
    await this.#route(req, res, parsed as Record<string, unknown>);
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }

  /** Everything that is decided before a byte of the body is read. */
  async #refuseEarly(req: IncomingMessage): Promise<EarlyRefusal | null> {
    const path = URL.parse(req.url ?? '/', 'http://localhost')?.pathname ?? '';
    if (!bearerMatches(req.headers.authorization, this.#serving.token)) {
      await this.#record('unauthorized', path);
      return {
        status: 401,
        body: rpcError(-32001, 'unauthorized'),
        headers: { 'www-authenticate': 'Bearer' },
      };
    }
    if (isRebound(this.#serving.host, req.headers.host, req.headers.origin)) {
      await this.#record('origin_refused', path);
      return { status: 403, body: rpcError(-32001, 'this origin may not call'), headers: {} };
    }
    if (!PATHS.has(path)) return { status: 404, body: rpcError(-32601, 'no such path'), headers: {} };
    if (req.method === 'DELETE') return null;
    if (req.method !== 'POST') {
      return { status: 405, body: rpcError(-32600, 'only POST'), headers: { allow: 'POST, DELETE' } };
    }
    const status = refuseLength(req);
    return status === null ? null : { status, body: rpcError(-32600, 'bad content length'), headers: {} };
  }

  /** A client that says it is done (MCP 2025-11-25, session management). */
  async #endSession(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const id = req.headers['mcp-session-id'];
    const session = typeof id === 'string' ? this.#sessions.find(id) : null;
    if (session === null) return answer(res, 404, rpcError(-32002, 'unknown session'));
    await send(res, await session.transport.handleRequest(toWebRequest(req, {})));
  }

  async #record(reason: 'unauthorized' | 'origin_refused', path: string): Promise<void> {
    await this.#services.gate.refuse(
      {
        tool: 'http',
        args: { path },
        target: null,
        hostType: null,
        tier: 'T0',
        refusal: { reason, detail: '' },
      },
      { session: this.#stateless, requestId: null, traceId: null },
    );
  }

  async #route(req: IncomingMessage, res: ServerResponse, body: Record<string, unknown>): Promise<void> {
    const request = toWebRequest(req, body);
    const kind = classifyInboundRequest({
      httpMethod: req.method ?? 'POST',
      ...optional('protocolVersionHeader', req.headers['mcp-protocol-version']),
      ...optional('mcpMethodHeader', req.headers['mcp-method']),
      body,
    });
    if (kind.kind !== 'legacy') return send(res, await this.#modern.fetch(request, { parsedBody: body }));
    const session = await this.#legacySession(req, body);
    if (session === null) return answer(res, 404, rpcError(-32002, 'unknown session', body['id']));
    await send(res, await session.transport.handleRequest(request, { parsedBody: body }));
  }

  async #legacySession(
    req: IncomingMessage,
    body: Record<string, unknown>,
  ): Promise<ReturnType<HttpSessions['find']>> {
    const id = req.headers['mcp-session-id'];
    if (typeof id === 'string') return this.#sessions.find(id);
    if (body['method'] !== 'initialize') return null;
    return this.#sessions.open(HTTP_PRINCIPAL, consentCeilingOf(body['params']));
  }
}

interface EarlyRefusal {
  readonly status: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

function optional<K extends string>(
  key: K,
  value: string | string[] | undefined,
): Partial<Record<K, string>> {
  return typeof value === 'string' ? ({ [key]: value } as Record<K, string>) : {};
}

/** The request for the SDK. Clients of the reference accept JSON alone; the SDK wants both named. */
function toWebRequest(req: IncomingMessage, body: Record<string, unknown>): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    // The bearer token ends here: nothing behind this point needs it, so nothing can pass it on.
    if (typeof value === 'string' && name !== 'authorization') headers.set(name, value);
  }
  headers.set('accept', 'application/json, text/event-stream');
  headers.set('content-type', 'application/json');
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  const abort = new AbortController();
  req.once('close', () => {
    if (!req.complete) abort.abort();
  });
  const method = req.method ?? 'POST';
  const payload = method === 'POST' ? { body: JSON.stringify(body) } : {};
  return new Request(new URL(req.url ?? '/', 'http://localhost'), {
    method,
    headers,
    signal: abort.signal,
    ...payload,
  });
}

async function send(res: ServerResponse, response: Response): Promise<void> {
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    res.end();
    return;
  }
  await pipeline(Readable.fromWeb(response.body), res);
}

function answer(
  res: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (res.headersSent) {
    res.end();
    return;
  }
  // An unread body would otherwise be taken for the next request on this connection.
  res.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers });
  res.end(JSON.stringify(body));
}

function rpcError(code: number, message: string, id: unknown = null): object {
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  return { jsonrpc: '2.0', id: known, error: { code, message } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listen(server: Server, { host, port }: HttpServing): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ServerError('HTTP_BIND_FAILED', `cannot listen on ${host}:${port} (${errorCode(cause)})`, {
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}
