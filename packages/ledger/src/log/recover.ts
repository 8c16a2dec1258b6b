import { open } from 'node:fs/promises';
import { SET_ASIDE, type UnexplainedRegion } from '../chain-walk.ts';
import { ledgerError } from '../errors.ts';
import type { LedgerEntry } from '../record.ts';
import type { LogFile } from './log-file.ts';
import type { LogWalk } from './log-walk.ts';
import { readLines } from './read-lines.ts';

/** How to go on after the end of a log. */
export interface LogEnd {
  readonly size: number;
  /** Where the last record ends: before `size` when the last line is torn. */
  readonly recordsEnd: number;
  /** Bytes to write ahead of the next record: a newline when the last line is torn. */
  readonly prefix: '' | '\n';
  /** The record that commits to what a crash left behind, or null when the log ends cleanly. */
  readonly entry: LedgerEntry | null;
}

/**
 * Walks a log file from an offset to its end and decides how to go on. Throws `LEDGER_CORRUPT` with
 * the offset when its end was not merely torn.
 *
 * What is safe: an append interrupted by a crash or a full disk leaves a piece of a line, which is
 * kept, ended with a newline and committed to by a recovery record. That piece never ends like a whole
 * record. If something that looks like a whole record fails to verify, or stands after a bad line, then
 * acknowledged records may have been changed, and writing on would bury the evidence: the operator must
 * look first, and may then name the offset in `setAsideFrom` to go on with all of it set aside.
 */
export async function recoverEnd(
  file: LogFile,
  from: number,
  walk: LogWalk,
  setAsideFrom?: number,
): Promise<LogEnd> {
  const size = await walkFile(file.path, from, walk);
  const region = walk.chain.unexplained();
  if (region === null) return { size, recordsEnd: size, prefix: '', entry: null };
  if (!region.torn && setAsideFrom !== region.offset) throw corrupt(file.path, region);
  if (!region.terminated) walk.chain.fragment(Buffer.from('\n'), region.offset, 'torn_tail');
  return {
    size,
    recordsEnd: region.offset,
    prefix: region.terminated ? '' : '\n',
    entry: recoveryEntry(walk.chain.unexplained() ?? region),
  };
}

/** Hands every line of a file from an offset on to a walk. Returns the offset of the end. */
export async function walkFile(path: string, from: number, walk: LogWalk): Promise<number> {
  const handle = await open(path, 'r');
  try {
    return await readLines(handle, from, walk.chain);
  } finally {
    await handle.close();
  }
}

function recoveryEntry({ offset, length, sha256, code }: UnexplainedRegion): LedgerEntry {
  return {
    kind: 'recovery',
    decision: 'session',
    reason: SET_ASIDE,
    tool: 'praxis',
    tier: 'T0',
    args: { offset, length, sha256, code },
  };
}

function corrupt(path: string, region: UnexplainedRegion): Error {
  return ledgerError(
    'LEDGER_CORRUPT',
    `the ledger at \`${path}\` does not verify from byte ${region.offset} (${region.code}); verify it before anything is written to it`,
    { fields: { path, offset: region.offset, seq: region.seq, reason: region.code } },
  );
}
