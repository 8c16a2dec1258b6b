import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorCode } from '@praxis/core';

/** What arrived where a request belongs: the status it is answered with, and a code that says why. */
export interface UnreadableRequest {
  readonly status: number;
  readonly code: string;
}

/** The errors that speak of what was sent. All others are of the connection: the client went away. */
const REFUSED_CODE = /^(?:HPE_[A-Z_]{1,64}|ERR_HTTP_REQUEST_TIMEOUT)$/;

const STATUS_OF: ReadonlyMap<string, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/**
 * Refuses what the HTTP parser of Node.js refuses before there is a request: records it once, answers it and
 * ends the connection. What breaks in the body of a request that was handed on belongs to that request, and is
 * recorded by whoever reads it.
 */
export class UnreadableRequests {
  readonly #record: (unreadable: UnreadableRequest) => Promise<void>;
  readonly #latest = new WeakMap<Socket, Exchange>();
  readonly #refused = new WeakSet<Socket>();

  constructor(record: (unreadable: UnreadableRequest) => Promise<void>) {
    this.#record = record;
  }

  /** Takes note of a request that could be read. */
  began(req: IncomingMessage, res: ServerResponse): void {
    this.#latest.set(req.socket, { req, res });
  }

  /** For `clientError`, which must end the connection. */
  refuse(error: Error, socket: Socket): void {
    const code = errorCode(error);
    if (this.#refused.has(socket)) return;
    const status = STATUS_OF.get(code) ?? 400;
    const nothingWasAsked = !REFUSED_CODE.test(code) || socket.bytesRead === 0;
    const inTheBody = this.#latest.get(socket)?.req.complete === false;
    if (nothingWasAsked || inTheBody) this.#end(socket, status);
    else this.#recordAndEnd(socket, { status, code });
  }

  /** For `connect`: this server is no proxy. */
  refuseTunnel(socket: Socket): void {
    this.#recordAndEnd(socket, { status: 405, code: 'CONNECT' });
  }

  #recordAndEnd(socket: Socket, unreadable: UnreadableRequest): void {
    this.#refused.add(socket);
    // Nobody else listens on a connection that Node.js has handed over: its client's going away would end the process.
    socket.on('error', () => socket.destroy());
    socket.pause();
    const end = (): void => this.#end(socket, unreadable.status);
    this.#record(unreadable).then(end, end);
  }

  #end(socket: Socket, status: number): void {
    const res = this.#latest.get(socket)?.res;
    // In the middle of another answer these bytes would be taken for a part of it.
    const mayAnswer = socket.writable && (res === undefined || !res.headersSent || res.writableFinished);
    if (!mayAnswer) {
      socket.destroy();
      return;
    }
    const reason = STATUS_CODES[status] ?? '';
    socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.destroySoon();
  }
}
