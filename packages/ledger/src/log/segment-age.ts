import type { Clock, Instant } from '@praxis/core';

/** How often, at the least, it is looked whether a segment is old enough, in milliseconds. */
export const SEGMENT_AGE_CHECK_MS_MAX = 3_600_000;
/** How long after a rotation that could not be made it is tried again, in milliseconds. */
export const SEGMENT_AGE_RETRY_MS = 60_000;

/** What is known of the segment that is written on. */
export interface SegmentSoFar {
  /** The time of its first record. */
  readonly begunAt: Instant;
  /** Whether it holds anything but its own header: a log in which nothing happens is not cut up. */
  readonly used: boolean;
}

/** Rotates a log when its segment is old, off the way of every caller. */
export class SegmentAge {
  readonly #ageMsMax: number;
  readonly #clock: Clock;
  readonly #segment: () => SegmentSoFar;
  readonly #rotate: () => Promise<unknown>;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: {
    readonly ageMsMax: number;
    readonly clock: Clock;
    readonly segment: () => SegmentSoFar;
    readonly rotate: () => Promise<unknown>;
  }) {
    this.#ageMsMax = options.ageMsMax;
    this.#clock = options.clock;
    this.#segment = options.segment;
    this.#rotate = options.rotate;
    this.#look();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #look(): void {
    const { begunAt, used } = this.#segment();
    const leftMs = this.#ageMsMax - (this.#clock.now() - begunAt) / 1_000;
    if (leftMs > 0) return this.#lookIn(Math.min(leftMs, SEGMENT_AGE_CHECK_MS_MAX));
    if (!used) return this.#lookIn(Math.min(this.#ageMsMax, SEGMENT_AGE_CHECK_MS_MAX));
    void this.#rotateNow();
  }

  async #rotateNow(): Promise<void> {
    // A rotation that fails leaves the log where it is.
    await Promise.allSettled([this.#rotate()]);
    const { begunAt } = this.#segment();
    const isOld = (this.#clock.now() - begunAt) / 1_000 >= this.#ageMsMax;
    this.#lookIn(isOld ? SEGMENT_AGE_RETRY_MS : 1);
  }

  #lookIn(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, ms));
    this.#timer.unref();
  }
}
