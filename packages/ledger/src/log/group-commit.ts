import { fdatasync } from 'node:fs';
import { type Clock, errorMessage } from '@praxis/core';
import { type LedgerError, ledgerError } from '../errors.ts';
import { LineBatch, type PendingLine, releasedFirst } from './line-batch.ts';
import type { LogFile } from './log-file.ts';
import { Pipeline, type PipelineEnds } from './pipeline.ts';
import type { SealingOnDemand } from './sealing-on-demand.ts';
import type { Sealing, SealingThread } from './sealing-thread.ts';
import { writeLines } from './write-lines.ts';

/**
 * What "durable" means. `group`: callers that wait at the same time share one fdatasync. `each`: one
 * fdatasync per record. `os`: the operating system has the record, which outlives this process but
 * not the machine.
 */
export type Durability = 'group' | 'each' | 'os';

/** How many batches are kept to be filled again. */
const SPARE_BATCHES_MAX = 4;
/** How often in a row callers who answer at once may go on before timers and sockets have a turn. */
const TURNS_MAX = 16;
/** How much one measurement counts against those before. */
const SMOOTHING = 0.25;

/** Told which lines of a batch became durable, in order; acknowledges them. */
export type DurableObserver = (batch: LineBatch, from: number, to: number) => void;

export interface GroupCommitOptions {
  readonly durability: Durability;
  readonly clock: Clock;
  readonly durable: DurableObserver;
  readonly sealing: SealingOnDemand;
}

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
  /** The digest of the last line that was sealed; null as long as only the thread knows it. */
  #lastSealed: string | null;
  /** What the thread was given last, and has not finished. */
  #lastSubmitted: LineBatch | null = null;
  readonly #sealing: SealingOnDemand;
  readonly #ends: PipelineEnds;
  /** Whether sealing, or syncing, is left to the thread. */
  #sealsElsewhere = false;
  #syncsElsewhere = false;
  /** How long a sync, or the thread with a batch, takes, in milliseconds. */
  #syncMs = 0;
  /** Since when the thread has been at work on a batch. */
  #threadBusyFrom = 0;
  /** Whether all that was in the file when it was opened is durable. */
  #hasSynced = false;
  /** What a record costs the processor, callers included, in milliseconds. */
  #recordMs = 0;

  constructor(file: LogFile, size: number, lastHash: string, options: GroupCommitOptions) {
    this.file = file;
    this.size = size;
    this.#lastSealed = lastHash;
    this.#durability = options.durability;
    this.#clock = options.clock;
    this.#durable = options.durable;
    this.#sealing = options.sealing;
    this.#ends = this.#endsOfPipeline();
  }

  /** The batch that takes the next line; whoever adds one must say so with `added`. */
  batch(): LineBatch {
    if (this.#open.isFull) {
      this.#full.push(this.#open);
      this.#open = this.#spare.pop() ?? new LineBatch();
    }
    return this.#open;
  }

  added(): void {
    this.queued += 1;
    if (!this.#sealsElsewhere) this.#seal(this.#open);
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
      while (this.#waiting && this.error === null) {
        const thread = this.#threadForNext();
        if (thread !== null) await this.#pumpThrough(thread);
        else if (this.#durability === 'group') await this.#pumpGroups();
        else await this.#commitAlone(this.#take());
      }
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
   * Leaves writing to a thread as long as it is of use. With a sync for each batch it has enough to do; without one
   * it does the sealing as well.
   */
  async #pumpThrough(thread: SealingThread): Promise<void> {
    const pipeline = new Pipeline(thread, this.#ends);
    try {
      if (this.#durability === 'os') this.#sealsElsewhere = true;
      else await this.#leaveSyncing();
      await pipeline.run();
    } catch (error) {
      const failure = this.#fail(error);
      for (const batch of pipeline.batches) this.#rejectAll(batch.lines.slice(batch.acknowledged), failure);
    }
    this.#sealsElsewhere = false;
    this.#syncsElsewhere = false;
    for (const batch of [...this.#full, this.#open]) this.#seal(batch);
  }

  /** Two threads never sync at the same time, and what was in the file before is not left unsynced. */
  async #leaveSyncing(): Promise<void> {
    if (!this.#hasSynced) await this.#sync();
    while (this.#syncing !== null) await this.#syncing;
    this.#syncsElsewhere = true;
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
      else if (held !== null && !this.#waiting)
        held = await this.#release(held, Math.max(held.acknowledged, releasedFirst(held)));
      if (held !== null && !this.#waiting) held = await this.#release(held, held.lines.length);
      if (!this.#waiting || this.error !== null) return;
      if (this.#threadForNext() !== null) {
        if (held !== null) await this.#release(held, held.lines.length);
        return;
      }
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

  #threadForNext(): SealingThread | null {
    return this.#isThreadOfUse ? this.#sealing.threadFor(this.#open.lines.length) : null;
  }

  /** As long as it syncs, all callers wait: only when that is short can some of them go on meanwhile. */
  get #isThreadOfUse(): boolean {
    if (this.#durability === 'group') return this.#syncMs < this.#recordMs * this.queued;
    return this.#durability === 'os';
  }

  #seal(batch: LineBatch): void {
    if (batch.sealed === batch.lines.length) return;
    if (this.#lastSealed === null) throw new Error('lines are sealed in the order in which they come');
    this.#lastSealed = batch.seal(this.#lastSealed);
  }

  /** Where batches come from that a thread writes, and what becomes of them. */
  #endsOfPipeline(): PipelineEnds {
    return {
      waiting: () => (this.#full[0] ?? this.#open).lines.length,
      take: () => this.#take(),
      submit: (thread, batch) => this.#submit(thread, batch),
      done: (batch) => {
        if (this.#lastSubmitted === batch) this.#lastSubmitted = null;
        if (this.#lastSubmitted === null) this.#lastSealed ??= batch.hashOf(batch.lines.length - 1);
        const now = this.#clock.monotonicMs();
        this.#syncMs += SMOOTHING * (now - this.#threadBusyFrom - this.#syncMs);
        this.#threadBusyFrom = now;
      },
      release: (batch, to) => this.#release(batch, to),
      isOfUse: () => this.#isThreadOfUse,
      refuseIfFailed: () => this.#refuseIfFailed(),
    };
  }

  #submit(thread: SealingThread, batch: LineBatch): Sealing {
    if (this.#lastSubmitted === null) this.#threadBusyFrom = this.#clock.monotonicMs();
    // A batch that was begun before the thread was asked.
    if (batch.sealed > 0) this.#seal(batch);
    const prevHash = batch.sealed > 0 ? null : this.#lastSealed;
    if (batch.sealed === 0) this.#lastSealed = null;
    const size = this.size;
    batch.offset = size;
    this.size += batch.length;
    this.#lastSubmitted = batch;
    return thread.submit(batch, { file: this.file, size, syncs: this.#syncsElsewhere, prevHash });
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
    if (from === 0) batch.offset = this.size;
    this.size = writeLines(this.file, batch.bytes, batch.endOf(from - 1), batch.endOf(to - 1), this.size);
  }

  async #sync(): Promise<void> {
    while (this.#syncing !== null) await Promise.allSettled([this.#syncing]);
    this.#refuseIfFailed();
    // A thread that syncs what it writes leaves nothing unsynced that was acknowledged, or there before.
    if (this.#syncsElsewhere) return;
    const from = this.#clock.monotonicMs();
    this.#syncing = dataSync(this.file.fd).finally(() => {
      this.#syncing = null;
    });
    await this.#syncing;
    this.#hasSynced = true;
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

function dataSync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}
