import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import { errorMessage, PraxisError } from '@praxis/core';
import type { EgressErrorCode } from './errors.ts';

/** One exchange over a connection that can only go to the pinned addresses. */
export interface PinnedExchange {
  readonly url: URL;
  readonly pinned: readonly string[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly bodyBytesMax: number;
  readonly signal: AbortSignal;
  /** PEM of extra certificate authorities to trust instead of the bundled ones. */
  readonly ca?: string;
}

/** What the server answered. Header names are lower-case. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Uint8Array;
}

/**
 * Sends one request and reads one bounded answer. The name in the URL still decides the `Host` header, SNI and the
 * certificate check; where the bytes go is decided by `pinned` alone. No proxy from the environment is used.
 */
export async function exchange(options: PinnedExchange): Promise<ExchangeAnswer> {
  const isTls = options.url.protocol === 'https:';
  const shared = { keepAlive: false, lookup: pinnedLookup(options.pinned), proxyEnv: {} };
  const agent = isTls ? new HttpsAgent(shared) : new HttpAgent(shared);
  try {
    const response = await send(options, agent, isTls);
    const body = await readBounded(response, options.bodyBytesMax);
    return { status: response.statusCode ?? 0, headers: definedHeaders(response), body };
  } catch (error) {
    throw faultOf(error, options.signal);
  } finally {
    agent.destroy();
  }
}

function send(options: PinnedExchange, agent: HttpAgent, isTls: boolean): Promise<IncomingMessage> {
  const { url, method, signal } = options;
  const length = options.body === null ? {} : { 'content-length': String(options.body.byteLength) };
  const headers = { 'accept-encoding': 'identity', ...options.headers, ...length };
  const tls = isTls && options.ca !== undefined ? { ca: options.ca } : {};
  return new Promise((resolve, reject) => {
    const start = isTls ? httpsRequest : httpRequest;
    const outgoing = start(url, { method, headers, agent, signal, ...tls }, resolve);
    outgoing.on('error', reject);
    outgoing.end(options.body ?? undefined);
  });
}

function pinnedLookup(pinned: readonly string[]): LookupFunction {
  const answers = pinned.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, callback) => {
    const first = answers[0];
    if (first === undefined) callback(new Error('no pinned address'), '', 4);
    else if (options.all === true) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}

async function readBounded(response: IncomingMessage, bodyBytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) {
      throw new PraxisError<EgressErrorCode>(
        'EGRESS_BODY_TOO_LARGE',
        `the answer is longer than ${bodyBytesMax} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function definedHeaders(response: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

function faultOf(error: unknown, signal: AbortSignal): PraxisError {
  if (error instanceof PraxisError) return error;
  const code: EgressErrorCode = signal.aborted ? 'EGRESS_TIMEOUT' : 'EGRESS_CONNECTION_FAILED';
  return new PraxisError<EgressErrorCode>(code, `the request failed: ${errorMessage(error)}`, {
    cause: error,
  });
}
