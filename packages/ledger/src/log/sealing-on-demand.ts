import { availableParallelism } from 'node:os';
import { SealingThread } from './sealing-thread.ts';

/** Batches of fewer lines are sealed where they are made: handing them over takes about as long. */
export const SEALED_ELSEWHERE_LINES_MIN = 16;
/** How many lines in larger batches there must have been before a thread is started. */
export const THREAD_AFTER_LINES = 4_096;
/** How many of those lines a small batch makes up for. */
const SMALL_BATCH_LINES = 64;

/** The thread that seals, from when there is enough for it to do. */
export class SealingOnDemand {
  #thread: SealingThread | null = null;
  #lines = 0;
  /** Whether a thread can be of use: not without a processor for it, and not where none could be started. */
  #isOfUse: boolean = availableParallelism() > 1;

  /** The thread for a batch of so many lines, or null when it is to be sealed by its owner. */
  threadFor(lines: number): SealingThread | null {
    if (lines < SEALED_ELSEWHERE_LINES_MIN) {
      this.#lines = Math.max(0, this.#lines - SMALL_BATCH_LINES);
      return null;
    }
    if (this.#thread !== null) return this.#readyThread(this.#thread);
    this.#lines += lines;
    if (this.#isOfUse && this.#lines >= THREAD_AFTER_LINES) this.#start();
    return null;
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#thread?.close();
    this.#thread = null;
  }

  #readyThread(thread: SealingThread): SealingThread | null {
    if (thread.isReady) return thread;
    if (!thread.hasFailed) return null;
    // One that told why may be followed by another; one that just ended would do so again.
    this.#isOfUse = thread.hasToldWhy;
    this.#thread = null;
    this.#lines = 0;
    return null;
  }

  #start(): void {
    try {
      this.#thread = new SealingThread();
    } catch {
      // No thread may be started here: everything is sealed as before.
      this.#isOfUse = false;
    }
  }
}
