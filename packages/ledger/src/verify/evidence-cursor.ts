import { open, type FileHandle } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import { sha256Hex } from '@praxis/core';
import type { BadPlace } from '../chain-walk.ts';
import { committedEvidence, parseCheckpoint } from '../evidence/checkpoint.ts';
import { evidenceArgs } from '../evidence/evidence-entry.ts';
import type { SignedNote } from '../evidence/note.ts';
import { LogWalk } from '../log/log-walk.ts';
import { LineReader } from '../log/read-lines.ts';
import { isWhole, type WalkedRecord } from '../chain-walk.ts';

/** A checkpoint on file. */
export interface FiledCheckpoint {
  readonly size: number;
  readonly root: string;
  readonly origin: string;
  readonly text: string;
  readonly note: SignedNote;
  /** Where its evidence line starts. */
  readonly offset: number;
}

/** A stamp or cosignature on file, with the checkpoint it is about, if that is known. */
export interface FiledVoucher {
  readonly reason: 'stamp' | 'cosignature';
  readonly args: Readonly<Record<string, string>>;
  readonly about: FiledCheckpoint | null;
  readonly offset: number;
}

/** How many checkpoints a stamp or cosignature may come after the one it is about. */
const NOTES_REMEMBERED_MAX = 1_024;

/** Of how many lines that were read last the hash before each is remembered. */
export const HASHES_REMEMBERED_MAX = 16_384;

/** Reads an evidence log a step ahead of the log it speaks for, in constant memory. */
export class EvidenceCursor {
  readonly path: string;
  readonly present: boolean;
  readonly walk: LogWalk;
  /** Checkpoints that were read and not taken yet, in the order they stand. */
  readonly checkpoints: FiledCheckpoint[] = [];
  /** A checkpoint line that holds none, or one that is smaller than the one before. */
  bad: BadPlace | null = null;
  lastSize = -1;
  /** What was read of a piece and is to be checked before the next one is read. */
  #vouchers: FiledVoucher[] = [];
  readonly #check: (voucher: FiledVoucher) => Promise<void>;
  readonly #notes = new Map<string, FiledCheckpoint>();
  /** By the number of a line modulo how many there are. */
  readonly #hashes: { readonly seq: number; readonly before: string }[] = [];
  readonly #reader: LineReader;
  #file: FileHandle | null = null;
  #ended: boolean;
  /**
   * How much evidence there was before the log was read. What a running server adds meanwhile may speak
   * for records that were read past already.
   */
  readonly #limit: number;

  /** `check` is told every stamp and cosignature, one after the other. */
  constructor(path: string, check: (voucher: FiledVoucher) => Promise<void>) {
    this.path = path;
    this.#check = check;
    this.present = existsSync(path);
    this.#ended = !this.present;
    this.#limit = this.present ? statSync(path).size : 0;
    this.walk = new LogWalk(null, (record, offset) => this.#record(record, offset));
    this.#reader = new LineReader(0, this.walk.chain);
  }

  /** Reads on until a checkpoint beyond `size` was read, or the evidence ends. */
  async readPast(size: number): Promise<void> {
    while (!this.#ended && this.lastSize <= size) {
      await this.#readChunk();
      const vouchers = this.#vouchers;
      this.#vouchers = [];
      for (const voucher of vouchers) await this.#check(voucher);
    }
  }

  /** The hash of the last of the first so many lines, or null when it is not remembered or not read yet. */
  hashAfter(records: number): string | null {
    const { nextSeq, prevHash } = this.walk.chain.position;
    if (records === nextSeq) return prevHash;
    const remembered = this.#hashes[records % HASHES_REMEMBERED_MAX];
    return remembered?.seq === records ? remembered.before : null;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  async #readChunk(): Promise<void> {
    this.#file ??= await open(this.path, 'r');
    const bytesRead = await this.#reader.readFrom(this.#file, this.#limit);
    if (bytesRead > 0) return this.#reader.take(bytesRead);
    const { size } = await this.#file.stat();
    // A line that was being written when the limit was taken has its end beyond it.
    if (size <= this.#limit) this.#reader.end();
    this.#ended = true;
  }

  #record(record: WalkedRecord, offset: number): void {
    this.#hashes[record.seq % HASHES_REMEMBERED_MAX] = { seq: record.seq, before: record.prev_hash };
    if (isWhole(record) && record.kind === 'control' && record.reason === 'checkpoint')
      return this.#checkpoint(record, offset);
    const stamp = evidenceArgs(record, 'stamp', ['note_sha256', 'stamper', 'token_base64']);
    const cosignature = evidenceArgs(record, 'cosignature', ['note_sha256', 'lines']);
    const args = stamp ?? cosignature;
    if (args === null) return;
    const about = this.#notes.get(args['note_sha256'] ?? '') ?? null;
    this.#vouchers.push({ reason: stamp === null ? 'cosignature' : 'stamp', args, about, offset });
  }

  #checkpoint(record: WalkedRecord, offset: number): void {
    const text = evidenceArgs(record, 'checkpoint', ['note'])?.['note'] ?? '';
    const parsed = parseCheckpoint(text);
    const { size = -1 } = parsed?.checkpoint ?? {};
    if (
      parsed === null ||
      size <= this.lastSize ||
      committedEvidence(parsed.checkpoint) !== record.prev_hash
    ) {
      this.bad ??= { offset, seq: record.seq, code: 'not_canonical' };
      return;
    }
    const { root, origin } = parsed.checkpoint;
    const filed = { size, root, origin, text, note: parsed.note, offset };
    this.lastSize = size;
    this.checkpoints.push(filed);
    this.#notes.set(sha256Hex(text), filed);
    const oldest = this.#notes.keys().next().value;
    if (this.#notes.size > NOTES_REMEMBERED_MAX && oldest !== undefined) this.#notes.delete(oldest);
  }
}
