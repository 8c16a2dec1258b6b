import type { Instant } from '@praxis/core';

import type { FactBackend, Horizon, RowFilter, Visibility } from './backend.ts';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from './bounds.ts';
import { type CursorState, decodeCursor, encodeCursor } from './cursor.ts';
import { queryInvalid } from './errors.ts';
import { isFactType } from './model.ts';
import type { AsOf, FactFilter, PageOptions } from './store.ts';
import { FOREVER, INSTANT_OUT_OF_RANGE } from './timeline.ts';

/** The conditions of a filter that a backend evaluates. Throws `FACT_QUERY_INVALID`. */
export function rowFilter(filter: FactFilter): RowFilter {
  if (filter.factType !== undefined && !isFactType(filter.factType)) {
    throw queryInvalid('factType', 'is not observed, desired, drift or known_good');
  }
  for (const field of ['subject', 'kind', 'predicate', 'valueKey', 'target'] as const) {
    const value: unknown = filter[field];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw queryInvalid(field, 'is not a text');
    // No fact holds these, and not every database takes them as a parameter.
    if (value.includes('\0') || !value.isWellFormed())
      throw queryInvalid(field, 'holds NUL or lone surrogates');
  }
  const { subject, kind, predicate, factType, valueKey, target, edge } = filter;
  // The name of `host:a:b` is `a:b`: no kind holds a colon.
  if (kind?.includes(':') === true) throw queryInvalid('kind', 'holds a colon');
  return { subject, kind, predicate, factType, valueKey, target, edge };
}

/** Where a page starts, and the instants the whole answer is as of. */
export interface PageState extends Horizon {
  readonly afterFactId: string | null;
}

/** The state a page starts with: that of its cursor, or the present. */
export async function startPage(
  backend: FactBackend,
  digest: string,
  options: PageOptions,
): Promise<PageState> {
  if (options.cursor !== undefined) return decodeCursor(digest, options.cursor);
  return { ...(await backend.horizon()), afterFactId: null };
}

/**
 * What is visible at the instants that were asked for, or at those of the horizon. Never what was recorded after
 * the horizon: what is written between two reads is no part of the answer, even if the instant that was asked
 * for is yet to come.
 */
export function visibleAt(asked: AsOf, horizon: Horizon): Visibility {
  const validFrom = asked.validAt ?? horizon.now;
  const recordedAt = Math.min(asked.recordedAt ?? FOREVER, horizon.recordedAt);
  return { validFrom, validTo: validFrom + 1, recordedAt, snapshot: horizon.snapshot };
}

/** Throws `FACT_QUERY_INVALID` for a limit out of bounds. */
export function pageLimit(options: PageOptions): number {
  const limit = options.limit ?? PAGE_LIMIT_DEFAULT;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > PAGE_LIMIT_MAX) {
    throw queryInvalid('limit', `is not between 1 and ${PAGE_LIMIT_MAX}`);
  }
  return limit;
}

/** The cursor that continues after a row, as of the instants of the whole answer. */
export function encodeNext(digest: string, state: PageState, afterFactId: string | null): string | null {
  if (afterFactId === null) return null;
  const next: CursorState = {
    afterFactId,
    now: state.now,
    recordedAt: state.recordedAt,
    snapshot: state.snapshot,
  };
  return encodeCursor(digest, next);
}

/** Throws `FACT_QUERY_INVALID` for what is no instant before the end of time. */
export function checkInstant(field: string, instant: Instant | undefined): void {
  if (instant === undefined) return;
  if (!Number.isSafeInteger(instant) || instant >= FOREVER) throw queryInvalid(field, INSTANT_OUT_OF_RANGE);
}
