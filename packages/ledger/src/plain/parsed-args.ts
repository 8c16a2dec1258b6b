import { isUtf8 } from 'node:buffer';
import { safeCanonicalJson } from '../safe-json.ts';

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Where the array or object that begins at `at` ends, or -1 when it is not the canonical form of a value that
 * keeps the bounds of `safeCanonicalJson`. A zero must stand behind the last byte.
 */
export function endOfParsedArgs(bytes: Buffer, at: number): number {
  const end = endOfNesting(bytes, at);
  if (end === -1) return -1;
  const piece = bytes.subarray(at, end);
  if (!isUtf8(piece)) return -1;
  const text = piece.toString('utf8');
  try {
    return safeCanonicalJson(JSON.parse(text)) === text ? end : -1;
  } catch {
    return -1;
  }
}

/** Where the brackets that open at `at` are closed again; what is in between need not be JSON. Single values are too rare to be found here. */
function endOfNesting(bytes: Buffer, at: number): number {
  let depth = 0;
  let quoted = false;
  for (let p = at; ; p += 1) {
    const byte = bytes[p] ?? 0;
    if (byte === 0) return -1;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH) p += 1;
    else if (!quoted && (byte === OPEN_BRACE || byte === OPEN_BRACKET)) depth += 1;
    else if (!quoted && (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) depth -= 1;
    if (depth === 0) return p + 1;
  }
}
