/** Most words one brace expansion may produce; more is treated as unknown. */
export const BRACE_WORDS_MAX = 256;
/** Longest total text, in UTF-16 units, one brace expansion may produce. */
const BRACE_TEXT_MAX = 65_536;

/**
 * Expands the braces of one raw word as bash does: textually, before quotes and parameters are read.
 * Returns null when the result would exceed `BRACE_WORDS_MAX` words or `BRACE_TEXT_MAX` characters.
 */
export function expandBraces(raw: string): string[] | null {
  const budget: Budget = { words: BRACE_WORDS_MAX, characters: BRACE_TEXT_MAX };
  const words = expand(raw, 0, budget);
  return words !== null && words.length <= BRACE_WORDS_MAX ? words : null;
}

interface Budget {
  words: number;
  characters: number;
}

const DEPTH_MAX = 32;

function expand(raw: string, depth: number, budget: Budget): string[] | null {
  if (depth > DEPTH_MAX) return null;
  const group = findGroup(raw);
  if (group === null) return spend([raw], budget);
  const heads = raw.slice(0, group.open);
  const tails = expand(raw.slice(group.close + 1), depth + 1, budget);
  if (tails === null) return null;
  const middles: string[] = [];
  for (const alternative of group.alternatives) {
    const inner = group.isSequence ? [alternative] : expand(alternative, depth + 1, budget);
    if (inner === null) return null;
    middles.push(...inner);
  }
  if (middles.length * tails.length > BRACE_WORDS_MAX) return null;
  const words: string[] = [];
  for (const middle of middles) for (const tail of tails) words.push(heads + middle + tail);
  return spend(words, budget);
}

function spend(words: string[], budget: Budget): string[] | null {
  for (const word of words) budget.characters -= word.length;
  return budget.characters < 0 ? null : words;
}

interface BraceGroup {
  readonly open: number;
  readonly close: number;
  readonly alternatives: readonly string[];
  readonly isSequence: boolean;
}

/** First group of `raw` that bash would expand. */
function findGroup(raw: string): BraceGroup | null {
  for (let at = 0; at < raw.length; at = skip(raw, at)) {
    if (raw[at] !== '{') continue;
    const group = readGroup(raw, at);
    if (group !== null) return group;
  }
  return null;
}

function readGroup(raw: string, open: number): BraceGroup | null {
  const cuts: number[] = [];
  let depth = 0;
  for (let at = open; at < raw.length; at = skip(raw, at)) {
    const character = raw[at];
    if (character === '{') depth++;
    else if (character === ',' && depth === 1) cuts.push(at);
    else if (character === '}' && --depth === 0) return groupOf(raw, open, at, cuts);
  }
  return null;
}

function groupOf(raw: string, open: number, close: number, cuts: readonly number[]): BraceGroup | null {
  const body = raw.slice(open + 1, close);
  if (cuts.length === 0) {
    const sequence = expandSequence(body);
    return sequence === null ? null : { open, close, alternatives: sequence, isSequence: true };
  }
  const alternatives: string[] = [];
  let from = open + 1;
  for (const cut of [...cuts, close]) {
    alternatives.push(raw.slice(from, cut));
    from = cut + 1;
  }
  return { open, close, alternatives, isSequence: false };
}

/** Next position after the character, quotation, escape or `${…}` that starts at `at`. */
function skip(raw: string, at: number): number {
  const character = raw[at];
  if (character === '\\') return at + 2;
  if (character === "'") return closing(raw, at + 1, "'", raw[at - 1] === '$');
  if (character === '"') return closing(raw, at + 1, '"', true);
  if (character === '`') return closing(raw, at + 1, '`', true);
  if (character === '$' && (raw[at + 1] === '{' || raw[at + 1] === '(')) return balanced(raw, at + 1);
  return at + 1;
}

function closing(raw: string, from: number, quote: string, escapes: boolean): number {
  for (let at = from; at < raw.length; at++) {
    if (escapes && raw[at] === '\\') at++;
    else if (raw[at] === quote) return at + 1;
  }
  return raw.length;
}

function balanced(raw: string, from: number): number {
  const opens = raw[from];
  const closes = opens === '{' ? '}' : ')';
  let depth = 0;
  for (let at = from; at < raw.length; at++) {
    if (raw[at] === '\\') at++;
    else if (raw[at] === opens) depth++;
    else if (raw[at] === closes && --depth === 0) return at + 1;
  }
  return raw.length;
}

const NUMBERS = /^(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?$/;
const LETTERS = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d{1,9}))?$/;

function expandSequence(body: string): string[] | null {
  const numbers = NUMBERS.exec(body);
  if (numbers !== null) {
    const [, first = '', last = '', by] = numbers;
    const isPadded = /^-?0\d/.test(first) || /^-?0\d/.test(last);
    const width = isPadded ? Math.max(first.length, last.length) : 0;
    return range(Number(first), Number(last), Number(by ?? 1), (n) =>
      n < 0 ? `-${String(-n).padStart(width - 1, '0')}` : String(n).padStart(width, '0'),
    );
  }
  const letters = LETTERS.exec(body);
  if (letters === null) return null;
  const [, first = '', last = '', by] = letters;
  return range(first.charCodeAt(0), last.charCodeAt(0), Number(by ?? 1), (n) => String.fromCharCode(n));
}

/** One word past the maximum is enough for the caller to give up. */
function range(first: number, last: number, by: number, format: (n: number) => string): string[] {
  const step = Math.abs(by) || 1;
  const direction = last < first ? -step : step;
  const words: string[] = [];
  for (let n = first; direction > 0 ? n <= last : n >= last; n += direction) {
    words.push(format(n));
    if (words.length > BRACE_WORDS_MAX) break;
  }
  return words;
}
