import type { JsonObject } from '@praxis/core';
import type { DetailDraft } from './detail-draft.ts';
import { equalJson, orderedText } from './json-equality.ts';
import { naturalKey, rowKeyOf, volatileColumns } from './row-keys.ts';

interface Side {
  readonly wanted: JsonObject[];
  readonly observed: JsonObject[];
}

/**
 * Compares two tables as bags of keyed rows. Equal rows in the same order cancel out first, which
 * makes the usual case (little or nothing changed) one pass without building any key.
 */
export function compareRows(
  predicate: string,
  wanted: readonly JsonObject[],
  observed: readonly JsonObject[],
  draft: DetailDraft,
): void {
  const volatile = volatileColumns(predicate);
  const columns = naturalKey(predicate);
  const left = unalignedRows(wanted, observed, volatile);
  const whole = (row: JsonObject): string => orderedText(row, volatile);
  if (columns === null) {
    pairRows(left, [whole], { columns, volatile, draft });
    return;
  }
  // The first column of a key nearly always names the row alone, and is a text that exists already;
  // the whole key is built only for rows that share it.
  const first = rowKeyOf(columns.slice(0, 1));
  pairRows(left, columns.length > 1 ? [first, rowKeyOf(columns)] : [first], { columns, volatile, draft });
}

interface Comparison {
  readonly columns: readonly string[] | null;
  readonly volatile: ReadonlySet<string>;
  readonly draft: DetailDraft;
}

/** Pairs rows by the first key function; rows that share a key go on to the next, and last to a bag. */
function pairRows(side: Side, keys: readonly ((row: JsonObject) => string)[], comparison: Comparison): void {
  const [keyOf, ...finer] = keys;
  if (keyOf === undefined) {
    settle(side, comparison.volatile, comparison.draft);
    return;
  }
  const pairing = new Pairing(side.wanted, keyOf);
  for (const row of side.observed) if (!pairing.place(row)) comparison.draft.add(row);
  pairing.report(comparison);
  for (const group of pairing.crowded()) pairRows(group, finer, comparison);
}

/** Pairs each wanted row with the observed row of the same key; keys with several rows are kept apart. */
class Pairing {
  readonly #wanted: readonly JsonObject[];
  readonly #keyOf: (row: JsonObject) => string;
  readonly #position = new Map<string, number>();
  readonly #partner: (JsonObject | undefined)[];
  readonly #crowded = new Map<string, Side>();
  readonly #apart = new Set<number>();

  constructor(wanted: readonly JsonObject[], keyOf: (row: JsonObject) => string) {
    this.#wanted = wanted;
    this.#keyOf = keyOf;
    this.#partner = Array.from({ length: wanted.length });
    for (let position = 0; position < wanted.length; position += 1) {
      const row = wanted[position];
      if (row === undefined) continue;
      const key = keyOf(row);
      const first = this.#position.get(key);
      if (first === undefined) this.#position.set(key, position);
      else {
        this.#apart.add(position);
        this.#crowd(key, first).wanted.push(row);
      }
    }
  }

  /** False when no wanted row has the key of this one. */
  place(row: JsonObject): boolean {
    const key = this.#keyOf(row);
    const position = this.#position.get(key);
    if (position === undefined) return false;
    const taken = this.#partner[position] !== undefined || this.#apart.has(position);
    if (taken) this.#crowd(key, position).observed.push(row);
    else this.#partner[position] = row;
    return true;
  }

  report({ columns, volatile, draft }: Comparison): void {
    for (let position = 0; position < this.#wanted.length; position += 1) {
      const before = this.#wanted[position];
      if (before === undefined || this.#apart.has(position)) continue;
      const after = this.#partner[position];
      if (after === undefined) draft.remove(before);
      else if (!equalJson(before, after, volatile)) reportUnequal(before, after, columns, draft);
    }
  }

  /** The rows of keys that name more than one row on a side. */
  crowded(): IterableIterator<Side> {
    return this.#crowded.values();
  }

  #crowd(key: string, first: number): Side {
    let group = this.#crowded.get(key);
    if (group === undefined) {
      const wanted = this.#wanted[first];
      const observed = this.#partner[first];
      group = {
        wanted: wanted === undefined ? [] : [wanted],
        observed: observed === undefined ? [] : [observed],
      };
      this.#crowded.set(key, group);
      this.#apart.add(first);
    }
    return group;
  }
}

/** How many rows ahead of either side an equal row is looked for. */
const LOOK_AHEAD_ROWS = 4;

/**
 * What is left after equal rows in the same order have cancelled out. Collectors print tables in
 * order, so that a row that came or went shifts the rest by one: looking a few rows ahead finds the
 * common order again, and only real differences reach the costlier pairing by key.
 */
function unalignedRows(
  wanted: readonly JsonObject[],
  observed: readonly JsonObject[],
  volatile: ReadonlySet<string>,
): Side {
  const left: Side = { wanted: [], observed: [] };
  let w = 0;
  let o = 0;
  while (w < wanted.length && o < observed.length) {
    const [skipWanted, skipObserved] = distanceToEqual(wanted, w, observed, o, volatile);
    for (const end = w + skipWanted; w < end; w += 1) pushRow(left.wanted, wanted[w]);
    for (const end = o + skipObserved; o < end; o += 1) pushRow(left.observed, observed[o]);
    if (skipWanted > 0 && skipObserved > 0) continue;
    w += 1;
    o += 1;
  }
  for (; w < wanted.length; w += 1) pushRow(left.wanted, wanted[w]);
  for (; o < observed.length; o += 1) pushRow(left.observed, observed[o]);
  return left;
}

const ALIGNED = [0, 0] as const;
const UNALIGNED = [1, 1] as const;

/** How many rows of either side to skip until both stand at equal rows; one of each when none is near. */
function distanceToEqual(
  wanted: readonly JsonObject[],
  w: number,
  observed: readonly JsonObject[],
  o: number,
  volatile: ReadonlySet<string>,
): readonly [wanted: number, observed: number] {
  if (equalJson(wanted[w], observed[o], volatile)) return ALIGNED;
  for (let ahead = 1; ahead <= LOOK_AHEAD_ROWS; ahead += 1) {
    if (w + ahead < wanted.length && equalJson(wanted[w + ahead], observed[o], volatile)) return [ahead, 0];
    if (o + ahead < observed.length && equalJson(wanted[w], observed[o + ahead], volatile)) return [0, ahead];
  }
  return UNALIGNED;
}

function pushRow(rows: JsonObject[], row: JsonObject | undefined): void {
  if (row !== undefined) rows.push(row);
}

/** Rows paired by a part of their key are one changed row only when the whole key agrees. */
function reportUnequal(
  before: JsonObject,
  after: JsonObject,
  columns: readonly string[] | null,
  draft: DetailDraft,
): void {
  if ((columns ?? []).every((column) => equalJson(before[column] ?? null, after[column] ?? null))) {
    draft.change({ key: keyLabel(before, columns), before, after });
  } else {
    draft.remove(before);
    draft.add(after);
  }
}

/** Several rows share a key: equal rows cancel out one by one, the rest has come or gone. */
function settle(group: Side, volatile: ReadonlySet<string>, draft: DetailDraft): void {
  const pending = new Map<string, JsonObject[]>();
  for (const row of group.wanted) {
    const text = orderedText(row, volatile);
    const same = pending.get(text);
    if (same === undefined) pending.set(text, [row]);
    else same.push(row);
  }
  for (const row of group.observed) {
    if (pending.get(orderedText(row, volatile))?.pop() === undefined) draft.add(row);
  }
  for (const rows of pending.values()) for (const row of rows) draft.remove(row);
}

function keyLabel(row: JsonObject, columns: readonly string[] | null): string {
  return (columns ?? []).map((column) => `${column}=${textOf(row[column])}`).join(' ');
}

function textOf(value: JsonObject[string] | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
