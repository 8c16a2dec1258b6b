import { randomUUID } from 'node:crypto';
import { closeSync } from 'node:fs';
import { type Clock, errorCode, errorMessage, PraxisError, sha256Hex } from '@praxis/core';
import type { ChainPosition } from '../chain-walk.ts';
import { encodeEntry } from '../encode-record.ts';
import { ledgerError } from '../errors.ts';
import { spliceEntryHash } from '../line.ts';
import { closesIntent, type OpenIntent, openIntentOf } from '../open-intents.ts';
import { adoptedEntry, interruptedEntry } from '../own-entries.ts';
import { type LedgerEntry, type LedgerRecord, type StoredMembers, withNulls } from '../record.ts';
import { leafHash, type NodeHash } from '../tree/node-hash.ts';
import { MerkleTree, type NodeObserver } from '../tree/tree.ts';
import { type Durability, GroupCommit } from './group-commit.ts';
import { acquireLock, type Lock } from './lock.ts';
import { type LogFile, openLogFile, reopenLogFile } from './log-file.ts';
import { LogWalk, type RecordObserver } from './log-walk.ts';
import { openEnd } from './open-end.ts';
import { type LogEnd, recoverEnd } from './recover.ts';
import { listSegments, segmentPath } from './segments.ts';

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
  /** Told the root of every subtree that a new or reread record completes. */
  readonly onNode?: NodeObserver;
  /** Told that records became durable. */
  readonly onDurable?: (line: string, size: number) => void;
}

/**
 * A log of one writer: hash-chained, append-only, in segments, with a Merkle tree over its durable
 * lines. What is recorded in it is its owner's concern.
 */
export class ChainedLog {
  readonly path: string;
  readonly originId: string;
  /** The tree over the durable lines. */
  readonly tree: MerkleTree;
  /** What opening found that must be recorded first. */
  readonly owedAtOpen: readonly LedgerEntry[];
  /** Whether a crash left the current segment without its header. */
  readonly headerOwed: boolean;
  readonly #options: ChainedLogOptions;
  readonly #lock: Lock;
  readonly #openIntents: Map<number, OpenIntent>;
  #commit: GroupCommit;
  /** Where the chain stands counting what is queued, and counting only what is durable. */
  #position: ChainPosition;
  #durable: ChainPosition;
  #durableSize: number;
  /** A newline when the next record comes after a torn line. */
  #prefix: '' | '\n';
  /** Records that a resumption must write, kept until they are durable. */
  #owed: LedgerEntry[] = [];
  #resuming: Promise<void> | null = null;
  #rotating: Promise<unknown> | null = null;

  private constructor(options: ChainedLogOptions, lock: Lock, file: LogFile, walk: LogWalk, end: LogEnd) {
    this.path = options.path;
    this.originId = walk.chain.position.originId ?? options.originId ?? randomUUID();
    this.tree = walk.tree;
    this.#options = options;
    this.#lock = lock;
    this.#openIntents = new Map(walk.chain.openIntents);
    this.headerOwed = !walk.headerSeen;
    this.owedAtOpen = end.entry === null ? [] : [end.entry];
    this.#commit = new GroupCommit(file, options.durability, end.size);
    this.#position = walk.chain.position;
    this.#durable = walk.chain.position;
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
      const { segment, walk } = await openEnd(options.path, options.observe, options.onNode);
      file = openLogFile(segment.path);
      walk.headerSeen = segment.firstSeq === 0;
      const end = await recoverEnd(file, 0, walk, options.setAsideFrom);
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
    return this.#durable.nextSeq;
  }

  /** The hash of the last durable record. */
  get lastHash(): string {
    return this.#durable.prevHash;
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
    await this.#commit.idle();
    if (this.#commit.error !== null) throw this.#commit.error;
    const entry = header();
    if (entry === null) return null;
    await this.#commit.sync();
    const path = segmentPath(this.path, this.#position.nextSeq);
    const file = openLogFile(path);
    closeSync(this.#commit.file.fd);
    this.#commit = new GroupCommit(file, this.#options.durability, file.size);
    this.#durableSize = file.size;
    await this.#enqueue(entry);
    return path;
  }

  /** Waits for what is queued, then lets go of the file and the lock. */
  async close(): Promise<void> {
    // A resumption that fails has told its callers; closing goes on all the same.
    if (this.#resuming !== null) await Promise.allSettled([this.#resuming]);
    if (this.#rotating !== null) await this.#rotating;
    await this.#commit.idle();
    closeSync(this.#commit.file.fd);
    this.#lock.release();
  }

  #enqueue(entry: LedgerEntry): Promise<LedgerRecord> {
    const { nextSeq: seq, prevHash } = this.#position;
    const ts = this.#options.clock.now();
    const canonical = encodeEntry(entry, { seq, ts, originId: this.originId, prevHash });
    const entryHash = sha256Hex(canonical);
    const line = spliceEntryHash(canonical, entryHash);
    const after = { nextSeq: seq + 1, prevHash: entryHash, originId: this.originId };
    const prefix = this.#prefix;
    this.#prefix = '';
    this.#position = after;
    const commit = this.#commit;
    return new Promise((resolve, reject) => {
      const durable = (): void => {
        this.#durable = after;
        this.#durableSize = commit.size;
        this.tree.append(leafHash(entryHash));
        if (entry.kind === 'intent' || typeof entry.intentSeq === 'number')
          this.#trackIntent(entry, canonical);
        this.#options.onDurable?.(line, commit.size);
        resolve({ seq, ts, prevHash, entryHash });
      };
      commit.add({ text: `${prefix}${line}\n`, durable, failed: reject });
    });
  }

  #trackIntent(entry: LedgerEntry, canonical: string): void {
    if (entry.kind === 'intent') {
      const intent = openIntentOf(withNulls(JSON.parse(canonical) as StoredMembers));
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
      const file = reopenLogFile(this.#commit.file);
      const { walk, end, leaves } = await this.#readBack(file);
      for (const leaf of leaves) this.tree.append(leaf);
      closeSync(this.#commit.file.fd);
      this.#commit = new GroupCommit(file, this.#options.durability, end.size);
      const { position, openIntents, records } = walk.chain;
      if (records > 0) this.#owed.push(adoptedEntry(this.#durable, position));
      this.#owed.push(...[...openIntents.values()].map(interruptedEntry));
      this.#position = { ...position, originId: this.originId };
      this.#durable = this.#position;
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

  async #readBack(file: LogFile): Promise<{ walk: LogWalk; end: LogEnd; leaves: NodeHash[] }> {
    try {
      if (file.size < this.#durableSize)
        throw ledgerError('LEDGER_CORRUPT', 'durable records are missing from the log');
      // The tree itself grows only once all of it is known to be good.
      const leaves: NodeHash[] = [];
      const tree = MerkleTree.fromEdge(this.tree.size, this.tree.edge()) ?? new MerkleTree();
      const start = { position: this.#durable, tree, openIntents: [] };
      const walk = new LogWalk(start, () => leaves.push(leafHash(walk.chain.position.prevHash)));
      return { walk, end: await recoverEnd(file, this.#durableSize, walk), leaves };
    } catch (error) {
      closeSync(file.fd);
      throw error;
    }
  }
}

/** The file that is written on. A log whose first segment was archived must not get an empty one in its place. */
function lastSegment(path: string): string {
  try {
    return listSegments(path).at(-1)?.path ?? path;
  } catch (error) {
    // No such directory yet, or no directory: opening the file makes it, or says what is wrong.
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return path;
    throw ledgerError(
      'LEDGER_UNWRITABLE',
      `the ledger at \`${path}\` cannot be found: ${errorMessage(error)}`,
      {
        cause: error,
        fields: { path, reason: 'directory' },
      },
    );
  }
}

function lockOf(path: string): Lock {
  try {
    return acquireLock(path);
  } catch (error) {
    if (error instanceof PraxisError) throw error;
    throw ledgerError(
      'LEDGER_UNWRITABLE',
      `the ledger at \`${path}\` cannot be locked: ${errorMessage(error)}`,
      {
        cause: error,
        fields: { path, reason: 'lock' },
      },
    );
  }
}

function refuseForeignOrigin(options: ChainedLogOptions, { originId }: ChainPosition): void {
  if (options.originId === undefined || originId === null || originId === options.originId) return;
  throw ledgerError('LEDGER_UNWRITABLE', `the ledger at \`${options.path}\` belongs to \`${originId}\``, {
    fields: { path: options.path, reason: 'foreign_origin' },
  });
}
