import type { IncomingMessage, ServerResponse } from 'node:http';

/** How much of a refused body is still taken off the wire, in bytes, so that the client gets to read why. */
export const LINGER_BYTES_MAX: number = 32 * 1024 * 1024;
/** How long that may take in all, in milliseconds. */
export const LINGER_MS = 2000;
/** How long a client that sends nothing more is waited for, in milliseconds. */
const LINGER_IDLE_MS = 100;

/**
 * Answers one JSON document and ends the connection. What the client is still sending is thrown away first,
 * within bounds: closing on unread bytes would reset the connection, and the answer would be lost with it.
 */
export function answerJson(
  req: IncomingMessage,
  res: ServerResponse,
  {
    status,
    body,
    headers = {},
  }: { status: number; body: object; headers?: Readonly<Record<string, string>> },
): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const text = JSON.stringify(body);
  // An unread body would otherwise be taken for the next request on this connection.
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  res.writeHead(status, { ...own, connection: 'close', ...headers });
  res.write(text);
  if (req.complete) res.end();
  else linger(req, () => res.end());
}

function linger(req: IncomingMessage, done: () => void): void {
  let discardedBytes = 0;
  const finish = (): void => {
    clearTimeout(whole);
    clearTimeout(idle);
    req.off('data', onData);
    done();
  };
  const whole = setTimeout(finish, LINGER_MS);
  const idle = setTimeout(finish, LINGER_IDLE_MS);
  const onData = (chunk: Buffer): void => {
    discardedBytes += chunk.length;
    if (discardedBytes > LINGER_BYTES_MAX) finish();
    else idle.refresh();
  };
  req.on('data', onData);
  for (const event of ['end', 'error', 'close']) req.once(event, finish);
  req.resume();
}
