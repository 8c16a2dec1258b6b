import { PraxisError } from '@praxis/core';

/** The shortest run of digits that a double may not hold. */
const LONG_NUMBER = /\d{16}/;
const NUMBER = /-?\d[\d.eE+-]*/g;
const INTEGER = /^-?\d+$/;

/**
 * Reads JSON and loses nothing of it (RFC 7493): a name that stands twice in an object, of which one would win, and a
 * whole number that a double cannot hold throw `JSON_INVALID`. Throws `SyntaxError` for what is no JSON. Linear time.
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  let names = 0;
  // What is valid JSON is a string, or lies between two.
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    checkNumbers(text.slice(at, quote < 0 ? text.length : quote));
    if (quote < 0) break;
    at = endOfString(text, quote);
    if (isName(text, at)) names += 1;
  }
  if (names !== countNames(value)) throw invalid('a name stands twice in an object');
  return value;
}

/** The index after the string that begins at a quote. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
}

function isName(text: string, after: number): boolean {
  let at = after;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r' || text[at] === '\n') at += 1;
  return text[at] === ':';
}

function checkNumbers(between: string): void {
  if (!LONG_NUMBER.test(between)) return;
  for (const [number] of between.matchAll(NUMBER)) {
    const kept = Number(number);
    // What is too large for any double is refused as a value; its digits are not looked at one by one.
    if (!INTEGER.test(number) || !Number.isFinite(kept)) continue;
    // The digits of the number itself, or those that a double is written with and read back from.
    if (BigInt(kept) !== BigInt(number) && String(kept) !== number)
      throw invalid('a whole number has more digits than are kept; give it as a text');
  }
}

/** How many members the objects of a value have, however deep they are nested. */
function countNames(value: unknown): number {
  let names = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const members: unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (!Array.isArray(next)) names += members.length;
    for (const member of members) open.push(member);
  }
  return names;
}

function invalid(what: string): PraxisError<'JSON_INVALID'> {
  return new PraxisError('JSON_INVALID', what);
}
