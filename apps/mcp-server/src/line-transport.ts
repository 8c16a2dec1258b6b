import type { Readable, Writable } from 'node:stream';
import {
  isJSONRPCRequest,
  type JSONRPCMessage,
  parseJSONRPCMessage,
  type RequestId,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/server';
import { type LineFrame, LineFrames } from './line-frames.ts';
import { type RawBytes, rawBytesOf } from './raw-bytes.ts';
import { rpcError } from './rpc-error.ts';

/** The longest line a client may send, in bytes. */
export const STDIO_LINE_BYTES_MAX: number = 16 * 1024 * 1024;
/** How long calls that run when a client ends its input may still go on to their answers, in milliseconds. */
export const STDIO_DRAIN_MS = 2000;

/** Who is told what passes through a transport. */
export interface LineTransportHooks {
  /** Told every request before it is handed on. */
  readonly onrequest: (request: Readonly<Record<string, unknown>>) => void;
  /**
   * Told every line that is no message, and why, before it is answered. The answer, and whatever else the client
   * says, waits until this is done. Must not reject.
   */
  readonly onmalformed: (raw: RawBytes, why: string) => Promise<void>;
  /** Called once when the client has gone and its last answers are written. */
  readonly onclosed: () => void;
}

/**
 * JSON-RPC over lines (MCP stdio transport). Unlike the SDK's own it answers what is no message: -32700 for
 * what is no JSON, -32600 for a batch, for what is no JSON-RPC and for a line that is too long; the
 * connection goes on after each, and each is told to `onmalformed`. A client that ends its input still gets the answers that come soon.
 */
export class LineTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #hooks: LineTransportHooks;
  readonly #frames = new LineFrames(STDIO_LINE_BYTES_MAX);
  readonly #pending = new Set<RequestId>();
  /** How many lines that are no messages are not answered yet. */
  #refusing = 0;
  #undrained = false;
  #ended = false;
  #closed = false;
  #drainTimer: NodeJS.Timeout | null = null;

  constructor(input: Readable, output: Writable, hooks: LineTransportHooks) {
    this.#input = input;
    this.#output = output;
    this.#hooks = hooks;
  }

  start(): Promise<void> {
    this.#input.on('data', this.#onData);
    this.#input.once('end', this.#onEnd);
    this.#input.once('close', this.#onEnd);
    this.#input.on('error', this.#onBroken);
    this.#output.on('error', this.#onBroken);
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    const answered = !('method' in message) && message.id !== undefined ? message.id : null;
    return this.#write(serializeMessage(message)).finally(() => {
      if (answered === null) return;
      this.#pending.delete(answered);
      this.#closeWhenDrained();
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    if (this.#drainTimer !== null) clearTimeout(this.#drainTimer);
    // The error listeners stay: a write that is still on its way may fail yet, and must not end the process.
    this.#input.off('data', this.#onData);
    this.#input.pause();
    this.onclose?.();
    this.#hooks.onclosed();
    return Promise.resolve();
  }

  readonly #onData = (chunk: Buffer): void => {
    for (const frame of this.#frames.push(chunk)) this.#take(frame);
  };

  readonly #onEnd = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    const last = this.#frames.finish();
    if (last !== null) this.#take(last);
    this.#drainTimer = setTimeout(() => void this.close(), STDIO_DRAIN_MS);
    this.#closeWhenDrained();
  };

  readonly #onBroken = (error: Error): void => {
    if (!this.#closed) this.onerror?.(error);
    void this.close();
  };

  #take(frame: LineFrame): void {
    if (this.#closed) return;
    if (frame.kind === 'too_long')
      return this.#refuse(frame.raw, -32600, `a line has at most ${STDIO_LINE_BYTES_MAX} bytes`);
    if (frame.kind === 'not_utf8') return this.#refuse(frame.raw, -32700, 'the line is not UTF-8');
    if (frame.text.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(frame.text);
    } catch {
      return this.#refuse(rawBytesOf(frame.text), -32700, 'parse error');
    }
    this.#deliver(value, frame.text);
  }

  #deliver(value: unknown, text: string): void {
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(value);
    } catch {
      const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
      return this.#refuse(rawBytesOf(text), -32600, 'one JSON-RPC object is expected', id);
    }
    if (isJSONRPCRequest(message)) {
      this.#pending.add(message.id);
      this.#hooks.onrequest({ ...message });
    }
    this.onmessage?.(message);
  }

  /** Nothing more is read while a refusal is on its way: lines cannot pile up faster than they are recorded. */
  #refuse(raw: RawBytes, code: number, text: string, id: unknown = null): void {
    this.#refusing += 1;
    this.#input.pause();
    this.#hooks
      .onmalformed(raw, text)
      .then(() => this.#write(`${JSON.stringify(rpcError(code, text, id))}\n`))
      .catch(this.#onBroken)
      .finally(() => {
        this.#refusing -= 1;
        this.#resumeWhenFree();
        this.#closeWhenDrained();
      });
  }

  #write(line: string): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the connection is closed'));
    return new Promise((resolve, reject) => {
      const flows = this.#output.write(line, (error) => (error ? reject(error) : resolve()));
      if (!flows) this.#pauseUntilDrained();
    });
  }

  /** A client that does not read its answers is not listened to either: they would pile up here. */
  #pauseUntilDrained(): void {
    if (this.#undrained) return;
    this.#undrained = true;
    this.#input.pause();
    this.#output.once('drain', () => {
      this.#undrained = false;
      this.#resumeWhenFree();
    });
  }

  #resumeWhenFree(): void {
    if (!this.#closed && !this.#undrained && this.#refusing === 0) this.#input.resume();
  }

  #closeWhenDrained(): void {
    if (this.#ended && this.#pending.size === 0 && this.#refusing === 0) void this.close();
  }
}
