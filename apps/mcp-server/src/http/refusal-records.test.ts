import type { Clock } from '@praxis/core';
import type { RefusedCall } from '@praxis/gate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  LEFT_OUT_REPORT_MS,
  REFUSAL_REFILL_MS,
  REFUSALS_BURST_MAX,
  type RefusedRequest,
  RefusalRecords,
} from './refusal-records.ts';

const UNAUTHORIZED: RefusedRequest = { reason: 'unauthorized', detail: '', args: { status: 401 } };
const REFUSED: RefusedRequest = { reason: 'request_refused', detail: '', args: { status: 404 } };

function recorder(): {
  records: RefusalRecords;
  written: RefusedCall[];
  ledger: { up: boolean };
  clock: { ms: number };
  flood: (count: number, what?: RefusedRequest) => Promise<void>;
} {
  const written: RefusedCall[] = [];
  const ledger = { up: true };
  const time = { ms: 0 };
  const clock: Clock = { now: () => time.ms * 1000, monotonicMs: () => time.ms };
  const records = new RefusalRecords(async (call) => {
    if (ledger.up) written.push(call);
    return Promise.resolve(ledger.up);
  }, clock);
  const flood = async (count: number, what = UNAUTHORIZED): Promise<void> => {
    for (let i = 0; i < count; i += 1) await records.record(what);
  };
  return { records, written, ledger, clock: time, flood };
}

const leftOut = (written: readonly RefusedCall[]): unknown[] =>
  written.flatMap(({ args }) => {
    const { left_out: count } = args as { left_out?: number };
    return count === undefined ? [] : [count];
  });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('RefusalRecords', () => {
  it('records each refusal up to the bound', async () => {
    const { written, flood } = recorder();
    await flood(REFUSALS_BURST_MAX);
    expect(written).toHaveLength(REFUSALS_BURST_MAX);
    await vi.advanceTimersByTimeAsync(LEFT_OUT_REPORT_MS);
    expect(leftOut(written)).toEqual([]);
  });

  it('counts the first one past the bound, and says so once', async () => {
    const { written, flood } = recorder();
    await flood(REFUSALS_BURST_MAX + 1);
    expect(written).toHaveLength(REFUSALS_BURST_MAX);
    await vi.advanceTimersByTimeAsync(LEFT_OUT_REPORT_MS - 1);
    expect(written).toHaveLength(REFUSALS_BURST_MAX);
    await vi.advanceTimersByTimeAsync(1);
    expect(written.at(-1)).toMatchObject({ args: { left_out: 1 }, refusal: { reason: 'unauthorized' } });
    await vi.advanceTimersByTimeAsync(10 * LEFT_OUT_REPORT_MS);
    expect(written).toHaveLength(REFUSALS_BURST_MAX + 1);
  });

  it('loses none of a long flood, and records few of it', async () => {
    const { records, written, clock, flood } = recorder();
    const [seconds, perSecond] = [600, 100];
    for (let second = 0; second < seconds; second += 1) {
      await flood(perSecond);
      clock.ms += 1000;
      await vi.advanceTimersByTimeAsync(1000);
    }
    await records.close();
    const counts = leftOut(written) as number[];
    const oneByOne = written.length - counts.length;
    expect(oneByOne + counts.reduce((sum, count) => sum + count, 0)).toBe(seconds * perSecond);
    expect(oneByOne).toBeLessThanOrEqual(REFUSALS_BURST_MAX + (seconds * 1000) / REFUSAL_REFILL_MS);
    expect(counts.length).toBeLessThanOrEqual((seconds * 1000) / LEFT_OUT_REPORT_MS + 1);
  });

  it('records one more after the refill, and not a millisecond before', async () => {
    const { written, clock, flood } = recorder();
    await flood(REFUSALS_BURST_MAX);
    clock.ms += REFUSAL_REFILL_MS - 1;
    await flood(1);
    expect(written).toHaveLength(REFUSALS_BURST_MAX);
    clock.ms += 1;
    await flood(1);
    expect(written).toHaveLength(REFUSALS_BURST_MAX + 1);
  });

  it('does not let a flood of one reason use up what is there for another', async () => {
    const { written, flood } = recorder();
    await flood(10 * REFUSALS_BURST_MAX);
    await flood(1, REFUSED);
    expect(written.at(-1)).toMatchObject({ args: { status: 404 }, refusal: { reason: 'request_refused' } });
  });

  it('says what was left out when it is closed', async () => {
    const { records, written, flood } = recorder();
    await flood(REFUSALS_BURST_MAX + 5);
    await flood(REFUSALS_BURST_MAX + 7, REFUSED);
    await records.close();
    expect(leftOut(written)).toEqual([5, 7]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps a count that could not be written until it can be', async () => {
    const { written, ledger, flood } = recorder();
    await flood(REFUSALS_BURST_MAX + 3);
    ledger.up = false;
    await vi.advanceTimersByTimeAsync(3 * LEFT_OUT_REPORT_MS);
    ledger.up = true;
    await vi.advanceTimersByTimeAsync(LEFT_OUT_REPORT_MS);
    expect(leftOut(written)).toEqual([3]);
  });
});
