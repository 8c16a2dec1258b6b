import { isIP } from 'node:net';
import type { ServerConfig } from '../config/config.ts';
import { ALLOW_ANY_PHRASE } from '../config/config.ts';
import { ServerError } from '../errors.ts';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether a bind address reaches this machine alone. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host.toLowerCase());
}

/**
 * Refuses, before anything is bound, what must not be served: HTTP without a token, a port that is none,
 * and any address beyond loopback without the explicit opt-in.
 */
export function assertMayServeHttp(http: ServerConfig['http']): {
  host: string;
  port: number;
  token: string;
} {
  if (http.token === null) throw new ServerError('HTTP_TOKEN_REQUIRED', 'PRAXIS_HTTP_TOKEN is not set');
  if (http.port === null)
    throw new ServerError('HTTP_PORT_INVALID', 'PRAXIS_HTTP_PORT is not a port (1 to 65535)');
  if (!isLoopback(http.host) && !http.allowAny) {
    throw new ServerError(
      'HTTP_BIND_REFUSED',
      `PRAXIS_HTTP_HOST ${http.host} is not loopback: PRAXIS_HTTP_ALLOW_ANY=${ALLOW_ANY_PHRASE} would allow it`,
    );
  }
  return { host: http.host, port: http.port, token: http.token };
}

/**
 * Whether a browser page elsewhere could be behind a request (DNS rebinding): on a loopback bind the Host
 * header must name loopback, and an Origin, when there is one, too.
 */
export function isRebound(bindHost: string, host: string | undefined, origin: string | undefined): boolean {
  if (origin !== undefined && !isLocalOrigin(origin)) return true;
  return isLoopback(bindHost) && !isLocalAuthority(host ?? '');
}

function isLocalOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && isLocalName(url.hostname);
}

function isLocalAuthority(authority: string): boolean {
  const url = URL.parse(`http://${authority}`);
  return url !== null && url.username === '' && isLocalName(url.hostname);
}

function isLocalName(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
