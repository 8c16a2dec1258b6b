import type { BadPlace, ChainFault, RecoveredRegion } from '../chain-walk.ts';
import { LINE_BYTES_MAX } from '../line.ts';
import type { InterruptedIntent, OpenIntent } from '../open-intents.ts';
import { RECORD_VERSION } from '../record.ts';

/** Why a ledger is not whole although its chain is: what its evidence, anchor or witnesses say. */
export type EvidenceFault =
  | 'evidence_missing'
  | 'evidence_corrupt'
  | 'evidence_truncated'
  | 'segment_missing'
  | 'truncated'
  | 'root_mismatch'
  | 'bad_checkpoint'
  | 'bad_signature'
  | 'untrusted_key'
  | 'anchor_missing'
  | 'anchor_mismatch'
  | 'anchor_truncated'
  | 'cosignature_invalid'
  | 'stamp_invalid'
  | 'unwitnessed'
  | 'unstamped';

/** Why a ledger is not whole; `unreadable` when that cannot be told because a file cannot be read. */
export type VerifyFault = ChainFault | EvidenceFault | 'unreadable';

/** The first bad place of a ledger. */
export interface FirstBad {
  /** In bytes from the start of `path`. */
  readonly offset: number;
  readonly seq: number;
  readonly code: VerifyFault;
  /** The file that holds the place: a segment of the log, its evidence, or an anchor. */
  readonly path: string;
}

/** What is wrong with the evidence, in words too. */
export interface EvidenceProblem {
  readonly place: FirstBad;
  readonly detail: string;
}

/** `closed_by` is null while no record says yet that the outcome is unknown. */
export type InterruptedReport = OpenIntent & { readonly closed_by: number | null };

/** A key that began to sign checkpoints. */
export interface KeyChange {
  readonly seq: number;
  readonly verifier_key: string;
  /** Whether the key before gave its word for it; the first key has none before it. */
  readonly endorsed: boolean;
}

/** What the evidence says, as far as it was checked. */
export interface EvidenceReport {
  readonly present: boolean;
  readonly checkpoints: number;
  /** How many records the last good checkpoint covers. */
  readonly covered: number;
  /** The keys the log named, oldest first; of more than 1,000 the last ones. */
  readonly keys: readonly KeyChange[];
  /** How many records an anchor, a cosignature, a stamp speaks for; null when none was given to check with. */
  readonly anchored: number | null;
  readonly witnessed: number | null;
  readonly stamped: number | null;
  /** The time of the last good stamp. */
  readonly stamped_at: string | null;
  readonly stamps: number;
}

/** Where a later verification may go on. Keep it where whoever writes the ledger cannot. */
export interface ResumePoint {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly prev_hash: string;
  readonly origin_id: string;
  readonly edge: readonly string[];
  /** Intents without an outcome so far. */
  readonly open_intents?: readonly OpenIntent[] | undefined;
  /** Keys the log has named so far, and those of them that follow from the auditor's own by rotation. */
  readonly keys?: readonly KeyChange[] | undefined;
  readonly trusted_keys?: readonly string[] | undefined;
  /** Whether the session that goes on keeps evidence, where that is known. */
  readonly keeps_evidence?: boolean | undefined;
}

/** What verifying found. */
export interface VerifyReport {
  /** True only when every byte is explained and everything that was asked about holds. */
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
  readonly segments: number;
  readonly last_hash: string;
  readonly root: string;
  readonly origin_id: string | null;
  readonly evidence: EvidenceReport;
  /** Null for a ledger that is not whole, and for one with more than `RESUME_INTENTS_MAX` open intents. */
  readonly resume: ResumePoint | null;
  /** For people: what was expected at the first bad place, or why a file cannot be read. */
  readonly detail: string | null;
}

const EXPECTED: Readonly<Record<Exclude<ChainFault, 'prev_hash_mismatch' | 'seq_gap'>, string>> = {
  entry_hash_mismatch: 'entry_hash to be the SHA-256 of the rest of the line',
  origin_mismatch: 'the origin_id of the records before',
  bad_json: 'one JSON object per line, in UTF-8',
  not_canonical: 'the canonical form (RFC 8785) of a record',
  unknown_version: `a record of version ${RECORD_VERSION}`,
  line_too_long: `a line of at most ${LINE_BYTES_MAX} bytes`,
  torn_tail: 'a newline after the last record',
  segment_mismatch: 'a segment header that commits to the records before it',
  recovery_mismatch: 'the bytes that this recovery record commits to',
};

/** What was expected where a chain broke. */
export function expectation(bad: BadPlace, prevHash: string): string {
  if (bad.code === 'prev_hash_mismatch') return `expected prev_hash ${prevHash}`;
  if (bad.code === 'seq_gap') return `expected seq ${bad.seq}`;
  return `expected ${EXPECTED[bad.code]}`;
}

/** With more open intents a verification leaves no place to go on from: the next one reads the log from its start. */
export const RESUME_INTENTS_MAX = 10_000;

/** How many interrupted actions and recovered regions a report lists; the counts go on. */
export const REPORT_ITEMS_MAX = 1_000;

/** The first `REPORT_ITEMS_MAX`: of what is still open no more is read than is listed. */
export function interruptedReport(
  closed: readonly InterruptedIntent[],
  open: Iterable<OpenIntent>,
): InterruptedReport[] {
  const listed: InterruptedReport[] = closed.slice(0, REPORT_ITEMS_MAX);
  for (const intent of open) {
    if (listed.length >= REPORT_ITEMS_MAX) break;
    listed.push({ ...intent, closed_by: null });
  }
  return listed;
}
