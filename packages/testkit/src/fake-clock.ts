import { type Clock, type Instant, parseInstant } from '@praxis/core';

const MICROS_PER_MS = 1000;
const START = '2026-01-01T00:00:00Z';

/** A clock that only a test moves. */
export interface FakeClock extends Clock {
  /** Lets `ms` milliseconds pass: wall and monotonic time both move on. Throws on a negative number. */
  advance(ms: number): void;
  /** Sets the wall clock `ms` milliseconds forwards or backwards; monotonic time does not move. */
  step(ms: number): void;
}

/** A clock that stands at `start` (default 2026-01-01T00:00:00Z) until it is moved. */
export function fakeClock(start: Instant = parseInstant(START)): FakeClock {
  let wall = start;
  let monotonic = 0;
  return {
    now: () => wall,
    monotonicMs: () => monotonic,
    advance(ms: number): void {
      if (!(ms >= 0)) throw new RangeError('time passes forwards: use step() to set the wall clock back');
      wall += Math.round(ms * MICROS_PER_MS);
      monotonic += ms;
    },
    step(ms: number): void {
      wall += Math.round(ms * MICROS_PER_MS);
    },
  };
}
