import type { Instant } from './instant.ts';

/** The only way to learn the time. Everything that needs time takes a clock. */
export interface Clock {
  /** Wall-clock time in microseconds since 1970-01-01T00:00:00Z. May step backwards. */
  now(): Instant;
  /** Monotonic time in milliseconds from an arbitrary origin. Never steps. */
  monotonicMs(): number;
}

const MICROS_PER_MS = 1_000;
/** The last microsecond of a millisecond, as a part of it. */
const LAST_MICRO_MS = 0.999;
/** How far the wall clock is ahead of the monotonic one, in milliseconds. */
let aheadMs = 0;

/**
 * The machine's clock: wall time with microsecond resolution. It steps back only when the wall clock does, and
 * is never in another millisecond than the wall clock.
 */
export const systemClock: Clock = {
  now(): Instant {
    const wallMs = Date.now();
    const monotonicMs = performance.now();
    const atMs = monotonicMs + aheadMs;
    if (atMs >= wallMs && atMs < wallMs + 1) return Math.floor(atMs * MICROS_PER_MS);
    // The two clocks change their milliseconds at different moments and drift apart: the one beneath follows.
    const withinMs = atMs < wallMs ? wallMs : wallMs + LAST_MICRO_MS;
    aheadMs = withinMs - monotonicMs;
    return Math.floor(withinMs * MICROS_PER_MS);
  },
  monotonicMs(): number {
    return performance.now();
  },
};

/** A clock whose instants strictly increase, whatever the clock beneath does. */
export function strictlyIncreasing(clock: Clock, after: Instant = Number.MIN_SAFE_INTEGER): Clock {
  let last = after;
  return {
    now(): Instant {
      last = Math.max(clock.now(), last + 1);
      return last;
    },
    monotonicMs: () => clock.monotonicMs(),
  };
}
