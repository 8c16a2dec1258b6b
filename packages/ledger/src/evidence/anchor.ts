import { closeSync, fsyncSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorMessage } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { openLogFile } from '../log/log-file.ts';
import { parseCheckpoint } from './checkpoint.ts';

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

/** A line of an anchor: a signed checkpoint, or null for a line that is none. */
export type AnchorLine = {
  readonly note: string;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
} | null;

/** Reads an anchor line by line. Throws what the system says when it cannot be read. */
export async function* readAnchor(path: string): AsyncGenerator<AnchorLine> {
  const file = await open(path, 'r');
  try {
    for await (const line of file.readLines({ encoding: 'utf8' })) {
      if (line !== '') yield line.length > ANCHOR_LINE_BYTES_MAX ? null : anchorLine(line);
    }
  } finally {
    await file.close();
  }
}

function anchorLine(line: string): AnchorLine {
  let note: unknown;
  try {
    note = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof note !== 'string') return null;
  const parsed = parseCheckpoint(note);
  if (parsed === null) return null;
  const { origin, size, root } = parsed.checkpoint;
  return { note, origin, size, root };
}
