/** Longest pattern, in UTF-16 units. */
export const PATTERN_LENGTH_MAX = 4096;
/** Most elements between two stars when one of them is `?` or a class: bounds the work per character of the input. */
export const SEGMENT_ELEMENTS_MAX = 256;

/** One code point, any code point, or a set of code points. */
export type PatternElement =
  | { readonly kind: 'literal'; readonly codePoint: number }
  | { readonly kind: 'any' }
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [number, number])[];
    };

/**
 * What may stand before a segment: nothing (`start`), any run (`*`), or whole path components (`**` and its slash).
 */
export type Gap = 'start' | 'run' | 'components';

/** A part of a pattern between stars. When it is literal throughout, `text` is set and `elements` is empty. */
export interface Segment {
  readonly gap: Gap;
  readonly text: string | null;
  readonly elements: readonly PatternElement[];
}

/** A compiled pattern. `shape` names the cases that one string comparison decides, with `literal` as its operand. */
export interface Pattern {
  readonly source: string;
  readonly shape: 'everything' | 'exact' | 'prefix' | 'suffix' | 'general';
  readonly literal: string;
  readonly segments: readonly Segment[];
  /** The pattern ends in a star. */
  readonly isOpen: boolean;
}

/** Why a text is not a pattern. */
export type PatternFaultCode =
  | 'PATTERN_TOO_LONG'
  | 'PATTERN_STAR_RUN'
  | 'PATTERN_RECURSIVE_COMPONENT'
  | 'PATTERN_CLASS_UNCLOSED'
  | 'PATTERN_CLASS_RANGE'
  | 'PATTERN_CLASS_CARET'
  | 'PATTERN_ESCAPE_UNFINISHED'
  | 'PATTERN_SEGMENT_TOO_LONG';

/** A fault at `offset`, in UTF-16 units of the pattern. */
export interface PatternFault {
  readonly code: PatternFaultCode;
  readonly offset: number;
  readonly message: string;
}

const NO_ELEMENTS: readonly PatternElement[] = [];

interface Reader {
  readonly source: string;
  at: number;
  gap: Gap;
  /** Literal text of the open segment that is not in `elements` yet. */
  literal: string;
  elements: PatternElement[];
  readonly segments: Segment[];
}

/**
 * Compiles a pattern: `*` any run, `/` included; `**` a whole path component that stands for any number of them; `?` one
 * code point; `[a-c]` and `[!a]` sets; a backslash takes the next character as it is. The whole string must match. The
 * source is put in Unicode NFC first.
 */
export function compilePattern(text: string): Pattern | PatternFault {
  const source = text.normalize('NFC');
  if (source.length > PATTERN_LENGTH_MAX) {
    return fault('PATTERN_TOO_LONG', 0, `a pattern may have ${PATTERN_LENGTH_MAX} characters`);
  }
  const reader: Reader = { source, at: 0, gap: 'start', literal: '', elements: [], segments: [] };
  while (reader.at < source.length) {
    const failed = source[reader.at] === '*' ? readStars(reader) : readElement(reader);
    if (failed !== null) return failed;
  }
  const isOpen = reader.gap === 'run' && isEmpty(reader);
  if (!isOpen) closeSegment(reader);
  return checkLengths(reader.segments) ?? describe(source, reader.segments, isOpen);
}

export function isPatternFault(result: Pattern | PatternFault): result is PatternFault {
  return 'code' in result;
}

/** Every literal run of the pattern; a string that matches contains each of them. */
export function patternLiterals(pattern: Pattern): string[] {
  const literals: string[] = [];
  for (const segment of pattern.segments) {
    let run = segment.text ?? '';
    for (const element of segment.elements) {
      if (element.kind === 'literal') run += String.fromCodePoint(element.codePoint);
      else {
        literals.push(run);
        run = '';
      }
    }
    literals.push(run);
  }
  return literals.filter((literal) => literal !== '');
}

/** Writes a text as a pattern that matches it alone. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[]/g, '\\$&');
}

function readStars(reader: Reader): PatternFault | null {
  const { source, at } = reader;
  let end = at;
  while (source[end] === '*') end += 1;
  if (end - at > 2) return fault('PATTERN_STAR_RUN', at, 'more than two stars in a row');
  const isRecursive = end - at === 2;
  const isComponent = (at === 0 || source[at - 1] === '/') && (end === source.length || source[end] === '/');
  if (isRecursive && !isComponent) {
    return fault('PATTERN_RECURSIVE_COMPONENT', at, '`**` must be a whole path component');
  }
  closeSegment(reader);
  const takesSlash = isRecursive && end < source.length;
  reader.gap = takesSlash ? 'components' : 'run';
  reader.at = takesSlash ? end + 1 : end;
  return null;
}

function readElement(reader: Reader): PatternFault | null {
  const { source, at } = reader;
  const character = source[at];
  if (character === '[') return readClass(reader);
  if (character === '?') {
    pushElement(reader, { kind: 'any' });
    reader.at += 1;
    return null;
  }
  if (character !== '\\') {
    reader.at = literalEnd(source, at);
    reader.literal += source.slice(at, reader.at);
    return null;
  }
  const codePoint = source.codePointAt(at + 1);
  if (codePoint === undefined) return fault('PATTERN_ESCAPE_UNFINISHED', at, 'nothing follows the backslash');
  reader.literal += String.fromCodePoint(codePoint);
  reader.at = at + (codePoint > 0xffff ? 3 : 2);
  return null;
}

function literalEnd(source: string, from: number): number {
  let at = from + 1;
  while (at < source.length && !'*?[\\'.includes(source.charAt(at))) at += 1;
  return at;
}

function pushElement(reader: Reader, element: PatternElement): void {
  flushLiteral(reader);
  reader.elements.push(element);
}

function flushLiteral(reader: Reader): void {
  for (const character of reader.literal) {
    reader.elements.push({ kind: 'literal', codePoint: character.codePointAt(0) ?? 0 });
  }
  reader.literal = '';
}

function isEmpty(reader: Reader): boolean {
  return reader.literal === '' && reader.elements.length === 0;
}

function readClass(reader: Reader): PatternFault | null {
  const { source, at: open } = reader;
  let at = open + 1;
  if (source[at] === '^') return fault('PATTERN_CLASS_CARET', at, 'write `[!…]` to negate, or `[\\^…]`');
  const negated = source[at] === '!';
  if (negated) at += 1;
  const ranges: [number, number][] = [];
  const first = at;
  while (at < source.length && (source[at] !== ']' || at === first)) {
    const low = readMember(source, at);
    const isRange = source[low.end] === '-' && low.end + 1 < source.length && source[low.end + 1] !== ']';
    const high = isRange ? readMember(source, low.end + 1) : low;
    if (low.codePoint === null || high.codePoint === null) break;
    if (high.codePoint < low.codePoint)
      return fault('PATTERN_CLASS_RANGE', at, 'the range ends before it begins');
    ranges.push([low.codePoint, high.codePoint]);
    at = high.end;
  }
  if (source[at] !== ']') return fault('PATTERN_CLASS_UNCLOSED', open, 'the `[` is not closed');
  pushElement(reader, { kind: 'class', negated, ranges });
  reader.at = at + 1;
  return null;
}

function readMember(source: string, at: number): { codePoint: number | null; end: number } {
  const from = source[at] === '\\' ? at + 1 : at;
  const codePoint = source.codePointAt(from) ?? null;
  return { codePoint, end: from + ((codePoint ?? 0) > 0xffff ? 2 : 1) };
}

function closeSegment(reader: Reader): void {
  // An empty start before a star says nothing; an empty segment after a star does (`a/**/` must end in a slash).
  if (isEmpty(reader) && reader.gap === 'start' && reader.at < reader.source.length) return;
  const isLiteral = reader.elements.length === 0;
  // A copy: a slice would keep pointing into the source, one step further away in memory when it is matched.
  const text = isLiteral ? Array.from(reader.literal).join('') : null;
  if (!isLiteral) flushLiteral(reader);
  reader.segments.push({ gap: reader.gap, text, elements: isLiteral ? NO_ELEMENTS : reader.elements });
  reader.literal = '';
  if (!isLiteral) reader.elements = [];
}

function checkLengths(segments: readonly Segment[]): PatternFault | null {
  const tooLong = segments.some(
    (segment) => segment.text === null && segment.elements.length > SEGMENT_ELEMENTS_MAX,
  );
  if (!tooLong) return null;
  return fault(
    'PATTERN_SEGMENT_TOO_LONG',
    0,
    `at most ${SEGMENT_ELEMENTS_MAX} characters may stand between stars`,
  );
}

function describe(source: string, segments: readonly Segment[], isOpen: boolean): Pattern {
  const only = segments.length === 1 ? segments[0] : undefined;
  const literal = only?.text ?? '';
  let shape: Pattern['shape'] = 'general';
  if (segments.length === 0 && isOpen) shape = 'everything';
  else if (only !== undefined && only.text !== null) {
    if (only.gap === 'start') shape = isOpen ? 'prefix' : 'exact';
    else if (only.gap === 'run' && !isOpen) shape = 'suffix';
  }
  return { source, shape, literal, segments, isOpen };
}

function fault(code: PatternFaultCode, offset: number, message: string): PatternFault {
  return { code, offset, message };
}
