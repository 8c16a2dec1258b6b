import { KEY_NAME_CHARS_MAX } from './key-names.ts';

/** A key found in front of a separator. */
export interface TextKey {
  readonly name: string;
  /** Where the key begins, its opening quote included. */
  readonly start: number;
  /** The quote around the key itself, with its escaping backslashes, or ''. */
  readonly quote: string;
  /** The quote that opened directly before an unquoted key and so encloses the value too, or ''. */
  readonly enclosing: string;
  /** Whether the key starts its line, indentation and list marks aside; `indent` is then its column. */
  readonly startsLine: boolean;
  readonly indent: number;
  /** Whether the key is the last component of a path, and the text after it a remark. */
  readonly isPath: boolean;
  /** Whether the key is a parameter of a URL or form. */
  readonly inQuery: boolean;
}

const HEADER =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie2?$|^x-(?:amz-security-token|api-key|auth(?:-token|-key)?|csrf-token|xsrf-token|vault-token|access-token|goog-iam-authorization-token)$/i;

/** Whether a name is an HTTP header whose whole value is a credential. */
export function isHeaderName(name: string): boolean {
  return HEADER.test(name);
}

function isKeyChar(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 || // _
    code === 45 || // -
    code === 46 || // .
    code === 37 || // %
    (code > 127 && code !== 0xff1a && code !== 0xff1d && code !== 0x2192 && code !== 0x21d2) // ：＝→⇒
  );
}

const CLOSING = /(?:&quot;|&#34;|&#39;|%22|%27|\\u0022)$/;

interface Closer {
  readonly quote: string;
  readonly end: number;
}

// Steps back over what may stand between a key and its separator: spaces, a bracket, a quote.
function readCloser(text: string, separatorIndex: number): Closer {
  let end = separatorIndex;
  for (let spaces = 0; spaces < 16 && (text[end - 1] === ' ' || text[end - 1] === '\t'); spaces += 1)
    end -= 1;
  for (
    let brackets = 0;
    brackets < 2 && (text[end - 1] === ']' || text[end - 1] === ')' || text[end - 1] === '}');
    brackets += 1
  )
    end -= 1;
  if (text[end - 1] === '?') end -= 1;
  const last = text[end - 1];
  if (last === '"' || last === "'" || last === '`') {
    let start = end - 1;
    while (end - start < 16 && text[start - 1] === '\\') start -= 1;
    return { quote: text.slice(start, end), end: start };
  }
  if (last === ';' || last === '2' || last === '7') {
    const entity = CLOSING.exec(text.slice(Math.max(0, end - 6), end))?.[0];
    if (entity !== undefined) return { quote: entity, end: end - entity.length };
  }
  return { quote: '', end };
}

// In percent-encoded text the key begins behind the last encoded delimiter.
const ENCODED_DELIMITERS = /^.*%(?:2[0236CcFfBb]|3[AaBbDdFf]|0[AaDd]|[57][BbDd])/s;

/** The key in front of a separator, or null when there is none. Looks back a bounded number of characters. */
export function readKeyBefore(text: string, separatorIndex: number): TextKey | null {
  const { quote, end } = readCloser(text, separatorIndex);
  const floor = Math.max(0, end - KEY_NAME_CHARS_MAX);
  let start = end;
  while (start > floor && isKeyChar(text.charCodeAt(start - 1))) start -= 1;
  if (quote !== '') start = quotedStart(text, start, floor);
  start = skipEscape(text, start, end);
  start += ENCODED_DELIMITERS.exec(text.slice(start, end))?.[0].length ?? 0;
  if (start >= end) return null;
  const raw = text.slice(start, end);
  const name = withWordBefore(text, decodeName(raw), start);
  const before = text[start - 1];
  const line = lineStart(text, quote === '' ? start : Math.max(0, start - quote.length));
  return {
    name,
    start,
    quote,
    enclosing: quote === '' ? enclosingQuote(text, start) : '',
    startsLine: line !== null,
    indent: line ?? 0,
    isPath: isPathEnd(text, start, separatorIndex),
    inQuery:
      before === '?' ||
      before === '&' ||
      before === '#' ||
      /%(?:26|3[Ff])$/.test(text.slice(Math.max(0, start - 3), start)),
  };
}

// A quoted key may contain single spaces: `"api key": …`.
function quotedStart(text: string, start: number, floor: number): number {
  let at = start;
  while (
    at > floor &&
    (isKeyChar(text.charCodeAt(at - 1)) ||
      text[at - 1] === ' ' ||
      text[at - 1] === '/' ||
      text[at - 1] === '[')
  )
    at -= 1;
  return at;
}

// `\npassword=`: the letter after the backslash is not part of the key.
function skipEscape(text: string, start: number, end: number): number {
  return text[start - 1] === '\\' && /[nrt]/.test(text[start] ?? '') && start + 1 < end ? start + 1 : start;
}

function decodeName(raw: string): string {
  if (!raw.includes('%')) return raw;
  return raw.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Whether a name is only the second half of one: `api key: …`, `connection string: …`. */
export function completesName(name: string): boolean {
  return /^(?:key|keys|string|phrase|word|code)$/i.test(name);
}

/**
 * The plain ASCII name that touches a separator, which {@link readKeyBefore} would read the same, or '' when quotes,
 * spaces, escapes or other alphabets need its closer look.
 */
export function bareNameBefore(text: string, separatorIndex: number): string {
  let start = separatorIndex;
  const floor = Math.max(0, separatorIndex - KEY_NAME_CHARS_MAX);
  while (start > floor) {
    const code = text.charCodeAt(start - 1);
    if (code > 127 || code === 37) return '';
    if (!isKeyChar(code)) break;
    start -= 1;
  }
  return start === floor || text.charCodeAt(start - 1) === 92 ? '' : text.slice(start, separatorIndex);
}

// The word before completes the name.
function withWordBefore(text: string, name: string, start: number): string {
  if (!completesName(name)) return name;
  const before = /([A-Za-z]{2,24})[ \t_-]$/.exec(text.slice(Math.max(0, start - 26), start));
  return before === null ? name : `${before[1]} ${name}`;
}

function enclosingQuote(text: string, start: number): string {
  const before = text[start - 1];
  if (before !== '"' && before !== "'" && before !== '`') return '';
  let from = start - 1;
  while (start - from < 16 && text[from - 1] === '\\') from -= 1;
  return text.slice(from, start);
}

// The column of a key that starts its line, or null.
function lineStart(text: string, start: number): number | null {
  let at = start;
  const floor = Math.max(0, start - 128);
  while (at > floor && (text[at - 1] === ' ' || text[at - 1] === '\t')) at -= 1;
  if (text[at - 1] === '-' && at !== start) {
    at -= 1;
    while (at > floor && (text[at - 1] === ' ' || text[at - 1] === '\t' || text[at - 1] === '-')) at -= 1;
  }
  return at === 0 || text[at - 1] === '\n' || text[at - 1] === '\r' ? start - at : null;
}

// `/run/secrets/db_password: no such file`: a remark about a path, not a value.
function isPathEnd(text: string, start: number, separatorIndex: number): boolean {
  const before = text[start - 1];
  if (before !== '/' && before !== '\\') return false;
  if (text[separatorIndex] !== ':') return false;
  if (before === '\\' && /["'\\]/.test(text[start - 2] ?? '')) return false;
  const atWordStart = start < 2 || /[\s"'(]/.test(text[start - 2] as string);
  return !atWordStart || /\s/.test(text[separatorIndex + 1] ?? ' ');
}
