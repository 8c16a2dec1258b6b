import { errorMessage } from '@praxis/core';
import type { ChainedLog } from '../log/chained-log.ts';
import type { Evidence } from './evidence.ts';

/** A checkpoint after this many records, unless configured. */
export const EVERY_RECORDS_DEFAULT = 64;
/** A checkpoint this long after a record that none covers yet, unless configured, in milliseconds. */
export const EVERY_MS_DEFAULT = 60_000;
/** Under load, checkpoints are at least this far apart, in milliseconds. */
export const CHECKPOINT_GAP_MS = 50;

/** Decides when a checkpoint is due and makes it, never while a caller waits. */
export class Checkpointer {
  readonly #log: ChainedLog;
  readonly #evidence: Evidence;
  readonly #everyRecords: number;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | null = null;
  #timerIsShort = false;
  #running: Promise<void> | null = null;
  lastFailure: string | null = null;

  constructor(
    log: ChainedLog,
    evidence: Evidence,
    every: { records?: number | undefined; ms?: number | undefined },
  ) {
    this.#log = log;
    this.#evidence = evidence;
    this.#everyRecords = every.records ?? EVERY_RECORDS_DEFAULT;
    this.#everyMs = every.ms ?? EVERY_MS_DEFAULT;
  }

  /** To be called for every durable record; costs a comparison. */
  recorded(size: number): void {
    const due = size - this.#covered() >= this.#everyRecords;
    if (this.#timer !== null && (this.#timerIsShort || !due)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerIsShort = due;
    this.#timer = setTimeout(() => this.#run(), due ? CHECKPOINT_GAP_MS : this.#everyMs);
    this.#timer.unref();
  }

  /** Makes a checkpoint of everything that is durable now. Rejects when it cannot be kept. */
  async checkpointNow(): Promise<void> {
    if (this.#running !== null) await Promise.allSettled([this.#running]);
    // The tree is taken before the sync, so that whatever it covers is on the disk after it.
    const { size } = this.#log.tree;
    const root = this.#log.tree.root();
    await this.#log.sync();
    await this.#evidence.checkpoint(size, root);
  }

  /** Stops the clock; what is under way ends first. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#running !== null) await Promise.allSettled([this.#running]);
  }

  #covered(): number {
    return this.#evidence.last?.size ?? 0;
  }

  #run(): void {
    this.#timer = null;
    this.#running = this.checkpointNow()
      .then(() => {
        this.lastFailure = null;
      })
      .catch((error: unknown) => {
        this.lastFailure = errorMessage(error);
      })
      .finally(() => {
        this.#running = null;
        if (this.#log.tree.size > this.#covered()) this.recorded(this.#log.tree.size);
      });
  }
}
