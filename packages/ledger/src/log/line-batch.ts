import { LINE_BYTES_MAX } from '../line.ts';
import type { LedgerEntry, LedgerRecord } from '../record.ts';
import type { LedgerError } from '../errors.ts';

/** How many bytes one write takes at most, and the line that exceeds them. */
export const BATCH_BYTES_MAX = 1_048_576;

/** One line on its way to the disk, and the caller who waits for it. */
export class PendingLine {
  readonly entry: LedgerEntry;
  readonly record: LedgerRecord;
  /** Where the line ends within its batch, newline included. */
  readonly end: number;
  readonly promise: Promise<LedgerRecord>;
  readonly reject: (error: LedgerError) => void;
  readonly #resolve: (record: LedgerRecord) => void;

  constructor(entry: LedgerEntry, record: LedgerRecord, end: number) {
    this.entry = entry;
    this.record = record;
    this.end = end;
    this.promise = new Promise(keepSettlers);
    this.#resolve = settlers.resolve;
    this.reject = settlers.reject;
  }

  acknowledge(): void {
    this.#resolve(this.record);
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
export class LineBatch {
  /** Room for a last line of any length. Memory that no line has touched yet is only reserved. */
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES_MAX + LINE_BYTES_MAX + 1);
  /** How many bytes the lines have. */
  length = 0;
  lines: PendingLine[] = [];
  /** How many lines, from the first on, have been acknowledged. */
  acknowledged = 0;
  /** Where in the file the batch begins, once it is written. */
  offset = 0;

  add(line: PendingLine): void {
    this.lines.push(line);
    this.length = line.end;
  }

  /** Where a line begins, without the newline that may stand before it to end a torn one. */
  textOf(index: number): string {
    const start = this.lines[index - 1]?.end ?? 0;
    const end = (this.lines[index]?.end ?? start) - 1;
    return this.bytes.toString('utf8', this.bytes[start] === NEWLINE ? start + 1 : start, end);
  }

  /** Makes it as new. */
  clear(): void {
    this.length = 0;
    this.lines = [];
    this.acknowledged = 0;
  }
}

const NEWLINE = 0x0a;
