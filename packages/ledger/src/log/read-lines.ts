import type { FileHandle } from 'node:fs/promises';
import { LINE_BYTES_MAX } from '../line.ts';

/** How much of a log is read at a time, in bytes. */
export const READ_BYTES = 1_048_576;
const NEWLINE = 0x0a;

/** Who takes the lines. Buffers are only valid during the call. */
export interface LineTaker {
  line(line: Buffer, offset: number): void;
  fragment(bytes: Buffer, offset: number, code: 'torn_tail' | 'line_too_long'): void;
}

/**
 * Reads a file from `from` to its end and hands over its lines, split on `\n` alone, in memory
 * bounded by `READ_BYTES` and `LINE_BYTES_MAX`. Returns the offset of the end.
 */
export async function readLines(file: FileHandle, from: number, taker: LineTaker): Promise<number> {
  const chunk = Buffer.allocUnsafe(READ_BYTES + LINE_BYTES_MAX);
  const reader = new LineReader(chunk, from, taker);
  for (;;) {
    const { bytesRead } = await file.read(chunk, reader.held, READ_BYTES, from);
    if (bytesRead === 0) break;
    from += bytesRead;
    reader.take(bytesRead);
  }
  reader.end();
  return from;
}

class LineReader {
  /** How many bytes of an unfinished line stand at the start of the chunk. */
  held = 0;
  #offset: number;
  #overlong = false;
  readonly #chunk: Buffer;
  readonly #taker: LineTaker;

  constructor(chunk: Buffer, offset: number, taker: LineTaker) {
    this.#chunk = chunk;
    this.#offset = offset;
    this.#taker = taker;
  }

  take(bytesRead: number): void {
    const end = this.held + bytesRead;
    let start = 0;
    const bytes = this.#chunk.subarray(0, end);
    // What is held has been searched already.
    let newline = bytes.indexOf(NEWLINE, this.held);
    while (newline !== -1) {
      this.#finish(start, newline);
      start = newline + 1;
      newline = bytes.indexOf(NEWLINE, start);
    }
    this.#chunk.copyWithin(0, start, end);
    this.held = end - start;
    if (this.held >= LINE_BYTES_MAX) this.#spill();
  }

  end(): void {
    this.#taker.fragment(this.#chunk.subarray(0, this.held), this.#offset, 'torn_tail');
  }

  #finish(start: number, newline: number): void {
    if (this.#overlong) {
      this.#taker.fragment(this.#chunk.subarray(start, newline + 1), this.#offset, 'line_too_long');
      this.#overlong = false;
    } else {
      this.#taker.line(this.#chunk.subarray(start, newline), this.#offset);
    }
    this.#offset += newline + 1 - start;
  }

  /** A line longer than any record is handed on in pieces, so that it cannot exhaust memory. */
  #spill(): void {
    this.#taker.fragment(this.#chunk.subarray(0, this.held), this.#offset, 'line_too_long');
    this.#offset += this.held;
    this.held = 0;
    this.#overlong = true;
  }
}
