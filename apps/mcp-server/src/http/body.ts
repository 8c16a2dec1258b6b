import type { IncomingMessage } from 'node:http';

/** The largest request body, in bytes. */
export const HTTP_BODY_BYTES_MAX: number = 16 * 1024 * 1024;
/** How long a client may take to send a whole request, in milliseconds. */
export const HTTP_REQUEST_TIMEOUT_MS = 30_000;

/** The whole body, or the HTTP status that says why there is none, and the bytes that came. */
export type BodyOutcome = { readonly bytes: Buffer } & (
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly status: number }
);

/** Whether the declared length alone is a reason to refuse: 411 without one, 400 for no number, 413 for too much. */
export function refuseLength(req: IncomingMessage): number | null {
  const declared = req.headers['content-length'];
  if (declared === undefined) return req.headers['transfer-encoding'] === undefined ? 411 : null;
  if (!/^\d{1,15}$/.test(declared)) return 400;
  return Number(declared) > HTTP_BODY_BYTES_MAX ? 413 : null;
}

/** Reads a body up to its bound; what is longer, broken off or not UTF-8 is refused, never cut. */
export function readBody(req: IncomingMessage): Promise<BodyOutcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let lengthBytes = 0;
    const onData = (chunk: Buffer): void => {
      lengthBytes += chunk.length;
      chunks.push(chunk);
      if (lengthBytes > HTTP_BODY_BYTES_MAX) refuse(413);
    };
    const refuse = (status: number): void => settle({ ok: false, status, bytes: Buffer.concat(chunks) });
    const onEnd = (): void => settle(decode(Buffer.concat(chunks)));
    const onBroken = (): void => refuse(400);
    // Only listening stops here: destroying the request would take the answer's connection with it.
    const settle = (outcome: BodyOutcome): void => {
      req.off('data', onData).off('end', onEnd).off('close', onBroken).pause();
      resolve(outcome);
    };
    req.on('data', onData).once('end', onEnd).once('close', onBroken).on('error', onBroken);
  });
}

function decode(bytes: Buffer): BodyOutcome {
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), bytes };
  } catch {
    // The one thing that a fatal decoder reports: bytes that are no UTF-8.
    return { ok: false, status: 400, bytes };
  }
}
