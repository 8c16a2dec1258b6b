import { createHash, type Hash } from 'node:crypto';
import { isJsonObject } from '@praxis/core';
import { claimedHash, hashOfLine, type LineFault, looksTorn, parseLine } from './line.ts';
import { type PlainRecord, readPlainLine } from './plain-line.ts';
import { GENESIS_HASH, type RecordKind, type StoredRecord } from './record.ts';

/** Why a ledger is not whole: a line that is not the next record, or a last line without its newline. */
export type ChainFault = LineFault | 'torn_tail' | 'recovery_mismatch' | 'segment_mismatch';

/** The first place where a log stops being whole. `offset` is in bytes from the start of its file. */
export interface BadPlace {
  readonly offset: number;
  readonly seq: number;
  readonly code: ChainFault;
}

/** Bytes that a crash left behind and a recovery record commits to. */
export interface RecoveredRegion {
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
  /** The recovery record's own `seq`. */
  readonly seq: number;
}

/** An intent with no outcome so far. */
export interface OpenIntent {
  readonly seq: number;
  readonly ts: string;
  readonly action_id: string | null;
  readonly tool: string | null;
  readonly target: string | null;
  readonly tier: string | null;
  readonly host: string | null;
  readonly host_type: string | null;
  readonly session_id: string | null;
  readonly principal: string | null;
}

/** An intent whose outcome is unknown for good; `closed_by` is the record that says so. */
export interface InterruptedIntent extends OpenIntent {
  readonly closed_by: number;
}

/** How many interrupted intents and recovered regions are kept for a report. */
export const WALK_ITEMS_MAX = 1_000;

/** Where a chain stands after some record: what the next record must continue. */
export interface ChainPosition {
  readonly nextSeq: number;
  readonly prevHash: string;
  /** The ledger's id, or null before the first record. */
  readonly originId: string | null;
}

export const GENESIS: ChainPosition = { nextSeq: 0, prevHash: GENESIS_HASH, originId: null };

/** Bytes at the end of a log that no record explains. */
export interface UnexplainedRegion extends BadPlace {
  readonly length: number;
  readonly sha256: string;
  /** Whether a write that was cut short could have left all of it: no whole-looking record, no foreign text. */
  readonly torn: boolean;
  /** Whether its last byte is a newline. */
  readonly terminated: boolean;
}

/** A record on its way past: all of it, except for kinds of which a chain needs little. */
export type WalkedRecord = StoredRecord | PlainRecord;

/** Whether all members of a record were read. */
export function isWhole(record: WalkedRecord): record is StoredRecord {
  return 'args' in record;
}

const NEWLINE = Buffer.from('\n');

interface Unexplained {
  readonly place: BadPlace;
  readonly digest: Hash;
  length: number;
  torn: boolean;
  terminated: boolean;
}

/**
 * Walks a log line by line and holds it to its chain in constant memory. A line that is not the next
 * record opens an unexplained region; the only thing that closes one is a recovery record that
 * continues the chain from before the region and commits to exactly its bytes.
 */
export class ChainWalk {
  position: ChainPosition;
  records = 0;
  /** At most `WALK_ITEMS_MAX` are kept. */
  readonly recovered: RecoveredRegion[] = [];
  readonly openIntents: Map<number, OpenIntent> = new Map();
  /** Intents that a record closed with "outcome unknown"; at most `WALK_ITEMS_MAX` are kept. */
  readonly interrupted: InterruptedIntent[] = [];
  interruptedCount = 0;
  #unexplained: Unexplained | null = null;
  readonly #onRecord: (record: WalkedRecord, line: Buffer, offset: number) => void;
  readonly #judge: (record: WalkedRecord) => ChainFault | null;

  constructor(
    position: ChainPosition = GENESIS,
    onRecord: (record: WalkedRecord, line: Buffer, offset: number) => void = () => undefined,
    judge: (record: WalkedRecord) => ChainFault | null = () => null,
  ) {
    this.position = position;
    this.#onRecord = onRecord;
    this.#judge = judge;
  }

  /** Takes one line, without its newline; `offset` is where it starts. */
  line(line: Buffer, offset: number): void {
    const record = this.#nextRecord(line);
    if (this.#unexplained === null) {
      if (typeof record === 'string') this.#open(record, offset);
      else if (record.kind === 'recovery' && isSetAside(record)) this.#open('recovery_mismatch', offset);
      else return this.#accept(record, line, offset);
    } else if (typeof record !== 'string' && this.#explains(record, offset)) {
      this.#unexplained = null;
      return this.#accept(record, line, offset);
    }
    if (this.#unexplained !== null && !looksTorn(line)) this.#unexplained.torn = false;
    this.#grow(line);
    this.#grow(NEWLINE);
  }

  /**
   * Takes raw bytes that are no line of a record: what follows the last newline (`torn_tail`), or a
   * piece of a line longer than any record (`line_too_long`), newline included where it has one.
   */
  fragment(bytes: Buffer, offset: number, code: 'torn_tail' | 'line_too_long'): void {
    if (bytes.length === 0) return;
    if (this.#unexplained === null) this.#open(code, offset);
    if (this.#unexplained?.terminated === true && bytes[0] !== NEWLINE[0] && !looksTorn(bytes))
      this.#unexplained.torn = false;
    this.#grow(bytes);
  }

  get firstBad(): BadPlace | null {
    return this.#unexplained?.place ?? null;
  }

  /** The region that no record explains, as a recovery record would commit to it. */
  unexplained(): UnexplainedRegion | null {
    if (this.#unexplained === null) return null;
    const { place, digest, length, torn, terminated } = this.#unexplained;
    return { ...place, length, sha256: digest.copy().digest('hex'), torn, terminated };
  }

  /** The record in a line that continues the chain, or what is wrong with the line. */
  #nextRecord(line: Buffer): WalkedRecord | ChainFault {
    const plain = readPlainLine(line);
    if (plain !== null && this.#fault(plain, line) === null) return plain;
    const record = parseLine(line);
    return typeof record === 'string' ? record : (this.#fault(record, line) ?? record);
  }

  #fault(record: WalkedRecord, line: Buffer): ChainFault | null {
    const { nextSeq, prevHash, originId } = this.position;
    if (record.prev_hash !== prevHash) return 'prev_hash_mismatch';
    if (record.seq !== nextSeq) return 'seq_gap';
    if (claimedHash(line) !== hashOfLine(line)) return 'entry_hash_mismatch';
    if (originId !== null && record.origin_id !== originId) return 'origin_mismatch';
    return this.#judge(record);
  }

  #accept(record: WalkedRecord, line: Buffer, offset: number): void {
    this.position = {
      nextSeq: record.seq + 1,
      prevHash: claimedHash(line) ?? '',
      originId: record.origin_id,
    };
    this.records += 1;
    this.#trackIntent(record);
    this.#onRecord(record, line, offset);
  }

  #trackIntent(record: WalkedRecord): void {
    if (isWhole(record) && record.kind === 'intent') this.openIntents.set(record.seq, openIntentOf(record));
    if (record.intent_seq === null || !closesIntent(record.kind)) return;
    const intent = this.openIntents.get(record.intent_seq);
    this.openIntents.delete(record.intent_seq);
    if (record.kind !== 'interrupted' || intent === undefined) return;
    this.interruptedCount += 1;
    if (this.interrupted.length < WALK_ITEMS_MAX) this.interrupted.push({ ...intent, closed_by: record.seq });
  }

  #open(code: ChainFault, offset: number): void {
    const place = { offset, seq: this.position.nextSeq, code };
    this.#unexplained = {
      place,
      digest: createHash('sha256'),
      length: 0,
      torn: true,
      terminated: true,
    };
  }

  #grow(bytes: Buffer): void {
    if (this.#unexplained === null) return;
    this.#unexplained.digest.update(bytes);
    this.#unexplained.length += bytes.length;
    this.#unexplained.terminated = bytes[bytes.length - 1] === NEWLINE[0];
  }

  #explains(record: WalkedRecord, offset: number): boolean {
    const region = this.#unexplained;
    if (region === null || record.kind !== 'recovery' || !isSetAside(record)) return false;
    const sha256 = region.digest.copy().digest('hex');
    const args = isWhole(record) ? record.args : null;
    if (!isJsonObject(args) || args['sha256'] !== sha256) return false;
    if (args['offset'] !== region.place.offset || args['length'] !== region.length) return false;
    if (region.place.offset + region.length !== offset) return false;
    if (this.recovered.length < WALK_ITEMS_MAX) {
      this.recovered.push({ offset: region.place.offset, length: region.length, sha256, seq: record.seq });
    }
    return true;
  }
}

/** The reason of a recovery record that commits to bytes left behind by a crash. */
export const SET_ASIDE = 'set_aside';

function isSetAside(record: WalkedRecord): boolean {
  return record.reason === SET_ASIDE;
}

/** Whether a record of this kind ends the intent it names. */
export function closesIntent(kind: RecordKind): boolean {
  return kind === 'outcome' || kind === 'interrupted';
}

/** What is remembered of an intent until its outcome is recorded. */
export function openIntentOf(record: StoredRecord): OpenIntent {
  const { seq, ts, action_id, tool, target, tier, host, host_type, session_id, principal } = record;
  return { seq, ts, action_id, tool, target, tier, host, host_type, session_id, principal };
}
