import { describe, expect, it } from 'vitest';
import { fakeClock } from './fake-clock.ts';

describe('fakeClock', () => {
  it('stands still until it is moved', () => {
    const clock = fakeClock(5);
    expect([clock.now(), clock.now(), clock.monotonicMs()]).toEqual([5, 5, 0]);
  });

  it('moves wall and monotonic time on together', () => {
    const clock = fakeClock(0);
    clock.advance(1.5);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1500, 1.5]);
  });

  it('steps the wall clock back without moving monotonic time', () => {
    const clock = fakeClock(10_000);
    clock.step(-4);
    expect([clock.now(), clock.monotonicMs()]).toEqual([6000, 0]);
  });

  it('refuses to let monotonic time run backwards', () => {
    expect(() => fakeClock().advance(-1)).toThrow(RangeError);
  });
});
