import type { Instant } from '@praxis/core';

import type { RowFilter, Visibility } from './backend.ts';
import type { FactKey, StoredFact } from './model.ts';
import { FOREVER } from './timeline.ts';
import type { Write } from './validate.ts';
import { holdTerms, wordsOf } from './words.ts';

/** A write with the period it turned out to cover. */
export interface Applied {
  readonly write: Write;
  readonly from: Instant;
  readonly to: Instant;
}

/** A version, and the write that says it. */
export type Row = { -readonly [K in keyof StoredFact]: StoredFact[K] } & { by: Applied };

/** Whether two are about the same. */
export function sameKey(row: FactKey, key: FactKey): boolean {
  return (
    row.subject === key.subject &&
    row.predicate === key.predicate &&
    row.factType === key.factType &&
    row.valueKey === key.valueKey
  );
}

/** Whether a row is believed at an instant, about some part of a period. */
export function isVisible(row: Row, at: Visibility): boolean {
  const valid = row.validFrom < at.validTo && at.validFrom < (row.validTo ?? FOREVER);
  return valid && row.recordedAt <= at.recordedAt && at.recordedAt < (row.supersededAt ?? FOREVER);
}

/** Whether a row fulfils the conditions a backend evaluates. */
export function matches(row: Row, f: RowFilter): boolean {
  return (
    (f.subject === undefined || row.subject === f.subject) &&
    (f.kind === undefined || row.subject.startsWith(`${f.kind}:`)) &&
    (f.predicate === undefined || row.predicate === f.predicate) &&
    (f.factType === undefined || row.factType === f.factType) &&
    (f.valueKey === undefined || row.valueKey === f.valueKey) &&
    (f.target === undefined || row.target === f.target) &&
    (f.edge === undefined || (row.target !== null) === f.edge) &&
    (f.validFromSince === undefined || row.validFrom >= f.validFromSince) &&
    (f.observedSince === undefined || row.lastObservedAt >= f.observedSince) &&
    (f.observedBefore === undefined || row.lastObservedAt < f.observedBefore) &&
    (f.subjectIn === undefined || f.subjectIn.includes(row.subject)) &&
    (f.predicateIn === undefined || f.predicateIn.includes(row.predicate)) &&
    (f.factIdIn === undefined || f.factIdIn.includes(row.factId)) &&
    (f.terms === undefined ||
      holdTerms(wordsOf(row.subject, row.predicate, JSON.stringify(row.value)), f.terms)) &&
    (f.targetIn === undefined || (row.target !== null && f.targetIn.includes(row.target)))
  );
}

function byText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The order of scans: key, start of validity, number. */
export function byKey(a: StoredFact, b: StoredFact): number {
  return byKeyAlone(a, b) || a.validFrom - b.validFrom || Number(a.factId) - Number(b.factId);
}

/** The order of keys: UTF-8 bytes. */
export function byKeyAlone(a: FactKey, b: FactKey): number {
  return (
    byText(a.subject, b.subject) ||
    byText(a.predicate, b.predicate) ||
    byText(a.factType, b.factType) ||
    byText(a.valueKey, b.valueKey)
  );
}

/** The row as it was at a horizon: what happened to it later has not happened. */
export function maskLater(fact: StoredFact, recordedAt: Instant): StoredFact {
  if (fact.supersededAt === null || fact.supersededAt <= recordedAt) return fact;
  return { ...fact, supersededAt: null, supersededActor: null, supersededReason: null };
}

/** The row as the store gives it. */
export function toFact(row: Row): StoredFact {
  const { by: _by, ...fact } = row;
  return { ...fact };
}
