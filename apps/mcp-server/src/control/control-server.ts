import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { errorCode, PraxisError } from '@praxis/core';
import { ServerError } from '../errors.ts';
import {
  CONTROL_LINE_BYTES_MAX,
  CONTROL_TIMEOUT_MS,
  type ControlRequest,
  type ControlResponse,
  controlRequestSchema,
} from './protocol.ts';
import { isFallbackDirectory } from './socket-path.ts';

/** How many operators and relayed clients may be connected at once. */
export const CONTROL_CONNECTIONS_MAX = 256;

/** What the operator's socket serves. */
export interface ControlServing {
  readonly path: string;
  /** Answers one operator request. What it throws becomes a coded answer. */
  handle(request: Exclude<ControlRequest, { op: 'mcp' }>): Promise<unknown>;
  /** Takes over a connection that turned into an MCP client's. */
  relay(socket: Socket): void;
}

/** A socket that listens. `close` drops its connections and removes its file. */
export interface RunningControl {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Listens on the owner-only Unix socket. The caller holds the data directory's lock, so a socket file that
 * is already there belongs to a process that died.
 */
export async function serveControl(serving: ControlServing): Promise<RunningControl> {
  prepare(serving.path);
  const sockets = new Set<Socket>();
  // A client that has ended its side still waits for its answers.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serveConnection(socket, serving);
  });
  server.maxConnections = CONTROL_CONNECTIONS_MAX;
  await listen(server, serving.path);
  chmodSync(serving.path, 0o600);
  return {
    path: serving.path,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(serving.path, { force: true });
      if (isFallbackDirectory(dirname(serving.path)))
        rmSync(dirname(serving.path), { recursive: true, force: true });
    },
  };
}

function prepare(path: string): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  const foreign = process.getuid !== undefined && found.uid !== process.getuid();
  if (!found.isDirectory() || foreign || (found.mode & 0o077) !== 0) {
    throw new ServerError('CONTROL_BUSY', `${directory} is not an owner-only directory of this user`);
  }
  rmSync(path, { force: true });
}

/** Reads the first line, and answers it or hands the connection over. */
function serveConnection(socket: Socket, serving: ControlServing): void {
  let received = Buffer.alloc(0);
  let taken = false;
  socket.setTimeout(CONTROL_TIMEOUT_MS, () => socket.destroy());
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf(0x0a);
    if ((end < 0 ? received.length : end) > CONTROL_LINE_BYTES_MAX) {
      // What is still being sent is thrown away, not gathered.
      socket.off('data', onData).resume();
      return reply(socket, failure('CONTROL_BAD_REQUEST', 'the request is too long'));
    }
    if (end < 0) return;
    taken = true;
    socket.off('data', onData);
    socket.pause();
    const line = received.subarray(0, end).toString('utf8');
    const rest = received.subarray(end + 1);
    void takeLine(socket, serving, line, rest);
  };
  socket.on('data', onData);
  socket.once('end', () => {
    if (!taken) socket.end();
  });
}

async function takeLine(socket: Socket, serving: ControlServing, line: string, rest: Buffer): Promise<void> {
  const request = parseRequest(line);
  if (request === null)
    return reply(socket, failure('CONTROL_BAD_REQUEST', 'not a request this server knows'));
  if (request.op === 'mcp') {
    socket.setTimeout(0);
    socket.write('{"ok":true}\n');
    if (rest.length > 0) socket.unshift(rest);
    serving.relay(socket);
    return;
  }
  try {
    reply(socket, { ok: true, result: await serving.handle(request) });
  } catch (error) {
    const message = error instanceof PraxisError ? error.message : 'the server could not do that';
    reply(socket, failure(errorCode(error), message));
  }
}

function parseRequest(line: string): ControlRequest | null {
  try {
    return controlRequestSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function reply(socket: Socket, response: ControlResponse): void {
  socket.end(`${JSON.stringify(response)}\n`);
}

function failure(code: string, message: string): ControlResponse {
  return { ok: false, code, message };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new ServerError('CONTROL_BUSY', `cannot listen on ${path} (${errorCode(cause)})`, { cause }));
    });
    server.listen(path, resolve);
  });
}
