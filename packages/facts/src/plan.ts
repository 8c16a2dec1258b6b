import type { Instant } from '@praxis/core';

import { FactError } from './errors.ts';
import { contains, FOREVER, isCovered, overlaps, type Period, subtract } from './timeline.ts';

/** A currently believed version, as far as planning needs to know it. */
export interface Believed {
  readonly period: Period;
  readonly contentHash: string;
}

/** What a write does to the belief about one key. */
export interface Plan<B extends Believed> {
  /** The period written. */
  readonly period: Period;
  /** The version that already says the same over the whole period; nothing is to be written then. */
  readonly unchanged: B | null;
  readonly supersede: readonly B[];
  /** What stays believed of superseded versions, outside the period. */
  readonly remnants: readonly { of: B; period: Period }[];
}

/** A put (`contentHash` set) or an end (null), as far as planning needs to know it. */
export interface PlannedWrite {
  readonly contentHash: string | null;
  readonly validFrom: Instant;
  /** Null: until the next later `validFrom` believed for the key. */
  readonly validTo: Instant | null;
  /** The content hash the caller expects at `validFrom`, null for nothing, undefined for anything. */
  readonly expected: string | null | undefined;
}

/**
 * Plans one write against the current belief about its key. `believed` holds disjoint versions in
 * order of `from`: at least the one at or before `validFrom`, the next later one, and all others
 * that start before `validTo`. Throws `FACT_VERSION_CONFLICT` when `expected` does not hold.
 */
export function planWrite<B extends Believed>(write: PlannedWrite, believed: readonly B[]): Plan<B> {
  checkExpected(write, believed);
  const period = { from: write.validFrom, to: write.validTo ?? nextValidFrom(write.validFrom, believed) };
  const touched = believed.filter((version) => overlaps(version.period, period));
  const unchanged = saysTheSame(write, period, touched);
  if (unchanged !== null) return { period, unchanged, supersede: [], remnants: [] };
  const remnants = touched.flatMap((of) => subtract(of.period, period).map((rest) => ({ of, period: rest })));
  return { period, unchanged: null, supersede: touched, remnants };
}

function checkExpected(write: PlannedWrite, believed: readonly Believed[]): void {
  if (write.expected === undefined) return;
  const found = believed.find((version) => contains(version.period, write.validFrom))?.contentHash ?? null;
  if (found === write.expected) return;
  throw new FactError('FACT_VERSION_CONFLICT', 'the fact is not the one expected', {
    fields: { expected: write.expected, found },
  });
}

function nextValidFrom(validFrom: Instant, believed: readonly Believed[]): Instant {
  return believed.find((version) => version.period.from > validFrom)?.period.from ?? FOREVER;
}

function saysTheSame<B extends Believed>(
  write: PlannedWrite,
  period: Period,
  touched: readonly B[],
): B | null {
  const first = touched[0];
  if (first === undefined || write.contentHash === null) return null;
  const same = touched.every((version) => version.contentHash === write.contentHash);
  return same &&
    isCovered(
      period,
      touched.map((version) => version.period),
    )
    ? first
    : null;
}
