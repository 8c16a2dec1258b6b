import type { LedgerError } from '../errors.ts';
import { LINE_BYTES_MAX } from '../line.ts';
import type { LedgerEntry, LedgerRecord } from '../record.ts';
import {
  type LaidOutLines,
  MARK_END,
  MARK_START,
  MARKS_PER_LINE,
  sealedHash,
  sealLines,
} from '../seal-lines.ts';
import { BATCH_LINES_MAX, batchMemory, linesIn } from './batch-memory.ts';

/** How many bytes one write takes at most, and the line that exceeds them. */
export const BATCH_BYTES_MAX = 1_048_576;

/** One line on its way to the disk, and the caller who waits for it. */
export class PendingLine {
  readonly entry: LedgerEntry;
  readonly seq: number;
  readonly ts: number;
  readonly promise: Promise<LedgerRecord>;
  readonly resolve: (record: LedgerRecord) => void;
  readonly reject: (error: LedgerError) => void;

  constructor(entry: LedgerEntry, seq: number, ts: number) {
    this.entry = entry;
    this.seq = seq;
    this.ts = ts;
    this.promise = new Promise(keepSettlers);
    this.resolve = settlers.resolve;
    this.reject = settlers.reject;
  }
}

/** Those of the promise that was made last: one function for all promises, instead of one for each. */
const settlers: {
  resolve: (record: LedgerRecord) => void;
  reject: (error: LedgerError) => void;
} = { resolve: () => undefined, reject: () => undefined };

function keepSettlers(resolve: (record: LedgerRecord) => void, reject: (error: LedgerError) => void): void {
  settlers.resolve = resolve;
  settlers.reject = reject;
}

/** Lines that are written together. They are encoded where they are written from; nothing is copied. */
export class LineBatch implements LaidOutLines {
  /** Room for a last line of any length. */
  readonly memory: SharedArrayBuffer = batchMemory(BATCH_BYTES_MAX + LINE_BYTES_MAX + 1);
  readonly bytes: Buffer;
  /** See `MARKS_PER_LINE`. */
  readonly marks: Int32Array;
  /** How many bytes the lines have. */
  length = 0;
  lines: PendingLine[] = [];
  /** How many lines, from the first on, have been chained and digested, and acknowledged. */
  sealed = 0;
  acknowledged = 0;
  /** Those of the lines that were sealed here. A batch is sealed here from its first line on, or not at all. */
  #digests: string[] = [];
  /** Where in the file the batch begins, once it is written. */
  offset = 0;

  constructor() {
    const { bytes, marks } = linesIn(this.memory);
    this.bytes = bytes;
    this.marks = marks;
  }

  get isFull(): boolean {
    return this.length >= BATCH_BYTES_MAX || this.lines.length >= BATCH_LINES_MAX;
  }

  /** Takes a line that was laid out, marks included. */
  add(line: PendingLine): void {
    this.length = this.marks[this.lines.length * MARKS_PER_LINE + MARK_END] ?? 0;
    this.lines.push(line);
  }

  /** Where a line ends, newline included; 0 for the one before the first. */
  endOf(index: number): number {
    return index < 0 ? 0 : (this.marks[index * MARKS_PER_LINE + MARK_END] ?? 0);
  }

  /** Seals what is not sealed yet after the line with this digest. Gives that of the last one. */
  seal(prevHash: string): string {
    const from = this.sealed;
    this.sealed = this.lines.length;
    return sealLines(this, from, this.sealed, prevHash, this.#digests);
  }

  /** The digest of a line that was sealed. */
  hashOf(index: number): string {
    // What a thread has sealed is read from the line.
    return this.#digests[index] ?? sealedHash(this, index);
  }

  /** A line without its newline, and without the one that may stand before it to end a torn one. */
  textOf(index: number): string {
    return this.bytes.toString(
      'utf8',
      this.marks[index * MARKS_PER_LINE + MARK_START],
      this.endOf(index) - 1,
    );
  }

  /** Makes it as new. */
  clear(): void {
    this.length = 0;
    this.lines = [];
    this.sealed = 0;
    this.#digests = [];
    this.acknowledged = 0;
  }
}

/** How many lines of a batch are acknowledged first, when their callers shall go ahead of the others: half of them. */
export function releasedFirst({ lines }: LineBatch): number {
  return Math.ceil(lines.length / 2);
}
