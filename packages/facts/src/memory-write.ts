import type { Instant, Json } from '@praxis/core';

import type { WriteOutcome } from './backend.ts';
import { FactError, factInvalid } from './errors.ts';
import { type Applied, type Row, sameKey } from './memory-rows.ts';
import { FOREVER } from './timeline.ts';
import type { Write } from './validate.ts';

/** A maximal period over which one write is the last that covers it. */
interface Segment {
  readonly by: Applied;
  readonly from: Instant;
  readonly to: Instant;
}

/** Runs `work`; when it throws, everything is as it was before: a transaction. */
export function undoable<R>(state: [Row[], Map<string, Applied[]>, Map<string, unknown>], work: () => R): R {
  const [rows, applied, remembered] = state;
  const before = rows.map((row) => ({ ...row }));
  const appliedBefore = new Map(applied);
  const rememberedBefore = new Map(remembered);
  try {
    return work();
  } catch (error) {
    rows.splice(0, rows.length, ...before);
    restore(applied, appliedBefore);
    restore(remembered, rememberedBefore);
    throw error;
  }
}

function restore<V>(map: Map<string, V>, before: ReadonlyMap<string, V>): void {
  map.clear();
  for (const [key, value] of before) map.set(key, value);
}

/**
 * Applies one write to the rows of its key. What is believed is derived anew from all writes about the key. Throws
 * `FACT_INVALID`, `FACT_VERSION_CONFLICT`.
 */
export function applyWrite(
  rows: Row[],
  applied: Map<string, Applied[]>,
  write: Write,
  recordedAt: Instant,
): WriteOutcome {
  const id = JSON.stringify([write.key.subject, write.key.predicate, write.key.factType, write.key.valueKey]);
  const writes = applied.get(id) ?? [];
  const before = segmentsOf(writes);
  const from = write.validFrom ?? recordedAt;
  const to = write.validTo ?? Math.min(FOREVER, ...before.map((s) => s.from).filter((start) => start > from));
  if (from >= to) throw factInvalid('validTo', 'is not later than where the period begins');
  checkExpected(write, before, from);
  const touched = before.filter((segment) => segment.from < to && from < segment.to);
  const contentHash = write.content?.contentHash ?? null;
  const length = touched.reduce((sum, s) => sum + (Math.min(s.to, to) - Math.max(s.from, from)), 0);
  const allSame = touched.every((s) => s.by.write.content?.contentHash === contentHash);
  const current = rows.filter((row) => row.supersededAt === null && sameKey(row, write.key));
  if (contentHash !== null && length === to - from && allSame) {
    const row = current.find((r) => r.validFrom === touched[0]?.from);
    if (row === undefined) throw factInvalid('fact', 'has no row for a segment');
    row.observationCount += 1;
    row.lastObservedAt = Math.max(row.lastObservedAt, write.observedAt ?? recordedAt);
    return { recordedAt, changed: false, factId: row.factId, contentHash };
  }
  if (contentHash === null && touched.length === 0)
    return { recordedAt, changed: false, factId: null, contentHash: null };
  const now: Applied = { write, from, to };
  const all = [...writes, now];
  applied.set(id, all);
  replaceRows(rows, current, segmentsOf(all), { write, recordedAt });
  const row = rows.find((r) => r.by === now && r.supersededAt === null);
  return { recordedAt, changed: true, factId: row?.factId ?? null, contentHash };
}

function checkExpected(write: Write, segments: readonly Segment[], from: Instant): void {
  if (write.expected === undefined) return;
  const found = segments.find((s) => s.from <= from && from < s.to)?.by.write.content?.contentHash ?? null;
  if (found !== write.expected)
    throw new FactError('FACT_VERSION_CONFLICT', 'the fact is not the one expected');
}

/** The belief after a list of writes: for each stretch between two bounds, the last write covering it. */
function segmentsOf(writes: readonly Applied[]): Segment[] {
  const bounds = [...new Set(writes.flatMap((w) => [w.from, w.to]))].sort((a, b) => a - b);
  const segments: Segment[] = [];
  bounds.slice(0, -1).forEach((from, index) => {
    const to = bounds[index + 1] ?? FOREVER;
    const by = writes.findLast((w) => w.from <= from && to <= w.to);
    const previous = segments.at(-1);
    if (by === undefined) return;
    if (previous?.by === by && previous.to === from)
      segments[segments.length - 1] = { by, from: previous.from, to };
    else segments.push({ by, from, to });
  });
  return segments.filter((s) => s.by.write.content !== null);
}

/** Supersedes the rows that are no segment any more, adds one for each segment that has none. */
function replaceRows(
  rows: Row[],
  current: readonly Row[],
  segments: readonly Segment[],
  tx: { write: Write; recordedAt: Instant },
): void {
  const isRowOf = (row: Row, s: Segment): boolean =>
    row.by === s.by && row.validFrom === s.from && (row.validTo ?? FOREVER) === s.to;
  for (const row of current) {
    if (segments.some((s) => isRowOf(row, s))) continue;
    row.supersededAt = tx.recordedAt;
    row.supersededActor = tx.write.actor;
    row.supersededReason = tx.write.reason;
  }
  const added = segments.filter((s) => !current.some((row) => isRowOf(row, s)));
  // What remains of older versions is recorded before what is new.
  const ordered = [
    ...added.filter((s) => s.by.write !== tx.write),
    ...added.filter((s) => s.by.write === tx.write),
  ];
  for (const segment of ordered) {
    const parent = current.find(
      (row) =>
        row.by === segment.by && row.validFrom <= segment.from && segment.to <= (row.validTo ?? FOREVER),
    );
    rows.push(newRow(rows.length + 1, segment, tx.recordedAt, parent));
  }
}

function newRow(number: number, segment: Segment, recordedAt: Instant, parent: Row | undefined): Row {
  const { write } = segment.by;
  if (write.content === null) throw factInvalid('fact', 'has no content');
  return {
    by: segment.by,
    factId: String(number),
    ...write.key,
    target: write.content.target,
    value: JSON.parse(write.content.value) as Json,
    validFrom: segment.from,
    validTo: segment.to === FOREVER ? null : segment.to,
    recordedAt,
    supersededAt: null,
    actor: write.actor,
    reason: write.reason,
    supersededActor: null,
    supersededReason: null,
    source: write.source,
    confidence: write.content.confidence,
    contentHash: write.content.contentHash,
    lastObservedAt: parent?.lastObservedAt ?? write.observedAt ?? recordedAt,
    observationCount: parent?.observationCount ?? 1,
  };
}
