import { formatInstant, INSTANT_MAX, INSTANT_MIN, type Instant } from '@praxis/core';

/** The end of a period that does not end. No real instant is as late. */
export const FOREVER: Instant = INSTANT_MAX;

/** What is said of an instant that there is not. */
export const INSTANT_OUT_OF_RANGE: string = `is no instant from ${formatInstant(INSTANT_MIN)} to ${formatInstant(FOREVER - 1)}`;

/** A half-open period `[from, to)` in microseconds; `from < to`. */
export interface Period {
  readonly from: Instant;
  readonly to: Instant;
}

/** Whether two periods share an instant. */
export function overlaps(a: Period, b: Period): boolean {
  return a.from < b.to && b.from < a.to;
}

/** Whether an instant is within a period. */
export function contains(period: Period, instant: Instant): boolean {
  return period.from <= instant && instant < period.to;
}

/** What is left of `period` without `cut`: none, one or two periods, in order. */
export function subtract(period: Period, cut: Period): Period[] {
  if (!overlaps(period, cut)) return [period];
  const left: Period[] = [];
  if (period.from < cut.from) left.push({ from: period.from, to: cut.from });
  if (cut.to < period.to) left.push({ from: cut.to, to: period.to });
  return left;
}

/** Whether disjoint periods, in order of `from`, leave no gap in `whole`. */
export function isCovered(whole: Period, parts: readonly Period[]): boolean {
  let reached = whole.from;
  for (const part of parts) {
    if (part.to <= reached) continue;
    if (part.from > reached) return false;
    reached = part.to;
    if (reached >= whole.to) return true;
  }
  return reached >= whole.to;
}
