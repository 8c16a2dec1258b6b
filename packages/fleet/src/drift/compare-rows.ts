import type { JsonObject } from '@praxis/core';
import type { DetailDraft } from './detail-draft.ts';
import { equalJson, orderedText } from './json-equality.ts';
import { naturalKey, rowKey, volatileColumns } from './row-keys.ts';

interface Side {
  readonly wanted: JsonObject[];
  readonly observed: JsonObject[];
}

/**
 * Compares two tables as bags of keyed rows. Rows that stand in the same place from either end are
 * matched first, which makes the usual case (nothing changed) one pass without any allocation.
 */
export function compareRows(
  predicate: string,
  wanted: readonly JsonObject[],
  observed: readonly JsonObject[],
  draft: DetailDraft,
): void {
  const volatile = volatileColumns(predicate);
  const { start, wantedEnd, observedEnd } = trimEqualEnds(wanted, observed, volatile);
  const columns = naturalKey(predicate);
  const groups = new Map<string, Side>();
  const groupOf = (row: JsonObject): Side => {
    const key = columns === null ? orderedText(row, volatile) : rowKey(row, columns);
    let group = groups.get(key);
    if (group === undefined) {
      group = { wanted: [], observed: [] };
      groups.set(key, group);
    }
    return group;
  };
  for (let index = start; index < wantedEnd; index += 1) {
    const row = wanted[index];
    if (row !== undefined) groupOf(row).wanted.push(row);
  }
  for (let index = start; index < observedEnd; index += 1) {
    const row = observed[index];
    if (row !== undefined) groupOf(row).observed.push(row);
  }
  for (const group of groups.values()) settle(group, columns, volatile, draft);
}

function trimEqualEnds(
  wanted: readonly JsonObject[],
  observed: readonly JsonObject[],
  volatile: ReadonlySet<string>,
): { start: number; wantedEnd: number; observedEnd: number } {
  let start = 0;
  let wantedEnd = wanted.length;
  let observedEnd = observed.length;
  while (start < wantedEnd && start < observedEnd && equalJson(wanted[start], observed[start], volatile))
    start += 1;
  while (wantedEnd > start && observedEnd > start) {
    if (!equalJson(wanted[wantedEnd - 1], observed[observedEnd - 1], volatile)) break;
    wantedEnd -= 1;
    observedEnd -= 1;
  }
  return { start, wantedEnd, observedEnd };
}

/** Reports the difference between the rows of one key. */
function settle(
  group: Side,
  columns: readonly string[] | null,
  volatile: ReadonlySet<string>,
  draft: DetailDraft,
): void {
  const [before] = group.wanted;
  const [after] = group.observed;
  if (
    group.wanted.length === 1 &&
    group.observed.length === 1 &&
    before !== undefined &&
    after !== undefined
  ) {
    if (!equalJson(before, after, volatile)) draft.change({ key: keyLabel(before, columns), before, after });
    return;
  }
  const { wanted, observed } = unmatched(group, volatile);
  for (const row of wanted) draft.remove(row);
  for (const row of observed) draft.add(row);
}

/** Several rows share the key: equal rows cancel out one by one, the rest has come or gone. */
function unmatched(group: Side, volatile: ReadonlySet<string>): Side {
  if (group.wanted.length === 0 || group.observed.length === 0) return group;
  const pending = new Map<string, JsonObject[]>();
  for (const row of group.wanted) {
    const text = orderedText(row, volatile);
    const same = pending.get(text);
    if (same === undefined) pending.set(text, [row]);
    else same.push(row);
  }
  const observed = group.observed.filter(
    (row) => pending.get(orderedText(row, volatile))?.pop() === undefined,
  );
  return { wanted: [...pending.values()].flat(), observed };
}

function keyLabel(row: JsonObject, columns: readonly string[] | null): string {
  return (columns ?? []).map((column) => `${column}=${textOf(row[column])}`).join(' ');
}

function textOf(value: JsonObject[string] | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
