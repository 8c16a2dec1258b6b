import { isUtf8 } from 'node:buffer';
import { endOfText, type ScanBytes, type TextMarks } from './plain-text.ts';
import { safeCanonicalJson } from './safe-json.ts';

/** Longer arguments, and arguments that nest deeper, are parsed: that they keep the bounds of `safeCanonicalJson` is clear only of shorter ones. */
const PLAIN_BYTES_MAX = 32_768;
const PLAIN_DEPTH_MAX = 16;
/** How many digits every integer may have and be its own shortest form. */
const DIGITS_MAX = 15;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const NULL = 0x6c6c756e;
const TRUE = 0x65757274;
const ALSE = 0x65736c61;

/**
 * Where the arguments that begin at `at` end, or -1 when they are not the canonical form of a value that
 * keeps the bounds of `safeCanonicalJson`. Most are told by one look at each byte; the others are parsed.
 */
export function endOfArgs(scan: ScanBytes, at: number, marks: TextMarks): number {
  const end = endOfPlain(scan.view, at, 0, marks);
  return end !== -1 && end - at <= PLAIN_BYTES_MAX ? end : endOfParsed(scan, at);
}

/** The same for values made of texts, integers of up to 15 digits, `true`, `false` and `null`, in arrays and objects whose names are ASCII without escapes. */
function endOfPlain(view: DataView, at: number, depth: number, marks: TextMarks): number {
  switch (view.getUint8(at)) {
    case QUOTE:
      return endOfText(view, at + 1, marks) + 1 || -1;
    case OPEN_BRACE:
      return depth < PLAIN_DEPTH_MAX ? endOfObject(view, at + 1, depth, marks) : -1;
    case OPEN_BRACKET:
      return depth < PLAIN_DEPTH_MAX ? endOfArray(view, at + 1, depth, marks) : -1;
    case 0x6e:
      return view.getInt32(at, true) === NULL ? at + 4 : -1;
    case 0x74:
      return view.getInt32(at, true) === TRUE ? at + 4 : -1;
    case 0x66:
      return view.getInt32(at + 1, true) === ALSE ? at + 5 : -1;
    default:
      return endOfInteger(view, at);
  }
}

/** Looked at right after each name is read. */
const nameMarks: TextMarks = { escaped: false, nonAscii: false };

function endOfObject(view: DataView, at: number, depth: number, marks: TextMarks): number {
  if (view.getUint8(at) === CLOSE_BRACE) return at + 1;
  nameMarks.escaped = false;
  nameMarks.nonAscii = false;
  let before = 0;
  let beforeEnd = 0;
  for (let p = at; ; p += 1) {
    if (view.getUint8(p) !== QUOTE) return -1;
    const name = p + 1;
    const nameEnd = endOfText(view, name, nameMarks);
    // Only names of plain ASCII sort by their bytes.
    if (nameEnd === -1 || nameMarks.escaped || nameMarks.nonAscii || view.getUint8(nameEnd + 1) !== COLON)
      return -1;
    if (before !== 0 && !precedes(view, before, beforeEnd, name, nameEnd)) return -1;
    before = name;
    beforeEnd = nameEnd;
    p = endOfPlain(view, nameEnd + 2, depth + 1, marks);
    if (p === -1) return -1;
    const byte = view.getUint8(p);
    if (byte === CLOSE_BRACE) return p + 1;
    if (byte !== COMMA) return -1;
  }
}

function endOfArray(view: DataView, at: number, depth: number, marks: TextMarks): number {
  if (view.getUint8(at) === CLOSE_BRACKET) return at + 1;
  for (let p = at; ; p += 1) {
    p = endOfPlain(view, p, depth + 1, marks);
    if (p === -1) return -1;
    const byte = view.getUint8(p);
    if (byte === CLOSE_BRACKET) return p + 1;
    if (byte !== COMMA) return -1;
  }
}

/** Whether the name at `[a, aEnd)` sorts before the one at `[b, bEnd)`, and is another. */
function precedes(view: DataView, a: number, aEnd: number, b: number, bEnd: number): boolean {
  const length = Math.min(aEnd - a, bEnd - b);
  for (let i = 0; i < length; i += 1) {
    const difference = view.getUint8(a + i) - view.getUint8(b + i);
    if (difference !== 0) return difference < 0;
  }
  return aEnd - a < bEnd - b;
}

function endOfInteger(view: DataView, at: number): number {
  const first = view.getUint8(at) === MINUS ? at + 1 : at;
  const digit = view.getUint8(first);
  if (digit === ZERO) return first === at && !isDigit(view.getUint8(at + 1)) ? at + 1 : -1;
  let p = first;
  while (isDigit(view.getUint8(p))) p += 1;
  return p > first && p - first <= DIGITS_MAX ? p : -1;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function endOfParsed({ bytes, view }: ScanBytes, at: number): number {
  const end = endOfNesting(view, at);
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
function endOfNesting(view: DataView, at: number): number {
  let depth = 0;
  let quoted = false;
  for (let p = at; ; p += 1) {
    const byte = view.getUint8(p);
    if (byte === 0) return -1;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH) p += 1;
    else if (!quoted && (byte === OPEN_BRACE || byte === OPEN_BRACKET)) depth += 1;
    else if (!quoted && (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) depth -= 1;
    if (depth === 0) return p + 1;
  }
}
