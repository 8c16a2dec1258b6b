import { PraxisError } from './errors.ts';

/** How deep a value may nest before it is refused, in levels. */
export const CANONICAL_DEPTH_MAX = 128;
/** Up to how many names are sorted by insertion. */
const INSERTION_SORT_MAX = 16;

/**
 * The canonical form of a JSON value, RFC 8785 (JCS): keys sorted by UTF-16 code units, no white
 * space, numbers as ECMAScript prints them. Members whose value is `undefined` are left out, as
 * `JSON.stringify` does. Throws `CANONICAL_JSON_INVALID` for what I-JSON (RFC 7493) has no form for:
 * lone surrogates, NaN and infinities, functions, symbols, big integers, cycles and values nested
 * deeper than `CANONICAL_DEPTH_MAX`.
 */
export function canonicalJson(value: unknown): string {
  return encode(value, 0);
}

function encode(value: unknown, depth: number): string {
  if (depth > CANONICAL_DEPTH_MAX) throw invalid(`nested deeper than ${CANONICAL_DEPTH_MAX} levels`);
  switch (typeof value) {
    case 'string':
      return encodeString(value);
    case 'number':
      if (!Number.isFinite(value)) throw invalid('a number that is not finite');
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? encodeArray(value, depth) : encodeObject(value, depth);
    case 'undefined':
    case 'bigint':
    case 'function':
    case 'symbol':
      throw invalid(`a value of type ${typeof value}`);
  }
}

function encodeString(text: string): string {
  if (!text.isWellFormed()) throw invalid('a string with a lone surrogate');
  return JSON.stringify(text);
}

function encodeArray(items: readonly unknown[], depth: number): string {
  return `[${items.map((item) => encode(item, depth + 1)).join(',')}]`;
}

function encodeObject(object: object, depth: number): string {
  let text = '';
  for (const key of sorted(Object.keys(object))) {
    const member = (object as Record<string, unknown>)[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${encodeString(key)}:${encode(member, depth + 1)}`;
  }
  return `{${text}}`;
}

/** Sorts names in place by UTF-16 code units. Most objects have few: for them a call of the sort costs more than the work. */
function sorted(names: string[]): string[] {
  if (names.length > INSERTION_SORT_MAX) return names.sort();
  for (let end = 1; end < names.length; end += 1) {
    const name = names[end] ?? '';
    let at = end;
    for (; at > 0 && (names[at - 1] ?? '') > name; at -= 1) names[at] = names[at - 1] ?? '';
    names[at] = name;
  }
  return names;
}

function invalid(what: string): PraxisError<'CANONICAL_JSON_INVALID'> {
  return new PraxisError('CANONICAL_JSON_INVALID', `JSON has no canonical form for ${what}`);
}
