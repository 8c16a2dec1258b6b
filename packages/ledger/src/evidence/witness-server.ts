import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorCode, errorMessage } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { type Witness, type WitnessAnswer, WITNESS_REQUEST_CHARS_MAX } from './witness.ts';

/** The longest request body, in bytes: every longest request that a witness reads fits. */
export const WITNESS_BODY_BYTES_MAX: number = WITNESS_REQUEST_CHARS_MAX;
/** How many connections are held at a time; one more is closed at once. */
export const WITNESS_CONNECTIONS_MAX = 256;
/** How long a whole request may take to arrive, and its headers, in milliseconds. */
export const WITNESS_REQUEST_MS = 10_000;
const HEADERS_MS = 5_000;
/** How long an idle connection is kept for the next request, in milliseconds. */
const KEEP_ALIVE_MS = 5_000;
/** How often connections that take too long are looked for, in milliseconds. */
const CHECK_MS = 1_000;
const HEADER_BYTES_MAX = 8_192;
const TEXT = 'text/plain; charset=utf-8';
const LATEST = '/latest/';

/** Where a witness listens, how long it waits, in milliseconds, and whom it tells. */
export interface WitnessListening {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** How long a whole request may take to arrive, in milliseconds. Default `WITNESS_REQUEST_MS`. */
  readonly requestMs?: number | undefined;
  /** Told of each request that was not simply answered: faults, and what a dishonest log would send. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A witness that listens. */
export interface RunningWitness {
  readonly url: string;
  /** Answers what it has begun to answer, then stops. */
  close(): Promise<void>;
}

/**
 * Serves a witness over HTTP: `POST …/add-checkpoint` (C2SP tlog-witness), and `GET …/latest/ORIGIN`, the
 * latest checkpoint of a log with a cosignature made now, for auditors. Throws `LEDGER_UNAVAILABLE` when it
 * cannot listen there.
 */
export function serveWitness(witness: Witness, listening: WitnessListening): Promise<RunningWitness> {
  const { log = (): void => undefined, requestMs = WITNESS_REQUEST_MS } = listening;
  const server = createServer(
    {
      requestTimeout: requestMs,
      headersTimeout: Math.min(HEADERS_MS, requestMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
    },
    (request, response) => void respond(witness, request, response, log),
  );
  server.maxConnections = WITNESS_CONNECTIONS_MAX;
  return listen(server, listening);
}

function listen(server: Server, { host, port }: WitnessListening): Promise<RunningWitness> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        ledgerError('LEDGER_UNAVAILABLE', `the witness cannot listen on ${host}:${port}`, {
          cause,
          fields: { reason: errorCode(cause) },
        }),
      ),
    );
    server.listen(port, host, () => {
      const address = server.address();
      const bound = address !== null && typeof address === 'object' ? address.port : port;
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          server.closeIdleConnections();
        });
      resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, close });
    });
  });
}

type Answer = Omit<WitnessAnswer, 'status'> & { readonly status: number };

async function respond(
  witness: Witness,
  request: IncomingMessage,
  response: ServerResponse,
  log: (line: string) => void,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(witness, request, log);
  } catch (error) {
    // A client that hung up needs no answer; a store that failed must not be taken for a refusal.
    log(`witness: ${errorCode(error)}: ${errorMessage(error)}`);
    answer = { status: 500, contentType: TEXT, body: 'the witness failed\n' };
  }
  if (response.destroyed) return;
  // What was not read of a body would be taken for the next request.
  const unread = request.complete ? {} : { connection: 'close' };
  response
    .writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': Buffer.byteLength(answer.body),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      ...unread,
    })
    .end(answer.body);
}

async function answerTo(
  witness: Witness,
  request: IncomingMessage,
  log: (line: string) => void,
): Promise<Answer> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path.endsWith('/add-checkpoint')) {
    if (request.method !== 'POST') return plain(405, 'post a checkpoint\n');
    const body = await bodyOf(request);
    if (body === null) return plain(413, `a request has at most ${WITNESS_BODY_BYTES_MAX} bytes\n`);
    const text = utf8(body);
    if (text === null) return plain(400, 'malformed request\n');
    const answer = witness.addCheckpoint(text);
    // The signature was good, and the log does not go on from where it was: this may be proof of a fork.
    if (answer.inconsistent === true) log(`witness: refused as inconsistent: ${JSON.stringify(text)}`);
    return answer;
  }
  const at = path.lastIndexOf(LATEST);
  if (at === -1) return plain(404, 'not found\n');
  if (request.method !== 'GET') return plain(405, 'get a checkpoint\n');
  const note = witness.latestCosigned(decoded(path.slice(at + LATEST.length)));
  return note === null ? plain(404, 'unknown log\n') : plain(200, note);
}

function plain(status: number, body: string): Answer {
  return { status, contentType: TEXT, body };
}

/** The whole body, or null when it is too long. Rejects when the client hangs up before its end. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > WITNESS_BODY_BYTES_MAX) return null;
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  // The socket stays: the answer has to go out on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    lengthBytes += chunk.length;
    if (lengthBytes > WITNESS_BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function utf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Bytes that are no text are no request.
    return null;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A broken escape names no log.
    return '';
  }
}
