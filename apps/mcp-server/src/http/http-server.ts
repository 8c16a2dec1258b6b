import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { errorCode } from '@praxis/core';
import { ServerError } from '../errors.ts';
import { rpcError } from '../rpc-error.ts';
import type { Services } from '../services.ts';
import type { Tool } from '../tool.ts';
import { answerJson } from './answer.ts';
import { HTTP_REQUEST_TIMEOUT_MS } from './body.ts';
import { HttpEndpoint } from './http-endpoint.ts';
import { UnreadableRequests } from './unreadable-request.ts';

/** How many connections may be open at once, whoever made them. */
export const HTTP_CONNECTIONS_MAX = 1024;
/** How often slow requests are looked for, in milliseconds. */
const TIMEOUT_CHECK_MS = 1000;

/** Where HTTP is served, and with which token. */
export interface HttpServing {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** How long a client may take to send a whole request. Default `HTTP_REQUEST_TIMEOUT_MS`. */
  readonly requestTimeoutMs?: number;
}

/** A server that listens. `close` ends its sessions and its connections. */
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
  const timeoutMs = serving.requestTimeoutMs ?? HTTP_REQUEST_TIMEOUT_MS;
  const timeouts = {
    requestTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, timeoutMs),
  };
  const requests = new UnreadableRequests((unreadable) => endpoint.recordUnreadable(unreadable));
  const answer: RequestListener = (req, res) => {
    requests.began(req, res);
    endpoint.handle(req, res).catch((error: unknown) => {
      services.log(`praxis: http: ${errorCode(error)}`);
      answerJson(req, res, { status: 500, body: rpcError(-32603, 'internal error') });
    });
  };
  // A request without Host must reach the endpoint: Node.js would refuse it without a trace.
  const server = createServer({ ...timeouts, requireHostHeader: false }, answer);
  // RFC 9110 §10.1.1 lets an expectation be ignored; refused by Node.js it would leave no trace either.
  server.on('checkExpectation', answer);
  server.on('clientError', (error, socket) => requests.refuse(error, socket as Socket));
  server.on('connect', (_req, socket) => requests.refuseTunnel(socket as Socket));
  server.maxConnections = HTTP_CONNECTIONS_MAX;
  await listen(server, serving);
  const { port } = server.address() as AddressInfo;
  const host = serving.host.includes(':') ? `[${serving.host}]` : serving.host;
  return {
    url: `http://${host}:${port}/mcp`,
    close: async () => {
      await endpoint.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await endpoint.recordLeftOut();
    },
  };
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
