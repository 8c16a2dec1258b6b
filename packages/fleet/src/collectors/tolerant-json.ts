import { isJsonObject, type Json } from '@praxis/core';
import { type CollectError, TELEMETRY_DEPTH_MAX } from './telemetry.ts';

export type JsonResult =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: CollectError };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads one JSON document as monitoring tools really write it: a byte order mark is skipped, and the
 * literals `NaN`, `Infinity` and `-Infinity`, and numbers beyond the range of a double (`1e999`,
 * 5000-digit integers), become null. Every string is well-formed Unicode afterwards. Never throws;
 * time is linear in the text.
 */
export function parseTolerantJson(text: string): JsonResult {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (nestsTooDeep(body)) {
    return failure('too_deep', `nested deeper than ${TELEMETRY_DEPTH_MAX} levels`);
  }
  const strict = tryParse(body);
  if (strict !== undefined) return { ok: true, value: tame(strict) };
  const lenient = tryParse(withoutNonFinite(body));
  if (lenient !== undefined) return { ok: true, value: tame(lenient) };
  return failure('invalid_json', 'not a JSON document');
}

function tryParse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // Malformed input is an ordinary answer here; anything else is a fault.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Counts brackets outside strings, before anything recursive sees the text. */
function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === QUOTE) index = endOfString(text, index);
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > TELEMETRY_DEPTH_MAX) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return false;
}

/** The index of the quote that closes the string opened at `start` (the text's end if none does). */
export function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === BACKSLASH) index += 1;
    else if (unit === QUOTE) return index;
  }
  return text.length;
}

function withoutNonFinite(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === QUOTE) {
      index = endOfString(text, index);
      continue;
    }
    if (unit !== 0x4e && unit !== 0x49 && unit !== 0x2d) continue;
    const literal = ['NaN', '-Infinity', 'Infinity', '-NaN'].find((word) => text.startsWith(word, index));
    if (literal === undefined) continue;
    parts.push(text.slice(copied, index), 'null');
    index += literal.length - 1;
    copied = index + 1;
  }
  parts.push(text.slice(copied));
  return parts.join('');
}

/** Copies a parsed value: infinities become null, lone surrogates U+FFFD. Depth is bounded before. */
function tame(value: Json): Json {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(tame);
  // `fromEntries` defines own members, so that a key `__proto__` stays data.
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key.toWellFormed(), tame(member)]),
    );
  }
  return value;
}

function failure(code: CollectError['code'], message: string): JsonResult {
  return { ok: false, error: { code, message } };
}
