import { isJsonObject, type Json, type JsonObject } from '@praxis/core';

const NOTHING: ReadonlySet<string> = new Set();

/** Deep equality of JSON values; the order of members does not count. `ignored` names top-level members to skip. */
export function equalJson(
  a: Json | undefined,
  b: Json | undefined,
  ignored: ReadonlySet<string> = NOTHING,
): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  return equalMembers(a, b, ignored);
}

function equalMembers(a: JsonObject, b: JsonObject, ignored: ReadonlySet<string>): boolean {
  let membersA = 0;
  for (const key in a) {
    if (ignored.has(key)) continue;
    membersA += 1;
    const left = a[key];
    // What `b` inherits is never strictly equal to a JSON value, so equality here means an own member.
    if (left === b[key] && left !== undefined) continue;
    if (!Object.hasOwn(b, key) || !equalJson(left, b[key])) return false;
  }
  for (const key in b) if (!ignored.has(key)) membersA -= 1;
  return membersA === 0;
}

/** A text equal for equal values (members sorted), with some top-level members left out. Total. */
export function orderedText(value: Json | undefined, ignored: ReadonlySet<string> = NOTHING): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => orderedText(item)).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value ?? null);
  const keys = Object.keys(value).filter((key) => !ignored.has(key));
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${orderedText(value[key])}`)
    .join(',')}}`;
}
