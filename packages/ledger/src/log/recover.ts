import { open } from 'node:fs/promises';
import {
  type ChainPosition,
  ChainWalk,
  type OpenIntent,
  SET_ASIDE,
  type UnexplainedRegion,
} from '../chain-walk.ts';
import { ledgerError } from '../errors.ts';
import type { LedgerEntry, StoredRecord } from '../record.ts';
import type { LogFile } from './log-file.ts';
import { readLines } from './read-lines.ts';

/** What reading a log's end gives: where to go on, and what must be recorded before anything else. */
export interface RecoveredTail {
  readonly position: ChainPosition;
  /** The size of the file, and where its last record ends: they differ when the last line is torn. */
  readonly size: number;
  readonly recordsEnd: number;
  readonly records: number;
  readonly openIntents: readonly OpenIntent[];
  /** Bytes to write ahead of the next record: a newline when the last line is torn. */
  readonly prefix: '' | '\n';
  /** The record that commits to what a crash left behind, or null when the log ends cleanly. */
  readonly entry: LedgerEntry | null;
}

/**
 * Reads a log from a known position to its end and decides how to go on. Throws `LEDGER_CORRUPT` with
 * the offset when its end was not merely torn.
 *
 * What is safe: an append interrupted by a crash or a full disk leaves a piece of a line, which is
 * kept, ended with a newline and committed to by a recovery record. That piece never ends like a whole
 * record. If something that looks like a whole record fails to verify, or stands after a bad line, then
 * acknowledged records may have been changed, and writing on would bury the evidence: the operator must
 * look first, and may then name the offset in `setAsideFrom` to go on with all of it set aside.
 */
export async function recoverTail(
  file: LogFile,
  from: number,
  position: ChainPosition,
  options: {
    setAsideFrom?: number | undefined;
    onRecord?: (record: StoredRecord, line: Buffer, offset: number) => void;
  } = {},
): Promise<RecoveredTail> {
  const walk = new ChainWalk(position, options.onRecord);
  const handle = await open(file.path, 'r');
  let size: number;
  try {
    size = await readLines(handle, from, walk);
  } finally {
    await handle.close();
  }
  const region = walk.unexplained();
  if (region !== null && !region.torn && options.setAsideFrom !== region.offset) {
    throw corrupt(file.path, region);
  }
  return {
    position: walk.position,
    size,
    recordsEnd: region?.offset ?? size,
    records: walk.records,
    openIntents: [...walk.openIntents.values()],
    prefix: region === null || region.terminated ? '' : '\n',
    entry: region === null ? null : recoveryEntry(walk, region),
  };
}

function recoveryEntry(walk: ChainWalk, region: UnexplainedRegion): LedgerEntry {
  if (!region.terminated) walk.fragment(Buffer.from('\n'), region.offset, 'torn_tail');
  const { offset, length, sha256 } = walk.unexplained() ?? region;
  return {
    kind: 'recovery',
    decision: 'session',
    reason: SET_ASIDE,
    tool: 'praxis',
    tier: 'T0',
    args: { offset, length, sha256, code: region.code },
  };
}

function corrupt(path: string, region: UnexplainedRegion): Error {
  return ledgerError(
    'LEDGER_CORRUPT',
    `the ledger at \`${path}\` does not verify from byte ${region.offset} (${region.code}); verify it before anything is written to it`,
    { fields: { path, offset: region.offset, seq: region.seq, reason: region.code } },
  );
}
