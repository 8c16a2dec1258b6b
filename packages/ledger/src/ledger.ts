import type { Clock } from '@praxis/core';
import { ledgerError } from './errors.ts';
import type { Checkpointer } from './evidence/checkpointer.ts';
import type { Evidence, EvidenceOptions, EvidenceStatus } from './evidence/evidence.ts';
import type { ChainedLog } from './log/chained-log.ts';
import type { Durability } from './log/group-commit.ts';
import { segmentEntry } from './log/log-walk.ts';
import { SegmentAge } from './log/segment-age.ts';
import { segmentNumberOf } from './log/segments.ts';
import { closeLog, evidenceHeader, type OpenedLog, openLog } from './open-log.ts';
import {
  interruptedEntry,
  keyRotatedEntry,
  refuseInvalidEntry,
  sessionEndedEntry,
  sessionEntry,
} from './own-entries.ts';
import type { LedgerEntry, LedgerRecord, SessionHeaderFields } from './record.ts';
import type { Sink, SinkFeed, SinkStatus } from './sinks/sink.ts';
import type { SinkPlaces } from './sinks/sink-places.ts';
import type { TileWriter } from './tree/tiles.ts';

/** How large a segment becomes before the log goes on in a new one, in bytes. */
export const SEGMENT_BYTES_DEFAULT: number = 256 * 1024 * 1024;

/**
 * How a ledger is opened and kept: its file, its clock, who binds its session, how durable a record is before its caller is
 * answered, and what else gets it. Sizes are in bytes, times in milliseconds.
 */
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
  /** Go on in a new segment when the current one has this many bytes. Default `SEGMENT_BYTES_DEFAULT`. */
  readonly segmentBytesMax?: number | undefined;
  /** Go on in a new segment when the current one is this old, in milliseconds. Default: never for its age alone. */
  readonly segmentAgeMsMax?: number | undefined;
  /** Checkpoints, anchors and vouchers; `false` keeps none. Default: checkpoints beside the log. */
  readonly evidence?: EvidenceOptions | false;
  /** Where each durable record is copied to, best effort. */
  readonly sinks?: readonly Sink[];
}

/** Whether records can be written at the moment, and how many wait. */
export interface LedgerStatus {
  readonly writable: boolean;
  readonly queued: number;
  readonly records: number;
  readonly originId: string;
  /** The code of the failure that keeps the ledger from writing, or null. */
  readonly failure: string | null;
  readonly evidence: EvidenceStatus | null;
  readonly sinks: readonly SinkStatus[];
}

/** The tamper-evident record: append-only, owner-only, hash-chained, one writer. */
export class Ledger {
  readonly path: string;
  readonly #log: ChainedLog;
  readonly #evidence: Evidence | null;
  readonly #checkpointer: Checkpointer | null;
  readonly #tiles: TileWriter;
  readonly #feeds: readonly SinkFeed[];
  readonly #places: SinkPlaces;
  readonly #segmentBytesMax: number;
  readonly #clock: Clock;
  readonly #age: SegmentAge | null;
  #segment: OpenedLog['segment'];
  #rotating: Promise<string | null> | null = null;
  #closing: Promise<void> | null = null;

  private constructor(options: LedgerOptions, opened: OpenedLog) {
    this.path = options.path;
    this.#log = opened.log;
    this.#evidence = opened.evidence;
    this.#checkpointer = opened.checkpointer;
    this.#tiles = opened.tiles;
    this.#feeds = opened.feeds;
    this.#places = opened.places;
    this.#segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_DEFAULT;
    this.#clock = options.clock;
    this.#segment = opened.segment;
    this.#age = this.#watchAge(options.segmentAgeMsMax);
  }

  /**
   * Opens a ledger: takes its lock, verifies the current segment and holds it to the last checkpoint,
   * commits to what a crash left behind, writes the session header, closes every intent whose outcome
   * is missing as interrupted, and signs a checkpoint. Resolves when all that is durable. Throws
   * `LEDGER_UNWRITABLE`, `LEDGER_ANCHOR_UNWRITABLE`, `LEDGER_LOCKED`, `LEDGER_CORRUPT` or
   * `LEDGER_UNAVAILABLE`.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const opened = await openLog(options);
    const { log, evidence, checkpointer } = opened;
    try {
      await log.appendAll(log.owedAtOpen);
      // The header commits to the tree as it is now, with the record of what was set aside.
      await log.appendAll(log.headerOwed ? [segmentHeader(log)].filter((header) => header !== null) : []);
      await log.appendAll([
        sessionEntry(options.session, options.clock.now(), evidenceHeader(evidence)),
        ...log.openIntents.map(interruptedEntry),
      ]);
      await checkpointer?.checkpointNow();
      return new Ledger(options, opened);
    } catch (error) {
      await closeLog(opened);
      throw error;
    }
  }

  get originId(): string {
    return this.#log.originId;
  }

  /**
   * Records one entry. Sequence numbers follow the order of the calls; the promise resolves only when
   * the record is durable in the sense of the ledger's durability. Never throws into the caller: it
   * rejects with `LEDGER_UNAVAILABLE` when the record could not be made durable, `LEDGER_BUSY` when
   * `QUEUE_RECORDS_MAX` records wait already, `LEDGER_ENTRY_INVALID` for a kind or decision that is
   * none, `LEDGER_CLOSED` after `close`. After a failure each call tries to resume.
   */
  append(entry: LedgerEntry): Promise<LedgerRecord> {
    if (this.#closing !== null) return Promise.reject(ledgerError('LEDGER_CLOSED', 'the ledger is closed'));
    try {
      refuseInvalidEntry(entry);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#log.segmentBytes >= this.#segmentBytesMax) this.#rotateInTheBackground();
    return this.#log.append(entry);
  }

  get status(): LedgerStatus {
    const { failure, queued, records, originId } = this.#log;
    return {
      writable: failure === null && this.#closing === null,
      queued,
      records,
      originId,
      failure: failure?.code ?? null,
      evidence: this.#evidenceStatus(),
      sinks: this.#feeds.map(({ status }) => ({
        ...status,
        lastFailure: this.#places.failure ?? status.lastFailure,
      })),
    };
  }

  /**
   * Goes on in a new segment and answers its path, or null when too many actions are running at the
   * moment to carry over. Callers of `append` wait for it and lose nothing.
   */
  rotate(): Promise<string | null> {
    if (this.#closing !== null) return Promise.reject(ledgerError('LEDGER_CLOSED', 'the ledger is closed'));
    const log = this.#log;
    this.#rotating ??= log
      .rotate(() => segmentHeader(log))
      .then((path) => this.#began(path))
      .finally(() => {
        this.#rotating = null;
      });
    return this.#rotating;
  }

  /** Ends the session in the log, waits for what is queued, lets go of the file and the lock. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Signs a checkpoint of every record that is durable now. Rejects when it cannot be kept. */
  async checkpoint(): Promise<void> {
    await this.#checkpointer?.checkpointNow();
  }

  /** Makes a new signing key, recorded in the log with the old key's word for it, and signs a checkpoint with it. */
  async rotateKey(): Promise<string> {
    const evidence = this.#evidence;
    if (evidence === null) throw ledgerError('LEDGER_ENTRY_INVALID', 'the ledger keeps no evidence');
    await this.checkpoint();
    await evidence.rotateKey((next, endorsement) => this.#log.append(keyRotatedEntry(next, endorsement)));
    await this.checkpoint();
    return evidence.verifierKey;
  }

  /** The key that verifies this ledger's checkpoints, to be given to auditors, or null without evidence. */
  get verifierKey(): string | null {
    return this.#evidence?.verifierKey ?? null;
  }

  #evidenceStatus(): EvidenceStatus | null {
    if (this.#evidence === null) return null;
    const { status } = this.#evidence;
    return { ...status, lastFailure: this.#checkpointer?.lastFailure ?? status.lastFailure };
  }

  #began(path: string | null): string | null {
    const firstSeq = path === null ? null : segmentNumberOf(path);
    if (firstSeq !== null) this.#segment = { firstSeq, begunAt: this.#clock.now() };
    return path;
  }

  #watchAge(ageMsMax: number | undefined): SegmentAge | null {
    if (ageMsMax === undefined) return null;
    return new SegmentAge({
      ageMsMax,
      clock: this.#clock,
      segment: () => ({
        begunAt: this.#segment.begunAt,
        used: this.#log.records - this.#segment.firstSeq > 1,
      }),
      rotate: () => this.rotate(),
    });
  }

  async #close(): Promise<void> {
    this.#age?.stop();
    await this.#checkpointer?.stop();
    // A log that cannot take its last record is closed all the same: it says by itself that it was not ended.
    await Promise.allSettled([this.#log.append(sessionEndedEntry())]);
    await Promise.allSettled([this.checkpoint()]);
    await this.#checkpointer?.stop();
    await closeLog({
      log: this.#log,
      evidence: this.#evidence,
      checkpointer: this.#checkpointer,
      tiles: this.#tiles,
      feeds: this.#feeds,
      places: this.#places,
    });
  }

  #rotateInTheBackground(): void {
    // A rotation that fails leaves the log where it is; the next append tries again.
    void Promise.allSettled([this.rotate()]);
  }
}

function segmentHeader(log: ChainedLog): LedgerEntry | null {
  const position = { nextSeq: log.records, prevHash: log.lastHash, originId: log.originId };
  return segmentEntry(log.tree.tree, position, log.openIntents);
}
