import { randomUUID } from 'node:crypto';
import { closeSync } from 'node:fs';
import { type Clock, errorMessage, PraxisError, sha256Hex } from '@praxis/core';
import { type ChainPosition, GENESIS } from './chain-walk.ts';
import { encodeEntry } from './encode-record.ts';
import { ledgerError } from './errors.ts';
import { spliceEntryHash } from './line.ts';
import { acquireLock, type Lock } from './log/lock.ts';
import { type Durability, GroupCommit } from './log/group-commit.ts';
import { type LogFile, openLogFile, reopenLogFile } from './log/log-file.ts';
import { recoverTail, type RecoveredTail } from './log/recover.ts';
import { adoptedEntry, interruptedEntry, refuseInvalidEntry, sessionEntry } from './own-entries.ts';
import type { LedgerEntry, LedgerRecord, SessionHeaderFields } from './record.ts';

/** How many records may wait for the disk before callers are refused. */
export const QUEUE_RECORDS_MAX = 16_384;

export interface LedgerOptions {
  /** The log file. It, and its directory when that is absent, are created owner-only. */
  readonly path: string;
  readonly clock: Clock;
  /** Names this ledger among several. Default: what the log says, or a new UUID. */
  readonly originId?: string;
  /** Bound by the first record of this session. */
  readonly session: SessionHeaderFields;
  /** Default `group`. */
  readonly durability?: Durability;
  /** An operator's word that everything from this offset on may be set aside, see `LEDGER_CORRUPT`. */
  readonly setAsideFrom?: number;
}

/** Whether records can be written at the moment, and how many wait. */
export interface LedgerStatus {
  readonly writable: boolean;
  readonly queued: number;
  readonly records: number;
  readonly originId: string;
  /** The code of the failure that keeps the ledger from writing, or null. */
  readonly failure: string | null;
}

/** The tamper-evident record: append-only, owner-only, hash-chained, one writer. */
export class Ledger {
  readonly path: string;
  readonly originId: string;
  readonly #clock: Clock;
  readonly #durability: Durability;
  readonly #lock: Lock;
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
  #closing: Promise<void> | null = null;

  private constructor(options: LedgerOptions, lock: Lock, file: LogFile, tail: RecoveredTail) {
    this.path = options.path;
    this.originId = tail.position.originId ?? options.originId ?? randomUUID();
    this.#clock = options.clock;
    this.#durability = options.durability ?? 'group';
    this.#lock = lock;
    this.#commit = new GroupCommit(file, this.#durability, tail.size);
    this.#position = tail.position;
    this.#durable = tail.position;
    this.#durableSize = tail.recordsEnd;
    this.#prefix = tail.prefix;
  }

  /**
   * Opens a ledger: takes its lock, verifies the log, commits to what a crash left behind, writes the
   * session header, and closes every intent whose outcome is missing as interrupted. Resolves when all
   * that is durable. Throws `LEDGER_UNWRITABLE`, `LEDGER_LOCKED`, `LEDGER_CORRUPT` or
   * `LEDGER_UNAVAILABLE`.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const file = openLogFile(options.path);
    let lock: Lock | null = null;
    try {
      lock = acquireLock(options.path);
      const tail = await recoverTail(file, 0, GENESIS, { setAsideFrom: options.setAsideFrom });
      refuseForeignOrigin(options, tail);
      const ledger = new Ledger(options, lock, file, tail);
      await ledger.#begin(options.session, tail);
      return ledger;
    } catch (error) {
      lock?.release();
      closeSync(file.fd);
      throw asLedgerError(error, options.path);
    }
  }

  /**
   * Records one entry. Sequence numbers follow the order of the calls; the promise resolves only when
   * the record is durable in the sense of the ledger's durability. Never throws into the caller: it
   * rejects with `LEDGER_UNAVAILABLE` when the record could not be made durable, `LEDGER_BUSY` when
   * `QUEUE_RECORDS_MAX` records wait already, `LEDGER_ENTRY_INVALID` for a kind or decision that is
   * none, `LEDGER_CLOSED` after `close`. After a failure each call tries to resume.
   */
  append(entry: LedgerEntry): Promise<LedgerRecord> {
    try {
      if (this.#closing !== null) throw ledgerError('LEDGER_CLOSED', 'the ledger is closed');
      refuseInvalidEntry(entry);
      if (this.#commit.error !== null) return this.#resumeAndAppend(entry);
      if (this.#commit.queued >= QUEUE_RECORDS_MAX) {
        throw ledgerError('LEDGER_BUSY', `${QUEUE_RECORDS_MAX} records wait for the disk already`);
      }
      return this.#enqueue(entry);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  get status(): LedgerStatus {
    const { error, queued } = this.#commit;
    return {
      writable: error === null && this.#closing === null,
      queued,
      records: this.#durable.nextSeq,
      originId: this.originId,
      failure: error?.code ?? null,
    };
  }

  /** Waits for what is queued, then lets go of the file and the lock. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // A resumption that fails has told its callers; closing goes on all the same.
    if (this.#resuming !== null) await Promise.allSettled([this.#resuming]);
    await this.#commit.idle();
    closeSync(this.#commit.file.fd);
    this.#lock.release();
  }

  /** Everything an open owes the log goes out in one write. */
  async #begin(session: SessionHeaderFields, tail: RecoveredTail): Promise<void> {
    const entries = [sessionEntry(session, this.#clock.now()), ...tail.openIntents.map(interruptedEntry)];
    if (tail.entry !== null) entries.unshift(tail.entry);
    await this.#enqueueAll(entries);
  }

  async #enqueueAll(entries: readonly LedgerEntry[]): Promise<void> {
    await Promise.all(entries.map((entry) => this.#enqueue(entry)));
  }

  #enqueue(entry: LedgerEntry): Promise<LedgerRecord> {
    const { nextSeq: seq, prevHash } = this.#position;
    const ts = this.#clock.now();
    const canonical = encodeEntry(entry, { seq, ts, originId: this.originId, prevHash });
    const entryHash = sha256Hex(canonical);
    const text = `${this.#prefix}${spliceEntryHash(canonical, entryHash)}\n`;
    const after = { nextSeq: seq + 1, prevHash: entryHash, originId: this.originId };
    this.#prefix = '';
    this.#position = after;
    const commit = this.#commit;
    return new Promise((resolve, reject) => {
      const durable = (): void => {
        this.#durable = after;
        this.#durableSize = commit.size;
        resolve({ seq, ts, prevHash, entryHash });
      };
      commit.add({ text, durable, failed: reject });
    });
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
      const tail = await this.#readBack(file);
      closeSync(this.#commit.file.fd);
      this.#commit = new GroupCommit(file, this.#durability, tail.size);
      if (tail.records > 0) this.#owed.push(adoptedEntry(this.#durable, tail));
      this.#owed.push(...tail.openIntents.map(interruptedEntry));
      this.#position = { ...tail.position, originId: this.originId };
      this.#durable = this.#position;
      this.#durableSize = tail.recordsEnd;
      this.#prefix = tail.prefix;
      await this.#enqueueAll(tail.entry === null ? this.#owed : [tail.entry, ...this.#owed]);
      this.#owed = [];
    } catch (error) {
      throw ledgerError('LEDGER_UNAVAILABLE', `the ledger cannot resume: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  async #readBack(file: LogFile): Promise<RecoveredTail> {
    try {
      if (file.size < this.#durableSize)
        throw ledgerError('LEDGER_CORRUPT', 'durable records are missing from the log');
      return await recoverTail(file, this.#durableSize, this.#durable);
    } catch (error) {
      closeSync(file.fd);
      throw error;
    }
  }
}

function refuseForeignOrigin(options: LedgerOptions, tail: RecoveredTail): void {
  const { originId } = tail.position;
  if (options.originId === undefined || originId === null || originId === options.originId) return;
  throw ledgerError('LEDGER_UNWRITABLE', `the ledger at \`${options.path}\` belongs to \`${originId}\``, {
    fields: { path: options.path, reason: 'foreign_origin' },
  });
}

function asLedgerError(error: unknown, path: string): unknown {
  if (error instanceof PraxisError) return error;
  return ledgerError(
    'LEDGER_UNWRITABLE',
    `the ledger at \`${path}\` cannot be opened: ${errorMessage(error)}`,
    {
      cause: error,
      fields: { path, reason: 'system' },
    },
  );
}
