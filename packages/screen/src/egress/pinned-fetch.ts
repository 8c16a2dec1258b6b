import { PraxisError } from '@praxis/core';
import type { EgressErrorCode } from './errors.ts';
import { type EgressOptions, type EgressReason, judgeEgress, type Resolver } from './judge.ts';
import { type ExchangeAnswer, exchange, type PinnedExchange } from './pinned-connection.ts';

/** Most redirects one fetch follows. */
export const REDIRECTS_MAX = 5;
/** Default bound of an answer's body, in bytes. */
export const BODY_BYTES_MAX = 1_048_576;
/** Default bound of a whole fetch, redirects and name resolution included, in milliseconds. */
export const FETCH_TIMEOUT_MS = 10_000;

// Headers that frame the message or choose the host: the connection sets them.
const REFUSED_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
// All that may follow a redirect to another origin: any other header can be a credential.
const CROSS_ORIGIN_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'user-agent',
]);

/** What to fetch and within which bounds. */
export interface PinnedFetchOptions extends EgressOptions {
  readonly resolve: Resolver;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly redirectsMax?: number;
  readonly bodyBytesMax?: number;
  readonly timeoutMs?: number;
  /** PEM of the certificate authorities to trust instead of the bundled ones. */
  readonly ca?: string;
}

/** A refused destination: the first one or one a redirect led to. */
export interface FetchBlocked {
  readonly kind: 'blocked';
  readonly reason: EgressReason | 'redirect_downgrade' | 'redirect_body';
  readonly url: string;
}

/** The answer of the last hop. */
export interface FetchAnswered extends ExchangeAnswer {
  readonly kind: 'answered';
  readonly url: string;
  readonly redirects: number;
}

interface Hop {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

/**
 * Fetches over connections that go only to addresses the egress screen has just judged, hop by hop: a redirect is a new
 * destination and is judged again. A redirect to another origin keeps no header that could be a credential and no body;
 * one from https to http is refused. Throws `EGRESS_HEADER_REFUSED`, `EGRESS_CONNECTION_FAILED`, `EGRESS_TIMEOUT`,
 * `EGRESS_BODY_TOO_LARGE`, `EGRESS_REDIRECTS_TOO_MANY`.
 */
export async function pinnedFetch(
  url: string,
  options: PinnedFetchOptions,
): Promise<FetchAnswered | FetchBlocked> {
  const signal = AbortSignal.timeout(options.timeoutMs ?? FETCH_TIMEOUT_MS);
  const redirectsMax = options.redirectsMax ?? REDIRECTS_MAX;
  let hop = firstHop(url, options);
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    const verdict = await withinTime(judgeEgress(hop.url, options.resolve, options), signal);
    if (verdict.verdict === 'block') return { kind: 'blocked', reason: verdict.reason, url: hop.url };
    const answer = await exchange(exchangeOf(hop, verdict.pinned, signal, options));
    const next = nextHop(hop, answer);
    if (next === null) return { kind: 'answered', url: hop.url, redirects, ...answer };
    if ('kind' in next) return next;
    hop = next;
  }
  throw fault('EGRESS_REDIRECTS_TOO_MANY', `more than ${redirectsMax} redirects`);
}

function firstHop(url: string, options: PinnedFetchOptions): Hop {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    const lower = name.toLowerCase();
    if (REFUSED_HEADERS.has(lower) || /[\r\n\0]/.test(value)) {
      throw fault('EGRESS_HEADER_REFUSED', `the header \`${lower}\` may not be set`);
    }
    headers[lower] = value;
  }
  const body =
    typeof options.body === 'string' ? new TextEncoder().encode(options.body) : (options.body ?? null);
  return { url, method: (options.method ?? 'GET').toUpperCase(), headers, body };
}

function exchangeOf(
  hop: Hop,
  pinned: readonly string[],
  signal: AbortSignal,
  options: PinnedFetchOptions,
): PinnedExchange {
  const { method, headers, body } = hop;
  const bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
  const trust = options.ca === undefined ? {} : { ca: options.ca };
  return { url: new URL(hop.url), pinned, method, headers, body, bodyBytesMax, signal, ...trust };
}

function nextHop(hop: Hop, answer: ExchangeAnswer): Hop | FetchBlocked | null {
  const location = answer.headers['location'];
  if (![301, 302, 303, 307, 308].includes(answer.status) || typeof location !== 'string') return null;
  if (!URL.canParse(location, hop.url)) return { kind: 'blocked', reason: 'malformed', url: location };
  const from = new URL(hop.url);
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    return { kind: 'blocked', reason: 'redirect_downgrade', url: to.href };
  }
  const target = rewriteMethod(hop, answer.status, to.href);
  if (from.origin === to.origin) return target;
  if (target.body !== null) return { kind: 'blocked', reason: 'redirect_body', url: to.href };
  const kept = Object.entries(target.headers).filter(([name]) => CROSS_ORIGIN_HEADERS.has(name));
  return { ...target, headers: Object.fromEntries(kept) };
}

// RFC 9110 §15.4: 303 turns into GET, and so do 301 and 302 after a POST; 307 and 308 repeat the request.
function rewriteMethod(hop: Hop, status: number, url: string): Hop {
  const becomesGet =
    status === 303 ? hop.method !== 'HEAD' : (status === 301 || status === 302) && hop.method === 'POST';
  if (!becomesGet) return { ...hop, url };
  const headers = Object.fromEntries(Object.entries(hop.headers).filter(([name]) => name !== 'content-type'));
  return { url, method: 'GET', headers, body: null };
}

async function withinTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    stop = () => reject(fault('EGRESS_TIMEOUT', 'the fetch took too long'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

function fault(code: EgressErrorCode, message: string): PraxisError<EgressErrorCode> {
  return new PraxisError<EgressErrorCode>(code, message);
}
