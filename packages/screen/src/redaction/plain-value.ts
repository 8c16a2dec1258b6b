import { isHeaderName, type TextKey } from './text-key.ts';

/** An unquoted value to be measured: it starts at `start`, and `from` is already known to belong to it. */
export interface PlainValue {
  readonly key: TextKey;
  readonly at: { readonly after: number; readonly separator: string };
  readonly start: number;
  readonly from: number;
}

/** A line longer than this is taken to reach to the end of the text, so that no look-ahead is repeated over it. */
export const LINE_CHARS_MAX = 65_536;

/** The end of an unquoted value: of its word, its line or its header, depending on where it stands. */
export function plainEnd(text: string, value: PlainValue): number {
  const limit = enclosingLimit(text, value);
  if (isHeaderName(value.key.name) && !value.key.inQuery) return headerEnd(text, value, limit);
  const end = readsToLineEnd(text, value) ? restOfLine(text, value.from, limit) : wordEnd(text, value, limit);
  return continuedEnd(text, end);
}

const CONTINUATION = /\\?\r?\n[ \t]{0,64}[^\s\\]{1,4096}/y;

/** A value broken by a backslash at the end of its line goes on for no more than this many lines. */
export const CONTINUED_LINES_MAX = 64;

function continuedEnd(text: string, from: number): number {
  let end = from;
  for (let lines = 0; lines < CONTINUED_LINES_MAX; lines += 1) {
    const open = text[end - 1] === '\\' && text[end - 2] !== '\\';
    if (!open && !(text[end] === '\\' && /[\r\n]/.test(text[end + 1] ?? ''))) return end;
    CONTINUATION.lastIndex = end;
    const next = CONTINUATION.exec(text);
    if (next === null) return end;
    end += next[0].length;
  }
  return end;
}

// Up to the line's end, or to the quote that opened before the key.
function enclosingLimit(text: string, value: PlainValue): number {
  const newline = text.slice(value.from, value.from + LINE_CHARS_MAX).indexOf('\n');
  let limit = newline === -1 ? text.length : value.from + newline;
  if (text[limit - 1] === '\r') limit -= 1;
  const quote = value.key.enclosing;
  if (quote === '') return Math.max(limit, value.from);
  for (let at = text.indexOf(quote, value.from); at !== -1 && at < limit; at = text.indexOf(quote, at + 1)) {
    if (quote.length > 1 || text[at - 1] !== '\\') return at;
  }
  return limit;
}

const HEADER_STOP = /\\r|\\n|%0[AaDd]/g;

function headerEnd(text: string, value: PlainValue, limit: number): number {
  const stop = firstMatch(HEADER_STOP, text, value.from, limit);
  if (value.key.enclosing !== '') return stop;
  // An odd number of quotes before the key: the header stands inside a quoted string.
  const lineStart = Math.max(text.lastIndexOf('\n', value.key.start - 1) + 1, value.key.start - 512);
  const before = text.slice(lineStart, value.key.start);
  for (const quote of ['"', "'"]) {
    if ((before.split(quote).length - 1) % 2 === 0) continue;
    const close = text.indexOf(quote, value.from);
    if (close !== -1 && close < stop) return text[close - 1] === '\\' ? close - 1 : close;
  }
  // A folded header goes on in lines that begin with white space, which hold no header of their own.
  return stop === limit ? foldedEnd(text, limit) : stop;
}

const FOLD = /\r?\n[ \t]{1,64}(?![A-Za-z-]{1,64}:\s)[^\s][^\n]{0,8192}/y;

function foldedEnd(text: string, limit: number): number {
  FOLD.lastIndex = limit;
  const fold = FOLD.exec(text);
  return fold === null ? limit : limit + fold[0].length;
}

function firstMatch(pattern: RegExp, text: string, from: number, limit: number): number {
  pattern.lastIndex = 0;
  const found = text.slice(from, limit).search(pattern);
  return found === -1 ? limit : from + found;
}

const NEIGHBOUR = /^[ \t]{0,64}[\w.-]{1,64}[ \t]?=/;

function readsToLineEnd(text: string, value: PlainValue): boolean {
  const { key, at, start } = value;
  if (/phrase$/i.test(key.name) && at.separator === ':' && !key.inQuery) return true;
  if (key.enclosing !== '' && /[:=]/.test(at.separator) && start > at.after) return true;
  if (!key.startsLine) return false;
  if (start > at.after) return true;
  if (at.separator !== '=') return false;
  // One of several assignment lines is a file of settings; a lone one may begin a command.
  const next = text.indexOf('\n', start);
  if (next !== -1 && NEIGHBOUR.test(text.slice(next + 1, next + 160))) return true;
  const lineStart = text.lastIndexOf('\n', key.start);
  if (lineStart <= 0) return false;
  const previous = text.lastIndexOf('\n', lineStart - 1) + 1;
  return NEIGHBOUR.test(text.slice(previous, Math.min(lineStart, previous + 160)));
}

const LINE_STOP =
  /[ \t](?:#|\/\/[ \t]|&&|\|\|)|[ \t]*[,;][ \t]*["']?[A-Za-z_][\w.-]{0,63}["']?[ \t]?(?:=|:[ \t])|[ \t]["']?[A-Za-z_][\w.-]{0,63}["']?(?:=|:[ \t])/g;

function restOfLine(text: string, from: number, limit: number): number {
  let end = firstMatch(LINE_STOP, text, from, limit);
  while (end > from && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return end;
}

const NEXT_KEY = /[ \t]?\\{0,8}["']?[A-Za-z_%][\w.%[\]-]{0,63}\\{0,8}["']?[ \t]?(?:=|%3[Dd]|:[\s"'{[])/y;

function startsNextKey(text: string, at: number): boolean {
  NEXT_KEY.lastIndex = at;
  return NEXT_KEY.test(text);
}

const STOPS_BEHIND = /[\s"'`,;)}\]>\\]/;

// Passwords contain punctuation: a separator ends the value only where something else begins behind it.
function endsWord(text: string, at: number, value: PlainValue): boolean {
  const char = text[at] as string;
  const next = text[at + 1];
  const nothingBehind = next === undefined || STOPS_BEHIND.test(next);
  switch (char) {
    case '&':
    case '#':
      if (value.key.inQuery) return true;
      return char === '&' && (nothingBehind || next === '&' || startsNextKey(text, at + 1));
    case ',':
    case ';':
    case '|':
      return nothingBehind || startsNextKey(text, at + 1);
    case ')':
    case '}':
    case ']':
    case '>':
      return nothingBehind || /[<.|&:]/.test(next);
    case '<':
      return next !== undefined && /[/A-Za-z!]/.test(next);
    case '"':
    case "'":
    case '`':
      return next === undefined || !/[A-Za-z0-9]/.test(next);
    case '\\':
      if (next === '"' || next === "'" || next === '\\') return true;
      return (
        (next === 'n' || next === 'r' || next === 't') &&
        (startsNextKey(text, at + 2) || at + 2 >= text.length || STOPS_BEHIND.test(text[at + 2] as string))
      );
    case '%':
      return (
        (value.at.separator.startsWith('%') || value.key.inQuery) &&
        /^%(?:26|22|23|0[AaDd]|2[Cc]|20)/.test(text.slice(at, at + 3)) &&
        (value.at.separator.startsWith('%') || /^%(?:26|22)/.test(text.slice(at, at + 3)))
      );
    default:
      return false;
  }
}

function wordEnd(text: string, value: PlainValue, limit: number): number {
  let at = value.from;
  while (at < limit) {
    const char = text[at] as string;
    if (char === ' ' || char === '\t' || char === '\r' || char === '\u00a0') break;
    // Only characters that can end a word are looked at closely.
    if (!/[A-Za-z0-9]/.test(char) && endsWord(text, at, value)) break;
    at += 1;
  }
  return at;
}
