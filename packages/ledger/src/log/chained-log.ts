import { randomUUID } from 'node:crypto';
import { closeSync } from 'node:fs';
import { type Clock, errorMessage, type PraxisError } from '@praxis/core';
import { layOutLine } from '../encode-record.ts';
import { ledgerError } from '../errors.ts';
import { flatText } from '../flat-text.ts';
import { closesIntent, type OpenIntent, openIntentOf } from '../open-intents.ts';
import { adoptedEntry, interruptedEntry } from '../own-entries.ts';
import { type LedgerEntry, type LedgerRecord, type StoredMembers, withNulls } from '../record.ts';
import { MARKS_PER_LINE } from '../seal-lines.ts';
import { BatchedTree } from '../tree/batched-tree.ts';
import type { NodeObserver } from '../tree/tree.ts';
import { lastSegment, lockOf, refuseForeignOrigin } from './claim.ts';
import { type Durability, GroupCommit } from './group-commit.ts';
import { type LineBatch, PendingLine } from './line-batch.ts';
import type { Lock } from './lock.ts';
import { type LogFile, openLogFile, reopenLogFile } from './log-file.ts';
import type { LogWalk, RecordObserver } from './log-walk.ts';
import { openEnd } from './open-end.ts';
import { readBack } from './read-back.ts';
import { type LogEnd, recoverEnd } from './recover.ts';
import { SealingOnDemand } from './sealing-on-demand.ts';
import { segmentPath } from './segments.ts';

export interface ChainedLogOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly originId?: string | undefined;
  readonly durability: Durability;
  readonly setAsideFrom?: number | undefined;
  /** How many records may wait for the disk before callers are refused. */
  readonly queueRecordsMax: number;
  /** Told each record read while the log is opened. */
  readonly observe?: RecordObserver;
  /** Told the nodes of the tree that new or reread records make. */
  readonly nodes?: NodeObserver;
  /** Told that lines of a batch, from one up to another, became durable; the tree has them already. */
  readonly onDurable?: (batch: LineBatch, from: number, to: number) => void;
}

/**
 * A log of one writer: hash-chained, append-only, in segments, with a Merkle tree over its durable
 * lines. What is recorded in it is its owner's concern.
 */
export class ChainedLog {
  readonly path: string;
  readonly originId: string;
  /** The tree over the durable lines. */
  readonly tree: BatchedTree;
  /** What opening found that must be recorded first. */
  readonly owedAtOpen: readonly LedgerEntry[];
  /** Whether a crash left the current segment without its header. */
  readonly headerOwed: boolean;
  readonly #options: ChainedLogOptions;
  readonly #lock: Lock;
  readonly #openIntents: Map<number, OpenIntent>;
  readonly #sealing = new SealingOnDemand();
  #commit: GroupCommit;
  /** How long the chain is counting what is queued. */
  #nextSeq: number;
  /** The last durable record, and where it ends in the current segment. */
  #lastHash: string;
  #durableSize: number;
  /** A newline when the next record comes after a torn line. */
  #prefix: '' | '\n';
  /** Records that a resumption must write, kept until they are durable. */
  #owed: LedgerEntry[] = [];
  #resuming: Promise<void> | null = null;
  #rotating: Promise<unknown> | null = null;

  private constructor(options: ChainedLogOptions, lock: Lock, file: LogFile, walk: LogWalk, end: LogEnd) {
    this.path = options.path;
    this.originId = walk.chain.position.originId ?? options.originId ?? flatText(randomUUID());
    this.tree = new BatchedTree(walk.tree);
    this.#options = options;
    this.#lock = lock;
    this.#openIntents = new Map(walk.chain.openIntents);
    this.headerOwed = !walk.headerSeen;
    this.owedAtOpen = end.entry === null ? [] : [end.entry];
    this.#nextSeq = walk.chain.position.nextSeq;
    this.#lastHash = walk.chain.position.prevHash;
    this.#commit = this.#commitTo(file, end.size);
    this.#durableSize = end.recordsEnd;
    this.#prefix = end.prefix;
  }

  /** Throws `LEDGER_UNWRITABLE`, `LEDGER_LOCKED` or `LEDGER_CORRUPT`. Writes nothing yet. */
  static async open(options: ChainedLogOptions): Promise<ChainedLog> {
    // Makes the directory and refuses what is no place for a log before a lock is laid beside it.
    closeSync(openLogFile(lastSegment(options.path)).fd);
    const lock = lockOf(options.path);
    let file: LogFile | null = null;
    try {
      const { segment, walk, from } = await openEnd(options.path, options.observe, options.nodes);
      file = openLogFile(segment.path);
      walk.headerSeen = segment.firstSeq === 0;
      const end = await recoverEnd(file, from, walk, options.setAsideFrom);
      refuseForeignOrigin(options, walk.chain.position);
      return new ChainedLog(options, lock, file, walk, end);
    } catch (error) {
      lock.release();
      if (file !== null) closeSync(file.fd);
      throw error;
    }
  }

  /** How many records are durable. */
  get records(): number {
    return this.tree.size;
  }

  /** The hash of the last durable record. */
  get lastHash(): string {
    return this.#lastHash;
  }

  get queued(): number {
    return this.#commit.queued;
  }

  get failure(): PraxisError | null {
    return this.#commit.error;
  }

  /** How many bytes the current segment has. */
  get segmentBytes(): number {
    return this.#commit.size;
  }

  get openIntents(): readonly OpenIntent[] {
    return [...this.#openIntents.values()];
  }

  /** See `Ledger.append`. */
  append(entry: LedgerEntry): Promise<LedgerRecord> {
    try {
      if (this.#rotating !== null) return this.#rotating.then(() => this.append(entry));
      if (this.#commit.error !== null) return this.#resumeAndAppend(entry);
      if (this.#commit.queued >= this.#options.queueRecordsMax) {
        throw ledgerError(
          'LEDGER_BUSY',
          `${this.#options.queueRecordsMax} records wait for the disk already`,
        );
      }
      return this.#enqueue(entry);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Appends all entries with nothing in between. */
  async appendAll(entries: readonly LedgerEntry[]): Promise<void> {
    await Promise.all(entries.map((entry) => this.append(entry)));
  }

  /** Makes everything durable that was written, whatever the durability: evidence must not outlive what it covers. */
  sync(): Promise<void> {
    return this.#commit.sync();
  }

  /**
   * Goes on in a new segment, whose first record is made by `header` once nothing is on its way any
   * more. Callers wait meanwhile. Answers the new segment's path, or null when `header` gives null.
   */
  async rotate(header: () => LedgerEntry | null): Promise<string | null> {
    if (this.#rotating !== null) await this.#rotating;
    const done = this.#rotate(header).finally(() => {
      this.#rotating = null;
    });
    // Those who wait to append go on whether or not the rotation worked.
    this.#rotating = done.catch(() => null);
    return done;
  }

  async #rotate(header: () => LedgerEntry | null): Promise<string | null> {
    await this.#quiet();
    if (this.#commit.error !== null) throw this.#commit.error;
    const entry = header();
    if (entry === null) return null;
    await this.#commit.sync();
    await this.#quiet();
    const path = segmentPath(this.path, this.#nextSeq);
    const file = openLogFile(path);
    closeSync(this.#commit.file.fd);
    this.#commit = this.#commitTo(file, file.size);
    this.#durableSize = file.size;
    await this.#enqueue(entry);
    return path;
  }

  /** Waits until nothing is on its way to the disk. */
  async #quiet(): Promise<void> {
    while (this.#commit.busy) await this.#commit.idle();
  }

  /** Waits for what is queued, then lets go of the file and the lock. */
  async close(): Promise<void> {
    // A resumption that fails has told its callers; closing goes on all the same.
    if (this.#resuming !== null) await Promise.allSettled([this.#resuming]);
    if (this.#rotating !== null) await this.#rotating;
    await this.#quiet();
    await this.#sealing.close();
    closeSync(this.#commit.file.fd);
    this.#lock.release();
  }

  #commitTo(file: LogFile, size: number): GroupCommit {
    const { durability, clock } = this.#options;
    const durable = (batch: LineBatch, from: number, to: number): void => this.#acknowledge(batch, from, to);
    return new GroupCommit(file, size, this.#lastHash, {
      durability,
      clock,
      durable,
      sealing: this.#sealing,
    });
  }

  /** Encodes a record where it will be written from. */
  #enqueue(entry: LedgerEntry): Promise<LedgerRecord> {
    const commit = this.#commit;
    const batch = commit.batch();
    const seq = this.#nextSeq;
    const ts = Math.floor(this.#options.clock.now());
    // No verifier takes an instant that a double does not hold exactly: such a record would spoil the log for good.
    if (!Number.isSafeInteger(ts))
      return Promise.reject(
        ledgerError(
          'LEDGER_UNAVAILABLE',
          `the clock says ${ts} microseconds since 1970, which is no instant`,
          {
            fields: { path: this.#options.path, reason: 'clock' },
          },
        ),
      );
    const start = batch.length + this.#prefix.length;
    if (start > batch.length) batch.bytes.write(this.#prefix, batch.length);
    layOutLine(batch, batch.lines.length * MARKS_PER_LINE, start, entry, {
      seq,
      ts,
      originId: this.originId,
    });
    const line = new PendingLine(entry, seq, ts);
    batch.add(line);
    this.#prefix = '';
    this.#nextSeq = seq + 1;
    commit.added();
    return line.promise;
  }

  #acknowledge(batch: LineBatch, from: number, to: number): void {
    const { lines } = batch;
    let prevHash = this.#lastHash;
    const hashes: string[] = [];
    for (let index = from; index < to; index += 1) {
      const line = lines[index];
      if (line === undefined) break;
      const { entry } = line;
      const entryHash = batch.hashOf(index);
      hashes.push(entryHash);
      this.tree.appendHex(entryHash);
      if (entry.kind === 'intent' || typeof entry.intentSeq === 'number')
        this.#trackIntent(entry, batch, index);
    }
    this.#lastHash = hashes.at(-1) ?? prevHash;
    this.#durableSize = batch.offset + batch.endOf(to - 1);
    this.#options.onDurable?.(batch, from, to);
    for (let index = from; index < to; index += 1) {
      const line = lines[index];
      if (line === undefined) break;
      const entryHash = hashes[index - from] ?? '';
      line.resolve({ seq: line.seq, ts: line.ts, prevHash, entryHash });
      prevHash = entryHash;
    }
  }

  #trackIntent(entry: LedgerEntry, batch: LineBatch, index: number): void {
    if (entry.kind === 'intent') {
      const intent = openIntentOf(withNulls(JSON.parse(batch.textOf(index)) as StoredMembers));
      this.#openIntents.set(intent.seq, intent);
    } else if (closesIntent(entry.kind) && typeof entry.intentSeq === 'number') {
      this.#openIntents.delete(entry.intentSeq);
    }
  }

  async #resumeAndAppend(entry: LedgerEntry): Promise<LedgerRecord> {
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = null;
    });
    await this.#resuming;
    return this.append(entry);
  }

  /**
   * Reopens the log and reads back what the failed write left after the last durable record. Whole
   * records found there stay, although their callers were refused; that, and every intent among them,
   * is recorded before anything else.
   */
  async #resume(): Promise<void> {
    try {
      await this.#quiet();
      const file = reopenLogFile(this.#commit.file);
      const before = { nextSeq: this.tree.size, prevHash: this.#lastHash, originId: this.originId };
      const { walk, end, entryHashes } = await readBack(file, this.#durableSize, this.tree.tree, before);
      for (const entryHash of entryHashes) this.tree.appendHex(entryHash);
      closeSync(this.#commit.file.fd);
      const { position, openIntents, records } = walk.chain;
      if (records > 0) this.#owed.push(adoptedEntry(before, position));
      this.#owed.push(...[...openIntents.values()].map(interruptedEntry));
      this.#nextSeq = position.nextSeq;
      this.#lastHash = position.prevHash;
      this.#commit = this.#commitTo(file, end.size);
      this.#durableSize = end.recordsEnd;
      this.#prefix = end.prefix;
      const owed = end.entry === null ? this.#owed : [end.entry, ...this.#owed];
      await Promise.all(owed.map((entry) => this.#enqueue(entry)));
      this.#owed = [];
    } catch (error) {
      throw ledgerError('LEDGER_UNAVAILABLE', `the ledger cannot resume: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }
}
