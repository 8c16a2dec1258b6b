import type { IncomingMessage, ServerResponse } from 'node:http';
import { classifyInboundRequest, createMcpHandler, parseJSONRPCMessage } from '@modelcontextprotocol/server';
import type { Session } from '@praxis/gate';
import { redactText } from '@praxis/screen';
import { recordMalformedCall, recordMalformedMessage } from '../malformed-call.ts';
import { createProtocolServer } from '../mcp.ts';
import { rawBytesOf } from '../raw-bytes.ts';
import { rpcError } from '../rpc-error.ts';
import type { Services } from '../services.ts';
import type { Tool } from '../tool.ts';
import { answerJson } from './answer.ts';
import { bearerMatches } from './auth.ts';
import { readBody, refuseLength } from './body.ts';
import { isRebound } from './guard.ts';
import { consentCeilingOf, type HttpSession, HttpSessions } from './http-sessions.ts';
import { RECORDED_PATH_LENGTH_MAX, type RefusedRequest, RefusalRecords } from './refusal-records.ts';
import type { UnreadableRequest } from './unreadable-request.ts';
import { sendWebResponse, toWebRequest } from './web-request.ts';

/** The caller behind the one shared bearer token. */
const HTTP_PRINCIPAL = 'client:http';
/** Both spellings of the endpoint: the present one and the reference's. */
const PATHS = new Set(['/mcp', '/']);

type Body = Readonly<Record<string, unknown>>;

interface Refusal {
  readonly reason: RefusedRequest['reason'];
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const UNKNOWN_SESSION: Refusal = refused(404, -32002, 'unknown session');

/** Answers HTTP requests: who may call, what is a request at all, and which session it belongs to. */
export class HttpEndpoint {
  readonly #services: Services;
  readonly #serving: { readonly host: string; readonly token: string };
  readonly #sessions: HttpSessions;
  readonly #stateless: Session;
  readonly #modern: ReturnType<typeof createMcpHandler>;
  readonly #refusals: RefusalRecords;

  constructor(
    tools: ReadonlyMap<string, Tool>,
    services: Services,
    serving: { readonly host: string; readonly token: string },
  ) {
    this.#services = services;
    this.#serving = serving;
    this.#sessions = new HttpSessions(tools, services);
    this.#stateless = services.sessions.open({ id: 'http-stateless', principal: HTTP_PRINCIPAL });
    this.#modern = createMcpHandler(() => createProtocolServer(tools, services, () => this.#caller()), {
      legacy: 'reject',
    });
    this.#refusals = new RefusalRecords(async (call) => {
      const context = { session: this.#stateless, requestId: null, traceId: null };
      return (await services.gate.refuse(call, context)).seq !== null;
    }, services.clock);
  }

  /** Answers one request. Rejects only for faults of the server. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const refusal = this.#refuseEarly(req);
    if (refusal !== null) return this.#refuse(req, res, refusal);
    if (req.method === 'DELETE') return this.#endSession(req, res);
    const body = await readBody(req);
    const malformed = (why: string): Promise<void> =>
      recordMalformedMessage(this.#services, this.#caller(), rawBytesOf(body.bytes), why);
    if (!body.ok) {
      await malformed(body.status === 413 ? 'the body is too long' : 'the body is broken off or not UTF-8');
      return answerJson(req, res, { status: body.status, body: rpcError(-32600, 'bad request body') });
    }
    const parsed = parseJson(body.text);
    if (parsed === undefined) {
      await malformed('parse error');
      return answerJson(req, res, { status: 200, body: rpcError(-32700, 'parse error') });
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      await malformed('one JSON-RPC object is expected');
      const notOne = rpcError(-32600, 'one JSON-RPC object is expected');
      return answerJson(req, res, { status: 200, body: notOne });
    }
    if (!isMessage(parsed)) await malformed('one JSON-RPC object is expected');
    await this.#route(req, res, parsed as Body);
  }

  /** Records what arrived where a request belongs and is none. */
  recordUnreadable({ status, code }: UnreadableRequest): Promise<void> {
    return this.#refusals.record({
      reason: 'malformed_message',
      detail: 'no HTTP request',
      args: { status, code },
    });
  }

  /** Ends every session. */
  close(): Promise<void> {
    return this.#sessions.close();
  }

  /** Records the refusals that were only counted so far. For the end, when no request comes any more. */
  recordLeftOut(): Promise<void> {
    return this.#refusals.close();
  }

  /**
   * Requests without a session belong to their caller: each starts from what any session of the caller has
   * read so far, and all of them spend one budget.
   */
  #caller(): Session {
    const { taint } = this.#services.sessions.open({ id: 'http-stateless', principal: HTTP_PRINCIPAL });
    return { ...this.#stateless, taint };
  }

  /** Everything that is decided before a byte of the body is read. */
  #refuseEarly(req: IncomingMessage): Refusal | null {
    if (!bearerMatches(req.headers.authorization, this.#serving.token)) {
      const headers = { 'www-authenticate': 'Bearer' };
      return { reason: 'unauthorized', status: 401, code: -32001, message: 'unauthorized', headers };
    }
    const { host, origin } = req.headers;
    if (host === undefined && req.httpVersion === '1.1') return refused(400, -32600, 'no host header');
    if (isRebound(this.#serving.host, host, origin)) {
      return { reason: 'origin_refused', status: 403, code: -32001, message: 'this origin may not call' };
    }
    if (!PATHS.has(pathOf(req))) return refused(404, -32601, 'no such path');
    if (req.method === 'DELETE') return null;
    if (req.method !== 'POST') {
      return { ...refused(405, -32600, 'only POST'), headers: { allow: 'POST, DELETE' } };
    }
    const status = refuseLength(req);
    return status === null ? null : refused(status, -32600, 'bad content length');
  }

  /** Records a refused request, then answers it. Nothing of its headers, its query or its body is kept. */
  async #refuse(
    req: IncomingMessage,
    res: ServerResponse,
    { reason, status, code, message, headers = {} }: Refusal,
    id?: unknown,
  ): Promise<void> {
    // Cut only after redaction: half a secret is not recognised as one.
    const path = redactText(pathOf(req)).slice(0, RECORDED_PATH_LENGTH_MAX);
    const args = { status, method: req.method ?? '', path };
    await this.#refusals.record({ reason, detail: message, args });
    answerJson(req, res, { status, body: rpcError(code, message, id), headers });
  }

  /** A client that says it is done (MCP 2025-11-25, session management). */
  async #endSession(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const session = this.#named(req);
    if (session === null) return this.#refuse(req, res, UNKNOWN_SESSION, null);
    await sendWebResponse(res, await session.transport.handleRequest(toWebRequest(req, res, null)));
  }

  async #route(req: IncomingMessage, res: ServerResponse, body: Body): Promise<void> {
    const kind = classifyInboundRequest({
      httpMethod: req.method ?? 'POST',
      ...optional('protocolVersionHeader', req.headers['mcp-protocol-version']),
      ...optional('mcpMethodHeader', req.headers['mcp-method']),
      body,
    });
    if (kind.kind !== 'legacy') {
      await recordMalformedCall(this.#services, this.#caller(), body);
      const response = await this.#modern.fetch(toWebRequest(req, res, body), { parsedBody: body });
      return sendWebResponse(res, response);
    }
    if (req.headers['mcp-session-id'] === undefined && isNotification(body)) {
      // Nobody waits for an answer, and there is nobody whom it could be dispatched to.
      res.writeHead(202).end();
      return;
    }
    const session = await this.#legacySession(req, body);
    if (session === null) return this.#refuse(req, res, UNKNOWN_SESSION, body['id']);
    await recordMalformedCall(this.#services, session.session, body);
    const request = toWebRequest(req, res, body);
    await sendWebResponse(res, await session.transport.handleRequest(request, { parsedBody: body }));
  }

  async #legacySession(req: IncomingMessage, body: Body): Promise<HttpSession | null> {
    if (req.headers['mcp-session-id'] !== undefined) return this.#named(req);
    if (body['method'] !== 'initialize') return null;
    return this.#sessions.open(HTTP_PRINCIPAL, consentCeilingOf(body['params']));
  }

  #named(req: IncomingMessage): HttpSession | null {
    const id = req.headers['mcp-session-id'];
    return typeof id === 'string' ? this.#sessions.find(id) : null;
  }
}

function refused(status: number, code: number, message: string): Refusal {
  return { reason: 'request_refused', status, code, message };
}

/** The path alone: a query may hold anything. */
function pathOf(req: IncomingMessage): string {
  return URL.parse(req.url ?? '/', 'http://localhost')?.pathname ?? '';
}

function isMessage(value: unknown): boolean {
  try {
    parseJSONRPCMessage(value);
    return true;
  } catch {
    return false;
  }
}

function isNotification(body: Body): boolean {
  return !('id' in body) && typeof body['method'] === 'string';
}

function optional<K extends string>(
  key: K,
  value: string | string[] | undefined,
): Partial<Record<K, string>> {
  return typeof value === 'string' ? ({ [key]: value } as Record<K, string>) : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
