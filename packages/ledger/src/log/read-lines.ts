import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LINE_BYTES_MAX } from '../line.ts';
import { endScanAt, SCAN_PADDING_BYTES, type ScanBytes, scanBytes } from '../scan-bytes.ts';

/** How much of a log is read at a time at most, in bytes. */
export const READ_BYTES = 1_048_576;
const CHUNK_BYTES_MIN = 16_384;
const CHUNK_BYTES_MAX: number = READ_BYTES + LINE_BYTES_MAX;
/** How many buffers of the largest size are kept for who reads next: a log has many segments, and its evidence is read beside it. */
const SPARE_MAX = 2;
/** How long a line without its newline is waited for at the end of a file, in milliseconds, and how often. */
const TAIL_WAIT_MS = 10;
const TAIL_WAITS_MAX = 3;
const NEWLINE = 0x0a;

/** Who takes the lines. Buffers are only valid during the call. */
export interface LineTaker {
  /**
   * Asked first: takes the line that begins at `start`, if it can without being shown where the line ends,
   * and gives the index after its newline; -1 when the line is to be handed to `line`. The bytes end at
   * `end`, with the padding that `endScanAt` puts there; `offset` is where the line begins in the file.
   */
  quickLine?(scan: ScanBytes, start: number, end: number, offset: number): number;
  line(line: Buffer, offset: number): void;
  fragment(bytes: Buffer, offset: number, code: 'torn_tail' | 'line_too_long'): void;
}

/**
 * Reads a file from `from` to its end and hands over its lines, split on `\n` alone, in memory
 * bounded by `READ_BYTES` and `LINE_BYTES_MAX`. Returns the offset of the end.
 */
export async function readLines(file: FileHandle, from: number, taker: LineTaker): Promise<number> {
  const reader = new LineReader(from, taker);
  for (let bytesRead = await reader.readFrom(file); bytesRead > 0; bytesRead = await reader.readFrom(file)) {
    reader.take(bytesRead);
  }
  reader.end();
  return reader.at;
}

/**
 * The same for a file that may be written meanwhile: reads up to `limit`, which is how long the file was
 * when the reader began to care, and then to the end of the line there. Waits for `beforeChunk` ahead of
 * each piece.
 */
export async function readLinesUpTo(
  file: FileHandle,
  range: { readonly from: number; readonly limit: number },
  taker: LineTaker,
  beforeChunk: (at: number) => Promise<void>,
): Promise<number> {
  const reader = new LineReader(range.from, taker);
  while (reader.at < range.limit) {
    const bytesRead = await reader.readFrom(file, range.limit);
    if (bytesRead === 0) break;
    await beforeChunk(reader.at - bytesRead);
    reader.take(bytesRead);
  }
  for (let waits = 0; reader.midLine && waits < TAIL_WAITS_MAX; ) {
    if (await reader.takeRestOfLine(file)) continue;
    waits += 1;
    await sleep(TAIL_WAIT_MS);
  }
  reader.end();
  return reader.at;
}

/** Cuts what is read into lines; see `readLines`. */
export class LineReader {
  /** How far the file was read. */
  at: number;
  #offset: number;
  /** How many bytes of an unfinished line stand at the start of the chunk. */
  #held = 0;
  #overlong = false;
  #scan: ScanBytes = scanBytes(CHUNK_BYTES_MIN);
  readonly #taker: LineTaker;

  constructor(offset: number, taker: LineTaker) {
    this.at = offset;
    this.#offset = offset;
    this.#taker = taker;
  }

  get #chunk(): Buffer {
    return this.#scan.bytes;
  }

  get #capacity(): number {
    return this.#scan.bytes.length - SCAN_PADDING_BYTES;
  }

  /** Whether what was read so far ends within a line. */
  get midLine(): boolean {
    return this.#held > 0;
  }

  /** Reads the next piece, not beyond `limit`; `take` must follow. */
  async readFrom(file: FileHandle, limit: number = Number.MAX_SAFE_INTEGER): Promise<number> {
    const room = Math.min(this.#capacity - this.#held, READ_BYTES, limit - this.at);
    const { bytesRead } = await file.read(this.#chunk, this.#held, room, this.at);
    this.at += bytesRead;
    return bytesRead;
  }

  /** Takes what the file has of the current line, and nothing after it. Answers false when it has no more. */
  async takeRestOfLine(file: FileHandle): Promise<boolean> {
    const from = this.#held;
    const bytesRead = await this.readFrom(file);
    const newline = this.#chunk.subarray(from, from + bytesRead).indexOf(NEWLINE);
    const taken = newline === -1 ? bytesRead : newline + 1;
    this.at -= bytesRead - taken;
    if (taken > 0) this.take(taken);
    return taken > 0;
  }

  take(bytesRead: number): void {
    const end = this.#held + bytesRead;
    endScanAt(this.#scan, end);
    let start = 0;
    // What is held has been searched already.
    let newline = this.#held === 0 ? 0 : this.#newlineFrom(this.#held, end);
    while (newline !== -1 && start < end) {
      const next = this.#takeQuickly(start, end);
      if (next === -1) {
        if (newline <= start) newline = this.#newlineFrom(start, end);
        if (newline === -1) break;
        this.#finish(start, newline);
        start = newline + 1;
      } else {
        start = next;
      }
    }
    this.#held = end - start;
    if (end === this.#capacity && end < CHUNK_BYTES_MAX) this.#grow(start, end);
    else this.#chunk.copyWithin(0, start, end);
    if (this.#held >= LINE_BYTES_MAX) this.#spill();
  }

  #newlineFrom(at: number, end: number): number {
    const newline = this.#chunk.indexOf(NEWLINE, at);
    return newline < end ? newline : -1;
  }

  /** The start of the next line when the one at `start` was taken as it stands, else -1. */
  #takeQuickly(start: number, end: number): number {
    if (this.#overlong) return -1;
    const next = this.#taker.quickLine?.(this.#scan, start, end, this.#offset) ?? -1;
    if (next !== -1) this.#offset += next - start;
    return next;
  }

  /** The file ended. Nothing may be read or taken after it. */
  end(): void {
    this.#taker.fragment(this.#chunk.subarray(0, this.#held), this.#offset, 'torn_tail');
    this.#held = 0;
    giveBack(this.#scan);
    this.#scan = scanBytes(0);
  }

  /** Small files are read into a small buffer; one that was filled gets a larger one. */
  #grow(start: number, end: number): void {
    const larger = spare.pop() ?? scanBytes(Math.min(CHUNK_BYTES_MAX, this.#capacity * 4));
    this.#chunk.copy(larger.bytes, 0, start, end);
    this.#scan = larger;
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
    this.#taker.fragment(this.#chunk.subarray(0, this.#held), this.#offset, 'line_too_long');
    this.#offset += this.#held;
    this.#held = 0;
    this.#overlong = true;
  }
}

/** The buffers of readers that came to the end. */
const spare: ScanBytes[] = [];

function giveBack(scan: ScanBytes): void {
  if (scan.bytes.length === CHUNK_BYTES_MAX + SCAN_PADDING_BYTES && spare.length < SPARE_MAX)
    spare.push(scan);
}
