import { type Instant, instantFromEpochMs } from './instant.ts';

/** The only way to learn the time. Everything that needs time takes a clock. */
export interface Clock {
  /** Wall-clock time in microseconds since 1970-01-01T00:00:00Z. May step backwards. */
  now(): Instant;
  /** Monotonic time in milliseconds from an arbitrary origin. Never steps. */
  monotonicMs(): number;
}

/** The machine's clock: wall time with microsecond resolution where the platform gives it. */
export const systemClock: Clock = {
  now(): Instant {
    // The fraction below a millisecond comes from the monotonic clock, so two calls in one
    // millisecond differ; the whole milliseconds follow every step of the wall clock.
    const fraction = performance.now() % 1;
    return instantFromEpochMs(Date.now()) + Math.floor(fraction * 1000);
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
