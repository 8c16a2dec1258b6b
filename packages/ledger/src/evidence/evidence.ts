import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, errorMessage, sha256Hex } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { ChainedLog } from '../log/chained-log.ts';
import { stemOf } from '../log/segments.ts';
import { isWhole, type WalkedRecord } from '../chain-walk.ts';
import type { LedgerEntry } from '../record.ts';
import type { NodeHash } from '../tree/node-hash.ts';
import { appendAnchor, probeAnchor } from './anchor.ts';
import { checkpointText, evidenceExtension, originLine, parseCheckpoint } from './checkpoint.ts';
import { evidenceArgs, evidenceEntry } from './evidence-entry.ts';
import { signNote } from './note.ts';
import { endorse, loadOrCreateKey, replaceKey, type SigningKey } from './signing-key.ts';

/** How many checkpoints may wait for a stamp or a cosignature; the oldest wait in the log, not in memory. */
export const VOUCHERS_QUEUED_MAX = 256;
/** How long to wait before asking a stamper or witness again that failed, in milliseconds. */
export const VOUCHER_RETRY_MS = 30_000;

/** How long closing waits for a voucher that was asked already, in milliseconds. */
export const VOUCHER_CLOSE_MS = 2_000;

/** Someone outside who vouches for a checkpoint: a time-stamping authority or a witness. */
export interface Voucher {
  readonly name: string;
  /**
   * Answers the evidence entry to keep, or null when this checkpoint needs none any more. Rejects when
   * the voucher cannot be had now; it is asked again later.
   */
  vouch(note: string, size: number): Promise<LedgerEntry | null>;
}

/**
 * What speaks for the log besides its chain: signed checkpoints (C2SP tlog-checkpoint), how often they are made, and who
 * else is shown them. They are made off the path of a request.
 */
export interface EvidenceOptions {
  /** Default: beside the log, with the extension `.evidence.jsonl`. */
  readonly path?: string | undefined;
  /** Where the signing key is. Default: beside the log, with the extension `.key`. */
  readonly keyPath?: string | undefined;
  /** A checkpoint after this many records. Default 64. */
  readonly everyRecords?: number | undefined;
  /** A checkpoint this long after a record that none covers yet, in milliseconds. Default 60,000. */
  readonly everyMs?: number | undefined;
  /** An append-only file elsewhere that gets every checkpoint too. */
  readonly anchorPath?: string | undefined;
  /**
   * What to do when that file cannot be written at the start: `refuse` to open, the default, or `allow` it and
   * go on trying. An outage while the ledger is open only shows in its status.
   */
  readonly anchorOutage?: 'refuse' | 'allow' | undefined;
  readonly vouchers?: readonly Voucher[] | undefined;
}

/** How the evidence stands. */
export interface EvidenceStatus {
  /** How many records the last checkpoint covers. */
  readonly covered: number;
  readonly checkpoints: number;
  /** Vouchers still to be had. */
  readonly waiting: number;
  readonly lastFailure: string | null;
}

/** The last checkpoint that the evidence holds. */
export interface LastCheckpoint {
  readonly size: number;
  readonly root: NodeHash;
  readonly note: string;
}

interface Waiting {
  readonly voucher: Voucher;
  readonly note: string;
  readonly size: number;
}

export function evidencePathOf(path: string): string {
  return `${stemOf(path)}.evidence.jsonl`;
}

export function keyPathOf(path: string): string {
  return `${stemOf(path)}.key`;
}

/** Signs checkpoints of a log and keeps them, with what others say about them, in a log of its own. */
export class Evidence {
  readonly #log: ChainedLog;
  readonly #options: EvidenceOptions;
  readonly #keyPath: string;
  #key: SigningKey;
  #last: LastCheckpoint | null;
  #checkpoints = 0;
  #turn: Promise<void> = Promise.resolve();
  #waiting: Waiting[] = [];
  #vouching: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;
  #anchorFailure: string | null = null;
  #lastFailure: string | null = null;

  private constructor(log: ChainedLog, options: EvidenceOptions, keyPath: string, found: Found) {
    this.#log = log;
    this.#options = options;
    this.#keyPath = keyPath;
    this.#key = loadOrCreateKey(keyPath, originLine(log.originId));
    this.#last = found.last;
    this.#checkpoints = found.checkpoints;
    this.#waiting = this.#unvouched(found);
  }

  static async open(
    logPath: string,
    originId: string,
    clock: Clock,
    options: EvidenceOptions,
  ): Promise<Evidence> {
    if (options.anchorPath !== undefined && options.anchorOutage !== 'allow') probeAnchor(options.anchorPath);
    const found: Found = { last: null, checkpoints: 0, unvouched: new Map() };
    const log = await ChainedLog.open({
      path: options.path ?? evidencePathOf(logPath),
      clock,
      originId,
      durability: 'group',
      queueRecordsMax: 65_536,
      observe: (record) => note(found, record),
    });
    try {
      const evidence = new Evidence(log, options, options.keyPath ?? keyPathOf(logPath), found);
      await log.appendAll(log.owedAtOpen);
      return evidence;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  get last(): LastCheckpoint | null {
    return this.#last;
  }

  /** The hash of the last evidence line: whoever keeps it notices when evidence is cut off before it. */
  get lastHash(): string {
    return this.#log.lastHash;
  }

  get records(): number {
    return this.#log.records;
  }

  get verifierKey(): string {
    return this.#key.verifierKey;
  }

  get status(): EvidenceStatus {
    return {
      covered: this.#last?.size ?? 0,
      checkpoints: this.#checkpoints,
      waiting: this.#waiting.length,
      lastFailure: this.#anchorFailure ?? this.#lastFailure,
    };
  }

  /** Signs and keeps a checkpoint; asks vouchers in the background. Rejects when it cannot be kept. */
  checkpoint(size: number, root: NodeHash): Promise<void> {
    return this.#inTurn(() => this.#checkpoint(size, root));
  }

  async #checkpoint(size: number, root: NodeHash): Promise<void> {
    if (size <= (this.#last?.size ?? -1)) return;
    const text = checkpointText({
      origin: this.#key.name,
      size,
      root,
      extensions: [evidenceExtension(this.#log.lastHash)],
    });
    const signed = signNote(text, this.#key.name, this.#key.privateKey);
    await this.#log.append(evidenceEntry('checkpoint', { note: signed }));
    this.#last = { size, root, note: signed };
    this.#checkpoints += 1;
    this.#anchor(signed);
    for (const voucher of this.#options.vouchers ?? []) this.#waiting.push({ voucher, note: signed, size });
    if (this.#waiting.length > VOUCHERS_QUEUED_MAX)
      this.#waiting.splice(0, this.#waiting.length - VOUCHERS_QUEUED_MAX);
    this.#startVouching();
  }

  /** Makes a new signing key; `record` writes the old key's word for it into the log before the new one signs. */
  async rotateKey(record: (next: string, endorsement: string) => Promise<unknown>): Promise<void> {
    const old = this.#key;
    this.#key = await replaceKey(this.#keyPath, old.name, (next) => record(next, endorse(old, next)));
  }

  /** Gives vouchers a last, short chance, then closes. */
  async close(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#vouching !== null) {
      const patience = new AbortController();
      await Promise.race([this.#vouching, sleep(VOUCHER_CLOSE_MS, undefined, { signal: patience.signal })]);
      patience.abort();
    }
    this.#closed = true;
    // A line that is being written now is written; what comes later waits for the next session.
    await this.#turn;
    await this.#log.close();
  }

  /**
   * One line of evidence at a time: a checkpoint commits to the line right before it, so nothing may
   * come between looking at that line and appending.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  #anchor(note: string): void {
    if (this.#options.anchorPath === undefined) return;
    try {
      appendAnchor(this.#options.anchorPath, note);
      // A checkpoint speaks for all records before it, so that one that is written makes up for those that were not.
      this.#anchorFailure = null;
    } catch (error) {
      this.#anchorFailure = `anchor: ${errorMessage(error)}`;
    }
  }

  #startVouching(): void {
    if (this.#vouching !== null || this.#waiting.length === 0) return;
    this.#vouching = this.#vouch().finally(() => {
      this.#vouching = null;
    });
  }

  /** One voucher after the other; one that fails keeps its place and is asked again later. */
  async #vouch(): Promise<void> {
    const failed = new Set<Voucher>();
    const later: Waiting[] = [];
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (failed.has(next.voucher) || !(await this.#vouchOne(next))) {
        failed.add(next.voucher);
        later.push(next);
      }
    }
    this.#waiting.unshift(...later);
    if (later.length === 0 || this.#closed) return;
    this.#retry = setTimeout(() => this.#startVouching(), VOUCHER_RETRY_MS);
    this.#retry.unref();
  }

  async #vouchOne({ voucher, note, size }: Waiting): Promise<boolean> {
    try {
      const entry = await voucher.vouch(note, size);
      if (entry !== null) await this.#inTurn(() => this.#keep(entry));
      return true;
    } catch (error) {
      this.#lastFailure = `${voucher.name}: ${errorMessage(error)}`;
      return false;
    }
  }

  async #keep(entry: LedgerEntry): Promise<void> {
    if (this.#closed) throw ledgerError('LEDGER_CLOSED', 'the evidence is closed');
    await this.#log.append(entry);
  }

  /** What an earlier session could not get vouched for, newest first kept. */
  #unvouched(found: Found): Waiting[] {
    const notes = [...found.unvouched.values()].slice(-VOUCHERS_QUEUED_MAX);
    return notes.flatMap(({ note, size }) =>
      (this.#options.vouchers ?? []).map((voucher) => ({ voucher, note, size })),
    );
  }
}

interface Found {
  last: LastCheckpoint | null;
  checkpoints: number;
  readonly unvouched: Map<string, { note: string; size: number }>;
}

/** Remembers of the evidence what the next session needs. */
function note(found: Found, record: WalkedRecord): void {
  const signed = evidenceArgs(record, 'checkpoint', ['note'])?.['note'];
  if (signed === undefined) {
    const vouched = (isWhole(record) ? record.args : null) as { readonly note_sha256?: unknown } | null;
    if (typeof vouched?.note_sha256 === 'string') found.unvouched.delete(vouched.note_sha256);
    return;
  }
  const parsed = parseCheckpoint(signed);
  if (parsed === null) return;
  const { size, root } = parsed.checkpoint;
  found.last = { size, root, note: signed };
  found.checkpoints += 1;
  found.unvouched.set(sha256Hex(signed), { note: signed, size });
  const oldest = found.unvouched.keys().next().value;
  if (found.unvouched.size > VOUCHERS_QUEUED_MAX && oldest !== undefined) found.unvouched.delete(oldest);
}
