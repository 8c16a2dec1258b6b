import type { Json } from '@praxis/core';

import type {
  AsOf,
  DiffQuery,
  FactQuery,
  HistoryQuery,
  NearestQuery,
  TraverseQuery,
  ValueCondition,
} from '../src/store.ts';
import type { NaiveModel, Version } from './naive-model.ts';

// Like the model: nothing of the implementation but its types.

/** An answer as one list, with how many restricted facts are not in it. */
export interface Answer<T> {
  all: T[];
  withheld: number;
}

type Filter = Pick<FactQuery, 'subject' | 'kind' | 'predicate' | 'factType' | 'valueKey' | 'target' | 'edge'>;

function fits(v: Version, f: Filter): boolean {
  if (f.subject !== undefined && v.subject !== f.subject) return false;
  if (f.kind !== undefined && v.subject.split(':')[0] !== f.kind) return false;
  if (f.predicate !== undefined && v.predicate !== f.predicate) return false;
  if (f.factType !== undefined && v.factType !== f.factType) return false;
  if (f.valueKey !== undefined && v.valueKey !== f.valueKey) return false;
  if (f.target !== undefined && v.target !== f.target) return false;
  return f.edge === undefined || f.edge === (v.target !== null);
}

/** What of a filter may decide how many are withheld: not what they say. */
function openly<F extends Filter>(f: F): F {
  return { ...f, valueKey: undefined, target: undefined, edge: undefined };
}

const bytes = (a: string, b: string): number => Buffer.from(a).compare(Buffer.from(b));
const byKey = (a: Version, b: Version): number =>
  bytes(a.subject, b.subject) ||
  bytes(a.predicate, b.predicate) ||
  bytes(a.factType, b.factType) ||
  bytes(a.valueKey, b.valueKey);

function mayRead(model: NaiveModel, v: Version, allowRestricted: boolean | undefined): boolean {
  return allowRestricted === true || model.classification(v) !== 'restricted';
}

/** The facts of a question, in order. What is withheld is counted whatever it says. */
export function query(model: NaiveModel, q: FactQuery): Answer<Version> {
  const at = q.validAt ?? model.now;
  const [from, to] = q.validDuring === undefined ? [at, at + 1] : [q.validDuring.from, q.validDuring.to];
  const scope = model.versions.filter(
    (v) =>
      fits(v, openly(q)) &&
      model.isVisibleDuring(v, from, to, q.recordedAt) &&
      (q.becameValidSince === undefined || v.validFrom >= q.becameValidSince) &&
      (q.observedSince === undefined || v.lastObservedAt >= q.observedSince) &&
      (q.observedBefore === undefined || v.lastObservedAt < q.observedBefore) &&
      (q.notObservedForUs === undefined || v.lastObservedAt < model.now - q.notObservedForUs),
  );
  const readable = scope.filter((v) => mayRead(model, v, q.allowRestricted));
  const all = readable
    .filter((v) => fits(v, q))
    .filter((v) => (q.where ?? []).every((condition) => holds(v.value, condition)))
    .filter((v) => q.text === undefined || hasWords(v, q.text))
    .sort((a, b) => byKey(a, b) || a.validFrom - b.validFrom);
  return { all, withheld: scope.length - readable.length };
}

/** Every version about a subject, in order of recording. */
export function history(model: NaiveModel, q: HistoryQuery): Answer<Version> {
  const scope = model.versions.filter((v) => fits(v, openly(q)));
  const readable = scope.filter((v) => mayRead(model, v, q.allowRestricted));
  return {
    all: readable.filter((v) => fits(v, q)).sort((a, b) => a.recordedAt - b.recordedAt || a.seq - b.seq),
    withheld: scope.length - readable.length,
  };
}

/** What one key says at two points, where that differs. */
export interface Change {
  change: string;
  before: Version | null;
  after: Version | null;
}

/** The differences between two points, in order of keys. */
export function diff(model: NaiveModel, q: DiffQuery): Answer<Change> {
  const keyed = model.versions.filter(
    (v, n) => model.versions.findIndex((other) => byKey(v, other) === 0) === n,
  );
  const all: Change[] = [];
  let withheld = 0;
  for (const key of keyed.sort(byKey)) {
    const mayTell = mayRead(model, key, q.allowRestricted);
    const filter = mayTell ? q : openly(q);
    const at = (point: AsOf): Version | null =>
      model.versions.find((v) => byKey(v, key) === 0 && fits(v, filter) && model.isVisible(v, point)) ?? null;
    const [before, after] = [at(q.from), at(q.to)];
    if (before?.contentHash === after?.contentHash) continue;
    if (!mayTell) withheld += 1;
    else
      all.push({ change: before === null ? 'added' : after === null ? 'removed' : 'changed', before, after });
  }
  return { all, withheld };
}

/** The edges that may be walked from anywhere, and how many may not. */
export interface Graph {
  edges: { v: Version; from: string; to: string }[];
  /** Distances from the start, up to the depth asked for. */
  depths: Map<string, number>;
  /** How many edges at subjects that were reached are restricted. */
  withheld: number;
}

/** What can be reached: the depths of a breadth-first walk, over edges looked up one by one. */
export function walk(model: NaiveModel, q: TraverseQuery): Graph {
  const visible = model.versions.filter(
    (v) =>
      v.target !== null &&
      v.factType === (q.factType ?? 'observed') &&
      (q.relations === undefined || q.relations.includes(v.predicate)) &&
      model.isVisible(v, q),
  );
  const steps = visible.flatMap((v) => {
    const target = v.target ?? '';
    const out = { v, from: v.subject, to: target };
    const back = { v, from: target, to: v.subject };
    return q.direction === 'both' ? [out, back] : q.direction === 'in' ? [back] : [out];
  });
  const edges = steps.filter(({ v }) => mayRead(model, v, q.allowRestricted));
  const depths = new Map([[q.from, 0]]);
  const depthMax = q.depthMax ?? 8;
  const looked = new Set<string>();
  for (let depth = 0; depth < depthMax; depth += 1) {
    for (const [here, at] of depths) {
      if (at !== depth) continue;
      looked.add(here);
      for (const edge of edges)
        if (edge.from === here && !depths.has(edge.to)) depths.set(edge.to, depth + 1);
    }
  }
  const hidden = steps.filter(({ v, from }) => looked.has(from) && !mayRead(model, v, q.allowRestricted));
  return { edges, depths, withheld: new Set(hidden.map(({ v }) => v.seq)).size };
}

/** How similar every readable fact with a vector is, best first. */
export function nearest(model: NaiveModel, q: NearestQuery): Answer<{ v: Version; similarity: number }> {
  const scope = model.versions.flatMap((v) => {
    // The first vector of a content counts.
    const found = model.vectors.find((one) => one.model === q.model && one.contentHash === v.contentHash);
    const fitting = found?.vector.length === q.vector.length && fits(v, openly(q)) && model.isVisible(v, q);
    return fitting ? [{ v, similarity: cosine(found.vector, [...q.vector]) }] : [];
  });
  const readable = scope.filter(({ v }) => mayRead(model, v, q.allowRestricted));
  const all = readable.filter(({ v }) => fits(v, q)).sort((a, b) => b.similarity - a.similarity);
  return { all, withheld: scope.length - readable.length };
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const product = a.reduce((sum, x, n) => sum + x * (b[n] ?? 0), 0);
  return product / (Math.hypot(...a) * Math.hypot(...b));
}

/** What a JSON pointer without escapes leads to. */
function valueAt(value: Json, path: string): Json | undefined {
  return path
    .split('/')
    .slice(1)
    .reduce<Json | undefined>((at, name) => {
      if (at === null || typeof at !== 'object') return undefined;
      const member = Object.entries(at).find(([found]) => found === name);
      return member?.[1];
    }, value);
}

function holds(value: Json, { path, op, value: wanted }: ValueCondition): boolean {
  const found = valueAt(value, path);
  if (found === undefined) return false;
  const same = (a: Json, b: Json | undefined): boolean =>
    JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
  const sameType = typeof found === typeof wanted && (typeof found === 'number' || typeof found === 'string');
  const [a, b] = [found, wanted] as [number, number];
  switch (op) {
    case 'exists':
      return true;
    case 'eq':
      return same(found, wanted);
    case 'ne':
      return !same(found, wanted);
    case 'lt':
      return sameType && a < b;
    case 'lte':
      return sameType && a <= b;
    case 'gt':
      return sameType && a > b;
    case 'gte':
      return sameType && a >= b;
    case 'contains':
      if (Array.isArray(found)) return (found as Json[]).some((one) => same(one, wanted));
      if (typeof found === 'string') return typeof wanted === 'string' && found.includes(wanted);
      return (
        found !== null && typeof found === 'object' && Object.keys(found).some((name) => name === wanted)
      );
    default:
      return false;
  }
}

function sorted(value: Json | undefined): unknown {
  if (Array.isArray(value)) return (value as Json[]).map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .map(([name, one]) => [name, sorted(one)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** Letters and digits in runs, composed and in lower case. */
function wordsIn(text: string): string[] {
  return text
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]/u)
    .filter((word) => word !== '');
}

function textsIn(value: Json): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return (value as Json[]).flatMap(textsIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, one]) => [name, ...textsIn(one)]);
}

function hasWords(v: Version, text: string): boolean {
  const words = [v.subject, v.predicate, ...textsIn(v.value)].flatMap(wordsIn);
  return text.split(/\s/u).every((part) => {
    const wanted = wordsIn(part);
    return wanted.every((word, n) =>
      part.endsWith('*') && n === wanted.length - 1
        ? words.some((one) => one.startsWith(word))
        : words.includes(word),
    );
  });
}
