import { connect, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { errorCode, PraxisError } from '@praxis/core';
import { ServerError } from '../errors.ts';
import { CONTROL_TIMEOUT_MS, type ControlRequest, type ControlResponse } from './protocol.ts';

/** The largest answer of a server, in bytes. */
const ANSWER_BYTES_MAX: number = 16 * 1024 * 1024;

/**
 * Asks the running server one thing. Throws `CONTROL_UNREACHABLE` when none is running, and what the server
 * answered as an error with the server's own code.
 */
export async function askServer(path: string, request: ControlRequest): Promise<unknown> {
  const socket = await open(path);
  socket.setTimeout(CONTROL_TIMEOUT_MS, () => socket.destroy());
  socket.write(`${JSON.stringify(request)}\n`);
  const response = parseResponse(await readAll(socket));
  if (response.ok) return response.result;
  throw new PraxisError(response.code, response.message);
}

/** Whether a server answers on the socket. */
export async function serverRuns(path: string): Promise<boolean> {
  try {
    await askServer(path, { op: 'status' });
    return true;
  } catch {
    return false;
  }
}

/** Joins a process's own stdio to the running server, as one more MCP client of it. Ends when either side does. */
export async function relayStdio(path: string, input: Readable, output: Writable): Promise<void> {
  const socket = await open(path);
  socket.write('{"op":"mcp"}\n');
  const greeting = await readLine(socket);
  if (greeting !== '{"ok":true}')
    throw new ServerError('CONTROL_PROTOCOL', 'the server would not take an MCP client');
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
    input.pipe(socket);
    socket.pipe(output, { end: false });
  });
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) => {
      reject(
        new ServerError('CONTROL_UNREACHABLE', `no server answers on ${path} (${errorCode(cause)})`, {
          cause,
        }),
      );
    });
  });
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    lengthBytes += chunk.length;
    if (lengthBytes > ANSWER_BYTES_MAX) throw new ServerError('CONTROL_PROTOCOL', 'the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf(0x0a);
      if (end < 0) return;
      socket.off('data', onData);
      socket.pause();
      const rest = received.subarray(end + 1);
      if (rest.length > 0) socket.unshift(rest);
      resolve(received.subarray(0, end).toString('utf8'));
    };
    socket.on('data', onData);
    socket.once('close', () =>
      reject(new ServerError('CONTROL_PROTOCOL', 'the server closed the connection')),
    );
  });
}

function parseResponse(text: string): ControlResponse {
  try {
    return JSON.parse(text) as ControlResponse;
  } catch (cause) {
    throw new ServerError('CONTROL_PROTOCOL', 'the server gave no answer', { cause });
  }
}
