import { fdatasync, statSync, writeSync } from 'node:fs';
import { type Clock, errorMessage } from '@praxis/core';
import { type LedgerError, ledgerError } from '../errors.ts';
import { BATCH_BYTES_MAX, LineBatch, type PendingLine } from './line-batch.ts';
import type { LogFile } from './log-file.ts';

/**
 * What "durable" means. `group`: callers that wait at the same time share one fdatasync. `each`: one
 * fdatasync per record. `os`: the operating system has the record, which outlives this process but
 * not the machine.
 */
export type Durability = 'group' | 'each' | 'os';

/** How many batches are kept to be filled again. */
const SPARE_BATCHES_MAX = 2;
/** How often in a row callers who answer at once may go on before timers and sockets have a turn. */
const TURNS_MAX = 16;
/** How much one measurement counts against those before. */
const SMOOTHING = 0.25;

/** Told which lines of a batch became durable, in order; acknowledges them. */
export type DurableObserver = (batch: LineBatch, from: number, to: number) => void;

/**
 * One pump that takes whatever is queued, writes it with one call and syncs it with one more. While one
 * batch syncs the next is filled; a caller is answered only after a sync that began when its line had been
 * written. Any error ends the pump for good: after a failed sync the kernel may have dropped the pages, so a
 * second sync that succeeds would prove nothing. The owner reopens the file and reads back what is there.
 *
 * INVARIANT: never are two syncs under way, since the kernel tells a write error to one of them only; and
 * lines are acknowledged in order.
 */
export class GroupCommit {
  readonly file: LogFile;
  /** How many bytes were written to the file. */
  size: number;
  error: LedgerError | null = null;
  /** How many lines are not acknowledged yet. */
  queued = 0;
  readonly #durability: Durability;
  readonly #clock: Clock;
  readonly #durable: DurableObserver;
  /** Batches that are full, and the one that is being filled. */
  #full: LineBatch[] = [];
  #open: LineBatch = new LineBatch();
  readonly #spare: LineBatch[] = [];
  #pumping: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;
  #turns = 0;
  /** How long a sync takes, and what a record costs the processor, callers included, in milliseconds. */
  #syncMs = 0;
  #recordMs = 0;

  constructor(
    file: LogFile,
    size: number,
    options: { readonly durability: Durability; readonly clock: Clock; readonly durable: DurableObserver },
  ) {
    this.file = file;
    this.size = size;
    this.#durability = options.durability;
    this.#clock = options.clock;
    this.#durable = options.durable;
  }

  /** The batch that takes the next line; whoever adds one must say so with `added`. */
  batch(): LineBatch {
    if (this.#open.length >= BATCH_BYTES_MAX) {
      this.#full.push(this.#open);
      this.#open = this.#spare.pop() ?? new LineBatch();
    }
    return this.#open;
  }

  added(): void {
    this.queued += 1;
    this.#pumping ??= this.#pump();
  }

  /** Whether lines or a sync are on their way. */
  get busy(): boolean {
    return this.#pumping !== null || this.#syncing !== null;
  }

  /** Resolves when nothing was on its way any more, or the pump has failed. */
  async idle(): Promise<void> {
    while (this.busy) await Promise.allSettled([this.#pumping, this.#syncing]);
  }

  /** Syncs what was written. Rejects when the log has failed or fails now. */
  async sync(): Promise<void> {
    try {
      await this.#sync();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  async #pump(): Promise<void> {
    try {
      await this.#turn();
      if (this.#durability === 'group') await this.#pumpGroups();
      else while (this.#waiting && this.error === null) await this.#commitAlone(this.#take());
    } finally {
      this.#pumping = null;
    }
  }

  /** Without a sync, or with one for each line. */
  async #commitAlone(batch: LineBatch): Promise<void> {
    try {
      if (this.#durability === 'os') this.#write(batch, 0, batch.lines.length);
      else {
        for (let index = 0; index < batch.lines.length; index += 1) {
          this.#write(batch, index, index + 1);
          await this.#sync();
          this.#acknowledge(batch, index + 1);
        }
      }
    } catch (error) {
      return this.#refuse(batch, error);
    }
    this.#acknowledge(batch, batch.lines.length);
    await this.#turn();
  }

  /**
   * When a sync takes longer than its callers need to come back with their next lines, all of them should
   * share the next one. When it takes less, half of them come back while the others' lines sync, and neither
   * disk nor processor waits. `held` is the batch that is durable, and not wholly acknowledged.
   */
  async #pumpGroups(): Promise<void> {
    let held: LineBatch | null = null;
    for (;;) {
      if (held !== null && !this.#isSyncShort(held)) held = await this.#release(held, held.lines.length);
      else if (held !== null && !this.#waiting) held = await this.#release(held, half(held));
      if (held !== null && !this.#waiting) held = await this.#release(held, held.lines.length);
      if (!this.#waiting || this.error !== null) return;
      const batch = this.#take();
      let syncing: Promise<void>;
      try {
        this.#write(batch, 0, batch.lines.length);
        syncing = this.#sync();
      } catch (error) {
        if (held !== null) this.#acknowledge(held, held.lines.length);
        return this.#refuse(batch, error);
      }
      // Awaited below, whatever else happens before.
      syncing.catch(() => undefined);
      if (held !== null) await this.#release(held, held.lines.length);
      try {
        await syncing;
      } catch (error) {
        return this.#refuse(batch, error);
      }
      held = batch;
    }
  }

  /** Acknowledges lines and waits until their callers have gone on. Answers the batch while some of it is left. */
  async #release(batch: LineBatch, to: number): Promise<LineBatch | null> {
    const count = to - batch.acknowledged;
    const from = this.#clock.monotonicMs();
    const whole = to === batch.lines.length;
    this.#acknowledge(batch, to);
    await this.#turn();
    if (count > 0)
      this.#recordMs += SMOOTHING * ((this.#clock.monotonicMs() - from) / count - this.#recordMs);
    return whole ? null : batch;
  }

  /** Whether syncing takes less than it takes all who wait to be answered and to come back. */
  #isSyncShort(held: LineBatch): boolean {
    const waiting = held.lines.length - held.acknowledged + this.#open.lines.length;
    return this.#syncMs < this.#recordMs * waiting;
  }

  /** Whether there are lines to be written. */
  get #waiting(): boolean {
    return this.#open.length > 0 || this.#full.length > 0;
  }

  #take(): LineBatch {
    const full = this.#full.shift();
    if (full !== undefined) return full;
    const batch = this.#open;
    this.#open = this.#spare.pop() ?? new LineBatch();
    return batch;
  }

  #write(batch: LineBatch, from: number, to: number): void {
    let at = batch.lines[from - 1]?.end ?? 0;
    const end = batch.lines[to - 1]?.end ?? 0;
    if (from === 0) batch.offset = this.size;
    while (at < end) {
      const written = writeSync(this.file.fd, batch.bytes, at, end - at);
      at += written;
      this.size += written;
    }
    this.#checkStillOurs();
  }

  /** A log that was moved, removed, cut or written by someone else must not be acknowledged into. */
  #checkStillOurs(): void {
    const stats = statSync(this.file.path);
    if (stats.dev !== this.file.dev || stats.ino !== this.file.ino)
      throw new Error('the log file was replaced');
    if (stats.size !== this.size) throw new Error('the log file was changed by someone else');
  }

  async #sync(): Promise<void> {
    while (this.#syncing !== null) await Promise.allSettled([this.#syncing]);
    this.#refuseIfFailed();
    const from = this.#clock.monotonicMs();
    this.#syncing = dataSync(this.file.fd).finally(() => {
      this.#syncing = null;
    });
    await this.#syncing;
    // Whatever failed meanwhile may have been told to somebody else.
    this.#refuseIfFailed();
    this.#syncMs += SMOOTHING * (this.#clock.monotonicMs() - from - this.#syncMs);
  }

  #refuseIfFailed(): void {
    if (this.error !== null) throw this.error;
  }

  #acknowledge(batch: LineBatch, to: number): void {
    const from = batch.acknowledged;
    if (from === to) return;
    batch.acknowledged = to;
    this.queued -= to - from;
    this.#durable(batch, from, to);
    if (to < batch.lines.length || this.#spare.length >= SPARE_BATCHES_MAX) return;
    batch.clear();
    this.#spare.push(batch);
  }

  #refuse(batch: LineBatch, cause: unknown): void {
    const error = this.#fail(cause);
    this.#rejectAll(batch.lines.slice(batch.acknowledged), error);
  }

  /** Ends the pump and refuses all that has not been taken from the queue. */
  #fail(cause: unknown): LedgerError {
    if (this.error !== null) return this.error;
    this.error = ledgerError('LEDGER_UNAVAILABLE', `the ledger cannot be written: ${errorMessage(cause)}`, {
      cause,
    });
    const waiting = [...this.#full, this.#open].flatMap((batch) => batch.lines);
    this.#full = [];
    this.#open = new LineBatch();
    this.#rejectAll(waiting, this.error);
    return this.error;
  }

  #rejectAll(lines: readonly PendingLine[], error: LedgerError): void {
    this.queued -= lines.length;
    for (const line of lines) line.reject(error);
  }

  /** Resolves when everybody who can go on without waiting has done so: what they append shares a write. */
  #turn(): Promise<void> {
    this.#turns = (this.#turns + 1) % TURNS_MAX;
    if (this.#turns === 0) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
  }
}

function half(batch: LineBatch): number {
  return Math.max(batch.acknowledged, Math.ceil(batch.lines.length / 2));
}

function dataSync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}
