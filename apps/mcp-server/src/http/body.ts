import type { IncomingMessage } from 'node:http';

/** The largest request body, in bytes. */
export const HTTP_BODY_BYTES_MAX: number = 16 * 1024 * 1024;
/** How long a client may take to send a request body, in milliseconds. */
export const HTTP_BODY_TIMEOUT_MS = 30_000;

export type BodyOutcome =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly status: number };

/** Whether the declared length alone is a reason to refuse: 411 without one, 400 for no number, 413 for too much. */
export function refuseLength(req: IncomingMessage): number | null {
  const declared = req.headers['content-length'];
  if (declared === undefined) return req.headers['transfer-encoding'] === undefined ? 411 : null;
  if (!/^\d{1,15}$/.test(declared)) return 400;
  return Number(declared) > HTTP_BODY_BYTES_MAX ? 413 : null;
}

/** Reads a body up to its bound; what is longer, broken off or not UTF-8 is refused, never cut. */
export async function readBody(req: IncomingMessage): Promise<BodyOutcome> {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      lengthBytes += chunk.length;
      if (lengthBytes > HTTP_BODY_BYTES_MAX) return { ok: false, status: 413 };
      chunks.push(chunk);
    }
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch {
    // A client that breaks off, or bytes that are no UTF-8: either way there is no request.
    return { ok: false, status: 400 };
  }
}
