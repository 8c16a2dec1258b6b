/**
 * Whether `text` matches a shell pattern of `*`, `?`, `[…]` and escapes, as a whole.
 * Greedy with one point of return: quadratic at worst, never exponential.
 */
export function matchGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    const step = p < pattern.length && pattern[p] !== '*' ? matchOne(pattern, p, text.charAt(t)) : -1;
    if (step > 0) {
      p += step;
      t++;
    } else if (pattern[p] === '*') {
      starAt = p++;
      starText = t;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p >= pattern.length;
}

/** Length of the pattern item at `p` when it matches `character`, else -1. */
function matchOne(pattern: string, p: number, character: string): number {
  const item = pattern[p];
  if (item === '?') return 1;
  if (item === '\\' && p + 1 < pattern.length) return pattern[p + 1] === character ? 2 : -1;
  if (item === '[') {
    const close = pattern.indexOf(']', p + 2);
    if (close > 0) return matchBracket(pattern.slice(p + 1, close), character) ? close - p + 1 : -1;
  }
  return item === character ? 1 : -1;
}

function matchBracket(body: string, character: string): boolean {
  const isNegated = body.startsWith('!') || body.startsWith('^');
  const set = isNegated ? body.slice(1) : body;
  let isMember = false;
  for (let i = 0; i < set.length; i++) {
    if (set[i + 1] === '-' && i + 2 < set.length) {
      isMember ||= set.charAt(i) <= character && character <= set.charAt(i + 2);
      i += 2;
    } else {
      isMember ||= set[i] === character;
    }
  }
  return isMember !== isNegated;
}

/** Longest text whose prefixes are tried one by one. */
const AFFIX_TEXT_MAX = 256;

/** Lengths of the prefixes of `text` that match, shortest first. */
export function prefixLengths(pattern: string, text: string): number[] {
  const lengths: number[] = [];
  if (text.length > AFFIX_TEXT_MAX) return lengths;
  for (let n = 0; n <= text.length; n++) if (matchGlob(pattern, text.slice(0, n))) lengths.push(n);
  return lengths;
}

/** Lengths of the suffixes of `text` that match, shortest first. */
export function suffixLengths(pattern: string, text: string): number[] {
  const lengths: number[] = [];
  if (text.length > AFFIX_TEXT_MAX) return lengths;
  for (let n = 0; n <= text.length; n++) if (matchGlob(pattern, text.slice(text.length - n))) lengths.push(n);
  return lengths;
}
