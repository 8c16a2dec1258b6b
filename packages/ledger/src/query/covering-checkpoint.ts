import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { sha256Hex } from '@praxis/core';
import type { WalkedRecord } from '../chain-walk.ts';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import { evidenceArgs } from '../evidence/evidence-entry.ts';
import { claimedHash, hashOfLine, parseLine } from '../line.ts';
import { startOfLastLines } from '../log/last-lines.ts';
import { LogWalk } from '../log/log-walk.ts';
import { readLines } from '../log/read-lines.ts';
import { walkFile } from '../log/recover.ts';
import type { StoredRecord } from '../record.ts';

/** How many bytes at the end of the evidence are looked at first. */
const LAST_BYTES = 32_768;
/** How many lines are looked at when there is no checkpoint in these; each time nothing is found, so many times more. */
const LAST_LINES_FIRST = 64;
const LAST_LINES_GROWTH = 16;
const NEWLINE = 0x0a;

/** A checkpoint, and who vouched for it. */
export interface CoveringCheckpoint {
  readonly note: string;
  readonly size: number;
  readonly root: string;
  readonly cosignatures: string[];
  readonly stamps: { stamper: string; token_base64: string }[];
}

/**
 * The last checkpoint of an evidence log when it covers record `seq`, or the first one that does with
 * `earliest`; null when none does. The last one is read from the end, so that its cost does not grow with
 * the evidence. Nothing is verified: whoever is given a proof does that.
 */
export async function coveringCheckpoint(
  evidence: string,
  seq: number,
  earliest = false,
): Promise<CoveringCheckpoint | null> {
  if (!existsSync(evidence)) return null;
  const choice = earliest ? new Choice(seq, true) : await lastChoice(evidence, seq);
  if (earliest) await walkFile(evidence, 0, new LogWalk(null, (record) => choice.take(record)));
  return choice.chosen;
}

async function lastChoice(evidence: string, seq: number): Promise<Choice> {
  const near = new Choice(seq, false);
  await takeLast(evidence, near);
  if (near.checkpoints > 0) return near;
  for (let lines = LAST_LINES_FIRST; ; lines *= LAST_LINES_GROWTH) {
    const { offset } = await startOfLastLines(evidence, lines);
    const choice = new Choice(seq, false);
    await takeFrom(evidence, offset, choice);
    // Checkpoints never shrink: when the last one does not cover the record, none does.
    if (choice.checkpoints > 0 || offset === 0) return choice;
  }
}

/** Takes the whole lines among the last bytes: from the last checkpoint there on, if there is one. */
async function takeLast(evidence: string, choice: Choice): Promise<void> {
  const file = await open(evidence, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - LAST_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const bytes = buffer.subarray(0, bytesRead);
    const records: StoredRecord[] = [];
    let end = bytes.lastIndexOf(NEWLINE);
    while (end > 0) {
      const newline = bytes.lastIndexOf(NEWLINE, end - 1);
      // A line whose beginning was not read is none.
      const record = newline === -1 && from > 0 ? null : recordIn(bytes.subarray(newline + 1, end));
      if (record !== null) records.push(record);
      if (record !== null && isCheckpoint(record)) break;
      end = newline;
    }
    for (const record of records.reverse()) choice.take(record);
  } finally {
    await file.close();
  }
}

async function takeFrom(evidence: string, offset: number, choice: Choice): Promise<void> {
  const file = await open(evidence, 'r');
  try {
    await readLines(file, offset, {
      line(line) {
        const record = recordIn(line);
        if (record !== null) choice.take(record);
      },
      fragment: () => undefined,
    });
  } finally {
    await file.close();
  }
}

/** The record in a line; what a crash left behind is none. */
function recordIn(line: Buffer): StoredRecord | null {
  const hash = claimedHash(line);
  const record = hash !== null && hash === hashOfLine(line) ? parseLine(line) : null;
  return typeof record === 'string' ? null : record;
}

function isCheckpoint(record: WalkedRecord): boolean {
  const note = evidenceArgs(record, 'checkpoint', ['note'])?.['note'];
  return note !== undefined && parseCheckpoint(note) !== null;
}

/** Picks a checkpoint out of records in their order, and what vouches for it out of those after it. */
class Choice {
  chosen: CoveringCheckpoint | null = null;
  checkpoints = 0;
  readonly #seq: number;
  readonly #first: boolean;

  constructor(seq: number, first: boolean) {
    this.#seq = seq;
    this.#first = first;
  }

  take(record: WalkedRecord): void {
    const note = evidenceArgs(record, 'checkpoint', ['note'])?.['note'];
    if (note !== undefined) this.#takeCheckpoint(note);
    else if (this.chosen !== null) this.#takeVoucher(this.chosen, record);
  }

  #takeCheckpoint(note: string): void {
    const parsed = parseCheckpoint(note);
    if (parsed === null) return;
    this.checkpoints += 1;
    const { size, root } = parsed.checkpoint;
    if (size <= this.#seq || (this.#first && this.chosen !== null)) return;
    this.chosen = { note, size, root, cosignatures: [], stamps: [] };
  }

  #takeVoucher({ note, stamps, cosignatures }: CoveringCheckpoint, record: WalkedRecord): void {
    const about = sha256Hex(note);
    const stamp = evidenceArgs(record, 'stamp', ['note_sha256', 'stamper', 'token_base64']);
    const cosignature = evidenceArgs(record, 'cosignature', ['note_sha256', 'lines']);
    if (stamp?.['note_sha256'] === about)
      stamps.push({ stamper: stamp['stamper'] ?? '', token_base64: stamp['token_base64'] ?? '' });
    if (cosignature?.['note_sha256'] === about) cosignatures.push(cosignature['lines'] ?? '');
  }
}
