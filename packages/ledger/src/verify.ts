import { open } from 'node:fs/promises';
import { errorMessage } from '@praxis/core';
import {
  type BadPlace,
  type ChainFault,
  ChainWalk,
  type OpenIntent,
  type RecoveredRegion,
} from './chain-walk.ts';
import { LINE_BYTES_MAX } from './line.ts';
import { readLines } from './log/read-lines.ts';
import { RECORD_VERSION } from './record.ts';

/** How many interrupted actions and recovered regions a report lists; the counts go on. */
export const REPORT_ITEMS_MAX = 1_000;

/** The first bad place of a log; `unreadable` when the file itself cannot be read. */
export interface FirstBad {
  readonly offset: number;
  readonly seq: number;
  readonly code: ChainFault | 'unreadable';
}

/** `closed_by` is null while no record says yet that the outcome is unknown. */
export type InterruptedReport = OpenIntent & { readonly closed_by: number | null };

/** What verifying found. */
export interface VerifyReport {
  /** True only when every byte is explained. */
  readonly ok: boolean;
  /** How many records are whole, up to the first bad place. */
  readonly records: number;
  readonly first_bad: FirstBad | null;
  /** How many records no checkpoint covers: these could be cut off without a trace. */
  readonly unanchored_tail: number;
  /** Intents without an outcome: interrupted, outcome unknown; or still running. */
  readonly interrupted: readonly InterruptedReport[];
  readonly interrupted_count: number;
  /** What crashes left behind, each committed to by a recovery record. */
  readonly recovered: readonly RecoveredRegion[];
  readonly last_hash: string;
  readonly origin_id: string | null;
  /** For people: what was expected at the first bad place, or why the file cannot be read. */
  readonly detail: string | null;
}

/**
 * Verifies a log from its bytes alone, streaming and in constant memory. Any changed byte makes it
 * fail at the record that holds the byte. Never throws for what it finds in or about the file.
 */
export async function verifyLedger(path: string): Promise<VerifyReport> {
  const walk = new ChainWalk();
  let failure: string | null = null;
  try {
    const file = await open(path, 'r');
    try {
      await readLines(file, 0, walk);
    } finally {
      await file.close();
    }
  } catch (error) {
    failure = errorMessage(error);
  }
  return report(walk, failure);
}

function report(walk: ChainWalk, failure: string | null): VerifyReport {
  const { nextSeq, prevHash, originId } = walk.position;
  const bad = walk.firstBad;
  const unreadable = failure === null ? null : { offset: 0, seq: nextSeq, code: 'unreadable' as const };
  return {
    ok: bad === null && unreadable === null,
    records: walk.records,
    first_bad: bad ?? unreadable,
    unanchored_tail: walk.records,
    interrupted: interruptedIn(walk),
    interrupted_count: walk.interruptedCount + walk.openIntents.size,
    recovered: walk.recovered.slice(0, REPORT_ITEMS_MAX),
    last_hash: prevHash,
    origin_id: originId,
    detail: failure ?? (bad === null ? null : expectation(bad, prevHash)),
  };
}

function interruptedIn(walk: ChainWalk): InterruptedReport[] {
  const open = [...walk.openIntents.values()].map((intent) => ({ ...intent, closed_by: null }));
  return [...walk.interrupted, ...open].slice(0, REPORT_ITEMS_MAX);
}

const EXPECTED: Readonly<Record<Exclude<ChainFault, 'prev_hash_mismatch' | 'seq_gap'>, string>> = {
  entry_hash_mismatch: 'entry_hash to be the SHA-256 of the rest of the line',
  origin_mismatch: 'the origin_id of the records before',
  bad_json: 'one JSON object per line, in UTF-8',
  not_canonical: 'the canonical form (RFC 8785) of a record',
  unknown_version: `a record of version ${RECORD_VERSION}`,
  line_too_long: `a line of at most ${LINE_BYTES_MAX} bytes`,
  torn_tail: 'a newline after the last record',
  recovery_mismatch: 'the bytes that this recovery record commits to',
};

function expectation(bad: BadPlace, prevHash: string): string {
  if (bad.code === 'prev_hash_mismatch') return `expected prev_hash ${prevHash}`;
  if (bad.code === 'seq_gap') return `expected seq ${bad.seq}`;
  return `expected ${EXPECTED[bad.code]}`;
}
