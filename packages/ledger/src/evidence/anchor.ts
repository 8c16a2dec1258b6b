import { closeSync, fsyncSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorMessage } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { openLogFile } from '../log/log-file.ts';
import { LineReader } from '../log/read-lines.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';

/**
 * An anchor is an append-only file elsewhere: another disk, host or account. Each line is one signed
 * checkpoint as a JSON string, so that whoever cuts or replaces the log and its evidence must reach
 * the anchor too. Several ledgers may share one: the first line of a checkpoint says whose it is.
 */
export function appendAnchor(path: string, note: string): void {
  // A newline first: whatever a crash left of an earlier line stays a line of its own.
  writeAnchor(path, `\n${JSON.stringify(note)}\n`);
}

/**
 * Writes an empty line, which means nothing, to find out whether the anchor takes any. Throws
 * `LEDGER_ANCHOR_UNWRITABLE`.
 */
export function probeAnchor(path: string): void {
  try {
    writeAnchor(path, '\n');
  } catch (cause) {
    throw ledgerError('LEDGER_ANCHOR_UNWRITABLE', `the anchor cannot be written: ${errorMessage(cause)}`, {
      cause,
      fields: { path },
    });
  }
}

function writeAnchor(path: string, text: string): void {
  const file = openLogFile(path);
  try {
    writeFileSync(file.fd, text);
    fsyncSync(file.fd);
  } finally {
    closeSync(file.fd);
  }
}

/** The longest anchor line that is read, in bytes. */
const ANCHOR_LINE_BYTES_MAX = 131_072;

/** A line of an anchor: a signed checkpoint. */
export type AnchorLine = Pick<Checkpoint, 'origin' | 'size' | 'root'>;

/**
 * Reads an anchor piece by piece, up to where it ended when the reading began: what a running server adds
 * meanwhile may speak for records that were read past already. Lines that are none are passed over.
 */
export class AnchorReader {
  readonly path: string;
  /** Where it ended, in bytes. */
  readonly limit: number;
  readonly #reader: LineReader;
  #file: FileHandle | null = null;
  #ended = false;

  /** Throws what the system says when there is no such file. */
  constructor(path: string, take: (line: AnchorLine) => void, limit: number = statSync(path).size) {
    this.path = path;
    this.limit = limit;
    const takeLine = (bytes: Buffer): void => {
      const line = anchorLine(bytes);
      if (line !== null) take(line);
    };
    this.#reader = new LineReader(0, {
      line: takeLine,
      // The last line counts without its newline, too.
      fragment: (bytes, _offset, code) => (code === 'torn_tail' ? takeLine(bytes) : undefined),
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Hands over the lines of the next piece. Throws what the system says when it cannot be read. */
  async readPiece(): Promise<void> {
    this.#file ??= await open(this.path, 'r');
    const bytesRead = await this.#reader.readFrom(this.#file, this.limit);
    if (bytesRead > 0) return this.#reader.take(bytesRead);
    this.#reader.end();
    this.#ended = true;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }
}

/** The checkpoint in a line, or null: a damaged line of an anchor proves nothing, either way. */
function anchorLine(line: Buffer): AnchorLine | null {
  if (line.length === 0 || line.length > ANCHOR_LINE_BYTES_MAX) return null;
  let note: unknown;
  try {
    note = JSON.parse(line.toString('utf8'));
  } catch {
    return null;
  }
  return typeof note === 'string' ? (parseCheckpoint(note)?.checkpoint ?? null) : null;
}
