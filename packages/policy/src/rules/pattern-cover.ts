import type { Pattern } from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';

// Stand for "any run" and "some character" when one pattern is read as an example of another. No resource of interest
// contains them, and only a star matches them.
const ANY_RUN = '\u{F0000}';
const ANY_CHARACTER = '\u{F0001}';

/**
 * True only when everything `narrow` matches is matched by `wide` too. Sound, not complete: some containments are missed.
 */
export function coversPattern(wide: Pattern, narrow: Pattern): boolean {
  if (wide.shape === 'everything' || wide.source === narrow.source) return true;
  const isPlain = wide.segments.every((segment) => segment.gap !== 'components' && segment.text !== null);
  return isPlain && matchesPattern(wide, exampleOf(narrow));
}

/** True only when every pattern of `narrow` is covered by one of `wide`. */
export function coversList(wide: readonly Pattern[], narrow: readonly Pattern[]): boolean {
  return narrow.every((pattern) => wide.some((candidate) => coversPattern(candidate, pattern)));
}

function exampleOf(pattern: Pattern): string {
  let example = '';
  for (const segment of pattern.segments) {
    if (segment.gap !== 'start') example += ANY_RUN;
    example += segment.text ?? '';
    for (const element of segment.elements) {
      example += element.kind === 'literal' ? String.fromCodePoint(element.codePoint) : ANY_CHARACTER;
    }
  }
  return pattern.isOpen ? example + ANY_RUN : example;
}
