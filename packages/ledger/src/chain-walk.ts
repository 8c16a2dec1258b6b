import { createHash, type Hash } from 'node:crypto';
import { isJsonObject } from '@praxis/core';
import { claimedHash, hashOfLine, type LineFault, looksTorn, parseLine } from './line.ts';
import { closesIntent, OpenIntents, openIntentOf } from './open-intents.ts';
import { PlainLine, type PlainRecord } from './plain/plain-line.ts';
import { GENESIS_HASH, type StoredRecord } from './record.ts';
import type { ScanBytes } from './scan-bytes.ts';
import { type NodeHash, nodeFromHex } from './tree/node-hash.ts';

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

/** How many recovered regions are kept for a report. */
export const RECOVERED_MAX = 1_000;
/** A longer intent is remembered as what was read from it, not as its line. */
const INTENT_LINE_BYTES_MAX = 4_096;

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

/** Told every record that continues the chain, with the digest that is its `entry_hash`. A record is only valid during the call. */
export type ChainObserver = (record: WalkedRecord, entryHash: NodeHash, offset: number) => void;

/**
 * Walks a log line by line and holds it to its chain in constant memory. A line that is not the next
 * record opens an unexplained region; the only thing that closes one is a recovery record that
 * continues the chain from before the region and commits to exactly its bytes.
 */
export class ChainWalk {
  records = 0;
  /** At most `RECOVERED_MAX` are kept. */
  readonly recovered: RecoveredRegion[] = [];
  readonly openIntents: OpenIntents = new OpenIntents();
  #nextSeq: number;
  #originId: string | null;
  #unexplained: Unexplained | null = null;
  readonly #plain: PlainLine;
  readonly #onRecord: ChainObserver;
  readonly #judgeSegment: (header: StoredRecord) => ChainFault | null;

  /** `judgeSegment` says what is wrong with a segment header that is otherwise the next record. */
  constructor(
    position: ChainPosition = GENESIS,
    onRecord: ChainObserver = () => undefined,
    judgeSegment: (header: StoredRecord) => ChainFault | null = () => null,
  ) {
    this.#nextSeq = position.nextSeq;
    this.#originId = position.originId;
    this.#plain = new PlainLine(position.prevHash);
    if (position.originId !== null) this.#plain.expect(position.prevHash, position.originId);
    this.#onRecord = onRecord;
    this.#judgeSegment = judgeSegment;
  }

  /** Where the chain stands after its last record. */
  get position(): ChainPosition {
    return { nextSeq: this.#nextSeq, prevHash: this.#plain.prevHash, originId: this.#originId };
  }

  /**
   * Takes the line at `start` when it is the next record and of a kind that needs no parsing, and gives
   * the index after its newline. Gives -1 for every other line, good or bad: those are for `line`.
   */
  quickLine(scan: ScanBytes, start: number, end: number, offset: number): number {
    // Every line of an unexplained region is hashed.
    if (this.#unexplained !== null) return -1;
    const plain = this.#plain;
    const next = plain.read(scan, start, end);
    if (next === -1 || plain.seq !== this.#nextSeq) return -1;
    const { kind } = plain;
    if (kind === 'intent' && next - start > INTENT_LINE_BYTES_MAX) return -1;
    const digest = plain.digest();
    if (!plain.seal(digest)) return -1;
    this.#nextSeq += 1;
    this.records += 1;
    if (kind === 'intent')
      this.openIntents.addLine(plain.seq, scan.bytes.toString('latin1', start, next - 1));
    else if (kind === 'outcome' && plain.intent_seq !== null) this.openIntents.close(plain.intent_seq);
    this.#onRecord(plain, digest, offset);
    return next;
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
  #nextRecord(line: Buffer): StoredRecord | ChainFault {
    const record = parseLine(line);
    return typeof record === 'string' ? record : (this.#fault(record, line) ?? record);
  }

  #fault(record: StoredRecord, line: Buffer): ChainFault | null {
    const { nextSeq, prevHash, originId } = this.position;
    if (record.prev_hash !== prevHash) return 'prev_hash_mismatch';
    if (record.seq !== nextSeq) return 'seq_gap';
    if (claimedHash(line) !== hashOfLine(line)) return 'entry_hash_mismatch';
    if (originId !== null && record.origin_id !== originId) return 'origin_mismatch';
    return record.kind === 'segment' ? this.#judgeSegment(record) : null;
  }

  #accept(record: StoredRecord, line: Buffer, offset: number): void {
    const entryHash = claimedHash(line) ?? '';
    this.#nextSeq = record.seq + 1;
    this.#originId = record.origin_id;
    this.#plain.expect(entryHash, record.origin_id);
    this.records += 1;
    this.#trackIntent(record);
    this.#onRecord(record, nodeFromHex(entryHash), offset);
  }

  #trackIntent(record: StoredRecord): void {
    if (record.kind === 'intent') this.openIntents.add(openIntentOf(record));
    if (record.intent_seq === null || !closesIntent(record.kind)) return;
    if (record.kind === 'interrupted') this.openIntents.interrupt(record.intent_seq, record.seq);
    else this.openIntents.close(record.intent_seq);
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

  #explains(record: StoredRecord, offset: number): boolean {
    const region = this.#unexplained;
    if (region === null || record.kind !== 'recovery' || !isSetAside(record)) return false;
    const sha256 = region.digest.copy().digest('hex');
    const { args } = record;
    if (!isJsonObject(args) || args['sha256'] !== sha256) return false;
    if (args['offset'] !== region.place.offset || args['length'] !== region.length) return false;
    if (region.place.offset + region.length !== offset) return false;
    if (this.recovered.length < RECOVERED_MAX) {
      this.recovered.push({ offset: region.place.offset, length: region.length, sha256, seq: record.seq });
    }
    return true;
  }
}

/** The reason of a recovery record that commits to bytes left behind by a crash. */
export const SET_ASIDE = 'set_aside';

function isSetAside(record: StoredRecord): boolean {
  return record.reason === SET_ASIDE;
}
