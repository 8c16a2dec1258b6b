import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject } from '@praxis/core';
import { claimedHash, hashOfLine, parseLine } from '../line.ts';
import type { LineReader } from '../log/read-lines.ts';
import type { StoredRecord } from '../record.ts';

/** How long a line without its newline is waited for at the end of a log, in milliseconds, and how often. */
const TAIL_WAIT_MS = 10;
const TAIL_WAITS_MAX = 3;
const NEWLINE = 0x0a;
const RECOVERY = '"kind":"recovery"';

/** Lines of a log that are no records, or not as they were written. */
export interface DamageReport {
  readonly lines: number;
  /** Where the first of them begins, in bytes from the start of its file. */
  readonly first: { readonly path: string; readonly offset: number } | null;
}

/** Damaged lines that follow each other. */
interface Run {
  readonly offset: number;
  end: number;
  lines: number;
}

/**
 * Counts the lines of a log that cannot be told what they were, so that no reader takes what is left for the whole:
 * those that are no records and those that do not have their own digest. What a recovery record says a crash left
 * does not count. This is no verification: it finds damage, not forgery.
 */
export class DamageTally {
  #path = '';
  #lines = 0;
  #first: DamageReport['first'] = null;
  #run: Run | null = null;
  /** Where a line that is longer than any record goes on. */
  #goesOnAt = -1;

  /** What was found so far. */
  get report(): DamageReport {
    const run = this.#run;
    if (run === null) return { lines: this.#lines, first: this.#first };
    return { lines: this.#lines + run.lines, first: this.#first ?? { path: this.#path, offset: run.offset } };
  }

  /** What follows stands in this file. */
  enter(path: string): void {
    this.#settle();
    this.#path = path;
    this.#goesOnAt = -1;
  }

  /** Takes a line without its newline; `record` when it was parsed already. */
  line(line: Buffer, offset: number, record: StoredRecord | string | null): void {
    const claimed = typeof record === 'string' ? null : claimedHash(line);
    if (claimed === null || claimed !== hashOfLine(line)) return this.#bad(offset, line.length + 1);
    if (this.#run === null) return;
    if (!line.includes(RECOVERY) || !recovers(parseLine(line), this.#run)) this.#settle();
    this.#run = null;
  }

  /** Takes bytes that are no line of a record, as `LineTaker` has them. */
  fragment(bytes: Buffer, offset: number): void {
    if (bytes.length === 0) return;
    if (offset === this.#goesOnAt && this.#run !== null) this.#run.end += bytes.length;
    else this.#bad(offset, bytes.length);
    this.#goesOnAt = bytes.at(-1) === NEWLINE ? -1 : offset + bytes.length;
  }

  #bad(offset: number, lengthBytes: number): void {
    this.#run ??= { offset, end: offset, lines: 0 };
    this.#run.end = offset + lengthBytes;
    this.#run.lines += 1;
  }

  #settle(): void {
    const { lines, first } = this.report;
    this.#lines = lines;
    this.#first = first;
    this.#run = null;
  }
}

/** Whether a record says that these bytes were left behind by a crash. Reading may have begun within them. */
function recovers(record: StoredRecord | string, run: Run): boolean {
  if (typeof record === 'string' || record.kind !== 'recovery' || record.reason !== 'set_aside') return false;
  const { args } = record;
  if (!isJsonObject(args)) return false;
  const { offset, length } = args;
  if (typeof offset !== 'number' || typeof length !== 'number') return false;
  return offset <= run.offset && offset + length === run.end;
}

/** Reads what is still being written of the last line, and tells the taker of the end. */
export async function finishReading(reader: LineReader, file: FileHandle): Promise<void> {
  for (let waits = 0; reader.midLine && waits < TAIL_WAITS_MAX; ) {
    if (await reader.takeRestOfLine(file)) continue;
    waits += 1;
    await sleep(TAIL_WAIT_MS);
  }
  reader.end();
}
