import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * The request for the SDK. Clients of the reference accept JSON alone; the SDK wants both named. Its signal
 * aborts when the client goes away before it has its answer.
 */
export function toWebRequest(
  req: IncomingMessage,
  res: ServerResponse,
  body: Readonly<Record<string, unknown>> | null,
): Request {
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
  res.once('close', () => {
    if (!res.writableFinished) abort.abort();
  });
  return new Request(new URL(req.url ?? '/', 'http://localhost'), {
    method: req.method ?? 'POST',
    headers,
    signal: abort.signal,
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
}

/** Sends the SDK's response. A client that has gone away meanwhile is no fault. */
export async function sendWebResponse(res: ServerResponse, response: Response): Promise<void> {
  if (res.destroyed) {
    await response.body?.cancel();
    return;
  }
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    res.end();
    return;
  }
  try {
    await pipeline(Readable.fromWeb(response.body), res);
  } catch (error) {
    if (!res.destroyed) throw error;
  }
}
