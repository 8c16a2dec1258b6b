import { plainEnd } from './plain-value.ts';
import type { TextKey } from './text-key.ts';

/** A value found behind a key. */
export interface TextValue {
  readonly start: number;
  readonly end: number;
  /** Where scanning goes on: behind the closing quote. */
  readonly resume: number;
  readonly text: string;
  readonly quoted: boolean;
}

/** Where a separator ends, and how it is written. */
export interface SeparatorAt {
  readonly after: number;
  readonly separator: string;
}

/** A quoted or bracketed value is followed this far; one that has not closed by then is dropped up to there. */
export const ENCLOSED_CHARS_MAX = 65_536;

const OPENING = /"""|'''|\\{0,15}["'`]|[“„«‘]|&quot;|&#34;|&#39;|%22|%27|\\u0022|[@LNub]["']/y;
const BLOCK_SCALAR = /[|>][+-]?\d?[+-]?[ \t]{0,64}(?:#[^\n]{0,256})?\r?\n/y;

// `${NAME}`, `${{ secrets.NAME }}`, `$(command)`: their brackets belong to the value.
const EXPANSION = /\$\{\{?[^{}\n]{0,128}\}\}?|\$\([^()\n]{0,128}\)/y;

/** The value behind a separator, or null when there is none. */
export function readTextValue(text: string, key: TextKey, at: SeparatorAt): TextValue | null {
  const start = skipBlanks(text, at.after);
  if (start >= text.length) return null;
  const first = text[start];
  if (first === '\n' || first === '\r') {
    return at.separator === ':' && key.startsLine ? indentedBlock(text, key, start) : null;
  }
  OPENING.lastIndex = start;
  const opening = OPENING.exec(text)?.[0];
  if (opening !== undefined) return opening === key.enclosing ? null : quotedValue(text, start, opening);
  BLOCK_SCALAR.lastIndex = start;
  const scalar = key.startsLine ? BLOCK_SCALAR.exec(text) : null;
  if (scalar !== null) return indentedBlock(text, key, start + scalar[0].length - 1);
  if (first === '{' || first === '[' || first === '(') {
    const end = bracketEnd(text, start);
    return valueOf(text, start, plainEnd(text, { key, at, start, from: end }));
  }
  EXPANSION.lastIndex = start;
  const from = start + (EXPANSION.exec(text)?.[0].length ?? 0);
  return valueOf(text, start, plainEnd(text, { key, at, start, from }));
}

function valueOf(text: string, start: number, end: number): TextValue {
  return { start, end, resume: end, text: text.slice(start, end), quoted: false };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

// Typographic quotes close with another character than they open with.
const TYPOGRAPHIC: Readonly<Record<string, string>> = { '“': '”', '„': '“', '«': '»', '‘': '’' };

/** The end of what a quote encloses: the index of the closing quote, or -1 within the bound. */
export function quoteEnd(text: string, from: number, opening: string): number {
  const closing = TYPOGRAPHIC[opening];
  if (closing !== undefined) {
    const close = text.slice(from, from + ENCLOSED_CHARS_MAX).indexOf(closing);
    return close === -1 ? -1 : from + close;
  }
  const mark = opening.at(-1) as string;
  if (
    mark === ';' ||
    opening === `'''` ||
    opening === '"""' ||
    opening.startsWith('%') ||
    opening.startsWith('\\u')
  )
    return text.indexOf(opening, from);
  const escapes = opening.startsWith('\\') ? opening.length - 1 : 0;
  const limit = Math.min(text.length, from + ENCLOSED_CHARS_MAX);
  for (let at = text.indexOf(mark, from); at !== -1 && at < limit; at = text.indexOf(mark, at + 1)) {
    let run = 0;
    while (run < 64 && at - run > from && text[at - run - 1] === '\\') run += 1;
    const closes = escapes === 0 ? run % 2 === 0 : run <= escapes;
    if (!closes) continue;
    // A doubled quote is one quote inside (SQL, CSV, ADO).
    if (
      escapes === 0 &&
      at > from &&
      text[at + 1] === mark &&
      text[at + 2] !== undefined &&
      /[\w ]/.test(text[at + 2] as string)
    ) {
      at += 1;
      continue;
    }
    return at - Math.min(run, escapes);
  }
  return -1;
}

function quotedValue(text: string, start: number, opening: string): TextValue {
  const from = start + opening.length;
  const close = quoteEnd(text, from, opening);
  if (close === -1) {
    const end = Math.max(from, Math.min(lineEnd(text, from), from + ENCLOSED_CHARS_MAX));
    return { start: from, end, resume: end, text: text.slice(from, end), quoted: true };
  }
  let end = close;
  let resume = close + opening.replace(/^[@LNub](?=["'])/, '').length;
  // `'a'"b"c`: a shell joins what touches.
  if (opening.length === 1 && close > from && /[\w"'$]/.test(text[resume] ?? ' ')) {
    while (resume < text.length && !/[\s,;)}\]>&|:]/.test(text[resume] as string)) resume += 1;
    end = resume;
  }
  return { start: from, end, resume, text: text.slice(from, end), quoted: true };
}

// The lines behind a key that are indented deeper than the key: a YAML block.
function indentedBlock(text: string, key: TextKey, firstLineEnd: number): TextValue | null {
  let at = text.indexOf('\n', firstLineEnd);
  let start = -1;
  let end = -1;
  while (at !== -1 && at + 1 < text.length) {
    const from = skipBlanks(text, at + 1);
    const stop = lineEnd(text, from);
    const blank = text.slice(from, Math.min(stop, from + 1)).trim() === '';
    const indent = from - at - 1;
    const inside = indent > key.indent || (indent === key.indent && text.startsWith('- ', from));
    if (!blank && !inside) break;
    if (!blank) {
      if (start === -1) start = from;
      end = stop;
    }
    at = stop === text.length ? -1 : stop;
  }
  return start === -1 ? null : valueOf(text, start, text[end - 1] === '\r' ? end - 1 : end);
}

const CLOSER: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** A value in parentheses is an expression: it is followed this far. */
export const PARENTHESISED_CHARS_MAX = 192;

// The end of a bracketed value, its quotes and inner brackets respected. One that never closes was cut off: all that
// follows belongs to it. An unclosed parenthesis is punctuation.
function bracketEnd(text: string, start: number): number {
  const isGroup = text[start] === '(';
  const limit = Math.min(text.length, start + (isGroup ? PARENTHESISED_CHARS_MAX : ENCLOSED_CHARS_MAX));
  const expected: string[] = [];
  for (let at = start; at < limit; at += 1) {
    const char = text[at] as string;
    const closer = CLOSER[char];
    if (closer !== undefined) expected.push(closer);
    else if (char === expected.at(-1)) {
      expected.pop();
      if (expected.length === 0) return at + 1;
    } else if (char === '"' || (char === "'" && /[\s,:[{(=]/.test(text[at - 1] ?? ' '))) {
      const close = quoteEnd(text, at + 1, char);
      if (close === -1) break;
      at = close;
    }
  }
  return isGroup ? start : text.length;
}
