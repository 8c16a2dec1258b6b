import { isJsonObject, type Json, type JsonObject } from '@praxis/core';
import { compareRows } from './compare-rows.ts';
import { DetailDraft } from './detail-draft.ts';
import type { FindingDetail } from './finding.ts';
import { equalJson } from './json-equality.ts';

/** Predicates whose values list paths: compared as sets, so that the order of a report is no drift. */
const PATH_LISTS: ReadonlySet<string> = new Set(['file_integrity']);

/**
 * What differs between a wanted and an observed value, or null when nothing does. Tables
 * (`{rows, count}`) are compared by the natural key of their predicate, so that the order of rows is no
 * drift and every added, removed or changed row is named; a table without a known key is compared as
 * a multiset. Path lists are compared as sets, other objects member by member. Linear in the number
 * of rows.
 */
export function compareValues(predicate: string, wanted: Json, observed: Json): FindingDetail | null {
  const draft = new DetailDraft();
  const wantedRows = rowsOf(wanted);
  const observedRows = rowsOf(observed);
  if (wantedRows !== null && observedRows !== null) compareRows(predicate, wantedRows, observedRows, draft);
  else if (isJsonObject(wanted) && isJsonObject(observed)) {
    compareMembers(wanted, observed, PATH_LISTS.has(predicate), draft);
  } else if (!equalJson(wanted, observed)) draft.change({ key: 'value', before: wanted, after: observed });
  return draft.finish();
}

/** The rows of an osquery-shaped value, or null for any other value. */
export function rowsOf(value: Json): readonly JsonObject[] | null {
  if (!isJsonObject(value) || !Array.isArray(value['rows'])) return null;
  const rows: readonly Json[] = value['rows'];
  return rows.every(isJsonObject) ? rows : null;
}

/** The detail of a fact that exists on one side only: every row of a table, or the value itself. */
export function oneSidedDetail(value: Json, side: 'added' | 'removed'): FindingDetail {
  const draft = new DetailDraft();
  for (const entry of rowsOf(value) ?? [value]) {
    if (side === 'added') draft.add(entry);
    else draft.remove(entry);
  }
  return draft.toDetail();
}

function compareMembers(
  wanted: JsonObject,
  observed: JsonObject,
  listsAreSets: boolean,
  draft: DetailDraft,
): void {
  for (const [key, before] of Object.entries(wanted)) {
    if (!Object.hasOwn(observed, key)) draft.remove({ key, value: before });
    else {
      const after = observed[key] ?? null;
      const same = listsAreSets ? equalAsSets(before, after) : equalJson(before, after);
      if (!same) draft.change({ key, before, after });
    }
  }
  for (const [key, value] of Object.entries(observed)) {
    if (!Object.hasOwn(wanted, key)) draft.add({ key, value });
  }
}

function equalAsSets(a: Json, b: Json): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return equalJson(a, b);
  const inB = new Set<Json>(b);
  return new Set<Json>(a).size === inB.size && a.every((item: Json) => inB.has(item));
}
