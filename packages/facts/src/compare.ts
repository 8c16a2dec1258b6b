import type { Json } from '@praxis/core';

import type { FactKey } from './model.ts';

/** What a comparison looks at: the fact type is what differs between the two sides. */
export type Comparable = Pick<FactKey, 'subject' | 'predicate' | 'valueKey'> & { readonly value: Json };

/** A key whose value differs, or that only one side has. */
export interface Difference<F extends Comparable> {
  readonly wanted: F | null;
  readonly found: F | null;
}

/**
 * What differs between two sides, as drift does: the same subject, predicate and value key with
 * another value, or on one side only. In the order of `wanted`, then what only `found` has. Linear in
 * the number of facts; values are compared as JSON, whatever the order of their members.
 */
export function compareFacts<F extends Comparable>(
  wanted: readonly F[],
  found: readonly F[],
): Difference<F>[] {
  const differences: Difference<F>[] = [];
  // Both sides mostly come in key order and mostly agree: walk them in step, and look up only the rest.
  const wantedRest: F[] = [];
  const foundRest: F[] = [];
  let w = 0;
  let f = 0;
  while (w < wanted.length && f < found.length) {
    const a = wanted[w] as F;
    const b = found[f] as F;
    if (sameKey(a, b)) {
      if (!sameJson(a.value, b.value)) differences.push({ wanted: a, found: b });
      w += 1;
      f += 1;
    } else if (isBefore(a, b)) {
      wantedRest.push(a);
      w += 1;
    } else {
      foundRest.push(b);
      f += 1;
    }
  }
  wantedRest.push(...wanted.slice(w));
  foundRest.push(...found.slice(f));
  return [...differences, ...compareRest(wantedRest, foundRest)];
}

/** What did not meet in step, by key: input in another order is no difference. */
function compareRest<F extends Comparable>(wanted: readonly F[], found: readonly F[]): Difference<F>[] {
  const byKey = new Map(found.map((fact) => [keyOf(fact), fact]));
  const differences: Difference<F>[] = [];
  for (const fact of wanted) {
    const key = keyOf(fact);
    const other = byKey.get(key);
    byKey.delete(key);
    if (other === undefined || !sameJson(fact.value, other.value))
      differences.push({ wanted: fact, found: other ?? null });
  }
  for (const fact of byKey.values()) differences.push({ wanted: null, found: fact });
  return differences;
}

function keyOf(fact: Comparable): string {
  return `${fact.subject}\n${fact.predicate}\n${fact.valueKey}`;
}

function sameKey(a: Comparable, b: Comparable): boolean {
  return a.subject === b.subject && a.predicate === b.predicate && a.valueKey === b.valueKey;
}

function isBefore(a: Comparable, b: Comparable): boolean {
  if (a.subject !== b.subject) return a.subject < b.subject;
  if (a.predicate !== b.predicate) return a.predicate < b.predicate;
  return a.valueKey < b.valueKey;
}

/** Whether two JSON values are the same, whatever the order of their members. Linear in their size. */
export function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a))
    return (
      Array.isArray(b) && a.length === b.length && a.every((one, n) => sameJson(one as Json, b[n] as Json))
    );
  if (Array.isArray(b)) return false;
  return sameMembers(a as Members, b as Members);
}

type Members = Readonly<Record<string, Json>>;

// Without lists of names: a comparison of many facts is mostly this.
function sameMembers(a: Members, b: Members): boolean {
  let count = 0;
  for (const name in a) {
    const other = b[name];
    if (other === undefined) return false;
    // Most members are no objects, and the same: no call for those.
    const mine = a[name] as Json;
    if (mine !== other && (typeof other !== 'object' || !sameJson(mine, other))) return false;
    // What every object inherits is a function, which no JSON value equals, but for this one.
    if (name === '__proto__' && !Object.hasOwn(b, name)) return false;
    count += 1;
  }
  for (const _name in b) count -= 1;
  return count === 0;
}
