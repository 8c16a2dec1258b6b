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

/** How many lines at the end of the evidence are looked at first; each time nothing is found, so many times more. */
const LAST_LINES_FIRST = 4;
const LAST_LINES_GROWTH = 16;

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
  for (let lines = LAST_LINES_FIRST; ; lines *= LAST_LINES_GROWTH) {
    const { offset } = await startOfLastLines(evidence, lines);
    const choice = new Choice(seq, false);
    await takeFrom(evidence, offset, choice);
    // Checkpoints never shrink: when the last one does not cover the record, none does.
    if (choice.checkpoints > 0 || offset === 0) return choice;
  }
}

async function takeFrom(evidence: string, offset: number, choice: Choice): Promise<void> {
  const file = await open(evidence, 'r');
  try {
    await readLines(file, offset, {
      line(line) {
        // What a crash left behind is no record.
        const record = claimedHash(line) === hashOfLine(line) ? parseLine(line) : null;
        if (record !== null && typeof record !== 'string') choice.take(record);
      },
      fragment: () => undefined,
    });
  } finally {
    await file.close();
  }
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
