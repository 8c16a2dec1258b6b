import { type LineBatch, releasedFirst } from './line-batch.ts';
import { SEALED_ELSEWHERE_LINES_MIN } from './sealing-on-demand.ts';
import type { Sealing, SealingThread } from './sealing-thread.ts';

/** Fewer lines are not handed over as long as others are on their way: they would be alone for ever. */
const LINES_MIN: number = SEALED_ELSEWHERE_LINES_MIN / 2;

/** Where batches come from, and what becomes of them. */
export interface PipelineEnds {
  /** How many lines can be taken at once. */
  readonly waiting: () => number;
  /** The next batch, to be made durable. */
  readonly take: () => LineBatch;
  /** Hands a batch to the thread. */
  readonly submit: (thread: SealingThread, batch: LineBatch) => Sealing;
  /** Is told that the thread has made a batch durable. */
  readonly done: (batch: LineBatch) => void;
  /** Acknowledges lines of a batch up to one, and waits until their callers have gone on. */
  readonly release: (batch: LineBatch, to: number) => Promise<unknown>;
  /** Whether batches should be handed over. */
  readonly isOfUse: () => boolean;
  /** Throws when the log has failed meanwhile. */
  readonly refuseIfFailed: () => void;
}

/**
 * Leads batches past two threads that work at the same time: this one encodes lines, another makes them durable. Half
 * of the callers fill a batch while that of the others is on its way, so that neither waits.
 *
 * INVARIANT: batches are made durable, and acknowledged, in the order in which they were taken.
 */
export class Pipeline {
  readonly #thread: SealingThread;
  readonly #ends: PipelineEnds;
  /** Taken, and not handed over yet. */
  #taken: LineBatch | null = null;
  readonly #sealing: Sealing[] = [];
  /** Durable, and not wholly acknowledged. */
  readonly #held: LineBatch[] = [];

  constructor(thread: SealingThread, ends: PipelineEnds) {
    this.#thread = thread;
    this.#ends = ends;
  }

  /**
   * Resolves when the thread is of no use to those who wait, and nothing is on its way. Rejects at
   * the first failure, when nothing is on its way any more either.
   */
  async run(): Promise<void> {
    try {
      for (let next = this.#next(); next !== null; next = this.#next()) {
        if (next !== DONE) await next;
        this.#ends.refuseIfFailed();
      }
    } catch (error) {
      await Promise.allSettled(this.#sealing.map((one) => this.#thread.settled(one)));
      throw error;
    }
  }

  /** The batches that were taken and not wholly acknowledged. */
  get batches(): readonly LineBatch[] {
    const taken = this.#taken === null ? [] : [this.#taken];
    return [...this.#held, ...this.#sealing.map(({ batch }) => batch), ...taken];
  }

  /** Does what is most urgent: whatever keeps the other thread waiting, then what keeps callers. Null when all is done. */
  #next(): Promise<void> | typeof DONE | null {
    const [first] = this.#sealing;
    const [held] = this.#held;
    if (first !== undefined && this.#thread.hasSettled(first)) return this.#settle(first);
    const isWanted = held === undefined || first === undefined;
    if (isWanted && this.#maySubmit) return this.#take();
    if (held !== undefined) return this.#release(held);
    return first === undefined ? null : this.#settle(first);
  }

  get #maySubmit(): boolean {
    return !this.#thread.isFull && this.#ends.waiting() >= LINES_MIN && this.#ends.isOfUse();
  }

  #take(): typeof DONE {
    this.#taken = this.#ends.take();
    this.#sealing.push(this.#ends.submit(this.#thread, this.#taken));
    this.#taken = null;
    return DONE;
  }

  async #settle(first: Sealing): Promise<void> {
    await this.#thread.settled(first);
    this.#sealing.shift();
    this.#ends.done(first.batch);
    this.#held.push(first.batch);
  }

  async #release(held: LineBatch): Promise<void> {
    const goAhead = this.#sealing.length === 0 && this.#ends.isOfUse() ? releasedFirst(held) : 0;
    const to = held.acknowledged < goAhead ? goAhead : held.lines.length;
    // Acknowledged wholly, a batch is somebody else's.
    if (to === held.lines.length) this.#held.shift();
    await this.#ends.release(held, to);
  }
}

/** Nothing to wait for. */
const DONE = 'done';
