import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clock, strictlyIncreasing, systemClock } from './clock.ts';

/** A clock that answers these instants, one a call. */
function scripted(instants: readonly number[]): Clock {
  const left = [...instants];
  return { now: () => left.shift() ?? 0, monotonicMs: () => 7 };
}

describe('systemClock', () => {
  it('tells microseconds since 1970, near the wall clock', () => {
    const before = Date.now() * 1000;
    const now = systemClock.now();
    expect(Number.isSafeInteger(now)).toBe(true);
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThan(Date.now() * 1000 + 1000);
  });

  it('goes forward while the wall clock does', () => {
    const until = systemClock.monotonicMs() + 20;
    let [lastWall, last] = [0, 0];
    let readings = 0;
    for (; systemClock.monotonicMs() < until; readings += 1) {
      const wall = Date.now();
      const now = systemClock.now();
      if (wall >= lastWall) expect(now).toBeGreaterThanOrEqual(last);
      [lastWall, last] = [wall, now];
    }
    expect(readings).toBeGreaterThan(100);
  });

  it('never goes back on its monotonic side', () => {
    const readings = Array.from({ length: 1000 }, () => systemClock.monotonicMs());
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
  });
});

describe('strictlyIncreasing', () => {
  it('increases whatever the clock beneath does, and follows it when it runs ahead', () => {
    const instant = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(instant, { minLength: 1 }), (instants) => {
        const clock = strictlyIncreasing(scripted(instants));
        let last = Number.NEGATIVE_INFINITY;
        for (const beneath of instants) {
          const now = clock.now();
          expect(now).toBeGreaterThan(last);
          expect(now).toBe(Math.max(beneath, last + 1));
          last = now;
        }
      }),
    );
  });

  it('begins after the instant it is given', () => {
    expect(strictlyIncreasing(scripted([5]), 100).now()).toBe(101);
  });

  it('passes monotonic time through', () => {
    expect(strictlyIncreasing(scripted([])).monotonicMs()).toBe(7);
  });
});
