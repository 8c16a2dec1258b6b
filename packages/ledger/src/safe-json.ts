/** Bounds on the arguments a record keeps. Beyond them a marker stands in their place. */
export const ARGS_DEPTH_MAX = 64;
export const ARGS_NODES_MAX = 20_000;
export const ARGS_CHARS_MAX = 65_536;

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A JSON string, RFC 8785 §3.2.2.2, of text made well formed: a lone surrogate becomes U+FFFD. */
export function jsonString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

/**
 * The canonical form (RFC 8785) of any value whatever, made I-JSON (RFC 7493) on the way; never
 * throws. Lone surrogates become U+FFFD; numbers that are not finite, big integers, functions and
 * symbols become strings; cycles, members that throw, and what lies deeper than `ARGS_DEPTH_MAX`
 * become markers; a value of more than `ARGS_NODES_MAX` nodes or `ARGS_CHARS_MAX` characters is
 * replaced as a whole. What it writes reads back to a value with the same canonical form.
 */
export function safeCanonicalJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  const walk: Walk = { nodes: 0, chars: 0, open: new Set() };
  try {
    return encode(value, 0, walk);
  } catch (error) {
    if (error === TOO_LARGE) return OMITTED;
    throw error;
  }
}

interface Walk {
  nodes: number;
  chars: number;
  readonly open: Set<object>;
}

const TOO_LARGE = new Error('too large');
const OMITTED = '{"omitted":"too_large"}';

function encode(value: unknown, depth: number, walk: Walk): string {
  walk.nodes += 1;
  if (walk.nodes > ARGS_NODES_MAX) throw TOO_LARGE;
  switch (typeof value) {
    case 'string':
      return counted(jsonString(bounded(value)), walk);
    case 'number':
      return counted(Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`, walk);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : encodeObject(value, depth, walk);
    case 'bigint':
      // A big integer's digits are computed in quadratic time; none of honest size is long.
      return counted(value < BIG && value > -BIG ? `"${value}"` : '"[bigint]"', walk);
    case 'undefined':
      return 'null';
    case 'function':
    case 'symbol':
    default:
      return counted(`"[${typeof value}]"`, walk);
  }
}

const BIG = 1n << 1024n;

function bounded(text: string): string {
  if (text.length > ARGS_CHARS_MAX) throw TOO_LARGE;
  return text;
}

function counted(text: string, walk: Walk): string {
  walk.chars += text.length;
  if (walk.chars > ARGS_CHARS_MAX) throw TOO_LARGE;
  return text;
}

function encodeObject(object: object, depth: number, walk: Walk): string {
  // Markers are counted like the texts they are when the record is read back.
  if (depth >= ARGS_DEPTH_MAX) return counted('"[depth]"', walk);
  if (walk.open.has(object)) return counted('"[circular]"', walk);
  if (ArrayBuffer.isView(object)) return counted(`"[${object.byteLength} bytes]"`, walk);
  walk.open.add(object);
  try {
    if (Array.isArray(object)) return encodeArray(object, depth, walk);
    const json = jsonForm(object);
    if (json !== object) return encode(json, depth + 1, walk);
    return encodeMembers(object, depth, walk);
  } catch (error) {
    if (error === TOO_LARGE) throw error;
    // A getter, a proxy or a toJSON of the caller's threw: the record must be written all the same.
    return counted('"[unreadable]"', walk);
  } finally {
    walk.open.delete(object);
  }
}

function jsonForm(object: object): unknown {
  return 'toJSON' in object && typeof object.toJSON === 'function' ? object.toJSON() : object;
}

function encodeArray(items: readonly unknown[], depth: number, walk: Walk): string {
  if (items.length > ARGS_NODES_MAX) throw TOO_LARGE;
  let text = '[';
  for (let i = 0; i < items.length; i += 1) {
    if (i > 0) text += ',';
    text += encode(items[i], depth + 1, walk);
  }
  return `${text}]`;
}

function encodeMembers(object: object, depth: number, walk: Walk): string {
  const keys = Object.keys(object);
  if (keys.length > ARGS_NODES_MAX) throw TOO_LARGE;
  if (keys.every((key) => key.isWellFormed())) {
    keys.sort();
    return encodeSorted(keys, keys, object, depth, walk);
  }
  const names = wellFormedNames(keys);
  const sorted = [...names.keys()].sort();
  const sources = sorted.map((name) => names.get(name) ?? name);
  return encodeSorted(sorted, sources, object, depth, walk);
}

/** Well-formed, distinct names for keys: two keys that differ only in lone surrogates must not become one. */
function wellFormedNames(keys: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const key of keys) if (key.isWellFormed()) names.set(key, key);
  const suffixes = new Map<string, number>();
  for (const key of keys) {
    if (key.isWellFormed()) continue;
    const base = key.toWellFormed();
    let name = base;
    while (names.has(name)) {
      // Counting on from the last suffix keeps many colliding keys linear.
      const suffix = (suffixes.get(base) ?? 1) + 1;
      suffixes.set(base, suffix);
      name = `${base}~${suffix}`;
    }
    names.set(name, key);
  }
  return names;
}

function encodeSorted(
  names: readonly string[],
  keys: readonly string[],
  object: object,
  depth: number,
  walk: Walk,
): string {
  let text = '{';
  for (let i = 0; i < names.length; i += 1) {
    const member = (object as Record<string, unknown>)[keys[i] ?? ''];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += counted(`${jsonString(bounded(names[i] ?? ''))}:`, walk) + encode(member, depth + 1, walk);
  }
  return `${text}}`;
}
