import type { Clock } from '@praxis/core';
import type { RateMeter } from './conditions.ts';

/** Most keys a meter remembers; beyond it the longest unused is forgotten. */
export const RATE_KEYS_MAX = 100_000;
/** Parts a window is counted in: the count is never too low, and too high by at most one part. */
const BUCKETS = 60;

interface Counter {
  readonly seconds: number;
  readonly counts: Map<number, number>;
}

/** Counts permitted requests in memory, over windows that slide in sixtieths. */
export class SlidingRateMeter implements RateMeter {
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(key: string, seconds: number): number {
    const counter = this.#counters.get(key);
    if (counter === undefined) return 0;
    const oldest = this.#bucket(seconds) - BUCKETS;
    let total = 0;
    for (const [bucket, count] of counter.counts) {
      if (bucket >= oldest) total += count;
      else counter.counts.delete(bucket);
    }
    return total;
  }

  take(key: string, seconds: number): void {
    const counter = this.#counters.get(key) ?? { seconds, counts: new Map<number, number>() };
    const bucket = this.#bucket(seconds);
    counter.counts.set(bucket, (counter.counts.get(bucket) ?? 0) + 1);
    // Re-inserting keeps the map in order of use.
    this.#counters.delete(key);
    this.#counters.set(key, counter);
    if (this.#counters.size <= RATE_KEYS_MAX) return;
    const [oldest] = this.#counters.keys();
    if (oldest !== undefined) this.#counters.delete(oldest);
  }

  #bucket(seconds: number): number {
    return Math.floor((this.#clock.monotonicMs() / 1000 / seconds) * BUCKETS);
  }
}
