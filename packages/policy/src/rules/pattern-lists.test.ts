import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, isPatternFault, type Pattern } from './pattern.ts';
import { PatternLists } from './pattern-lists.ts';
import { matchesPattern } from './pattern-match.ts';

function patternOf(source: string): Pattern {
  const pattern = compilePattern(source);
  if (isPatternFault(pattern)) throw new Error(pattern.code);
  return pattern;
}

function listMatches(sources: readonly string[], value: string): boolean {
  return new PatternLists([sources.map(patternOf)]).matches(0, value);
}

const piece = fc.constantFrom('a', 'ab', 'b/', '/', '*', '?', '[a-c]', '**/', '/**', 'é', '😀');
const source = fc
  .array(piece, { maxLength: 5 })
  .map((pieces) => pieces.join(''))
  .filter((text) => !isPatternFault(compilePattern(text)));
const value = fc
  .array(fc.constantFrom('a', 'ab', 'b', '/', 'é', '😀', 'x'), { maxLength: 6 })
  .map((pieces) => pieces.join(''));

describe('PatternLists', () => {
  it('answers as the patterns of the list do one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.array(source, { maxLength: 3 }), { maxLength: 4 }), value, (lists, text) => {
        const compiled = lists.map((list) => list.map(patternOf));
        const flat = new PatternLists(compiled);
        for (const [at, list] of compiled.entries()) {
          expect(flat.matches(at, text)).toBe(list.some((pattern) => matchesPattern(pattern, text)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('matches nothing with an empty list, wherever it stands', () => {
    const lists = new PatternLists([[], [patternOf('*')], []]);
    expect([0, 1, 2].map((list) => lists.matches(list, 'a'))).toEqual([false, true, false]);
  });

  it('lets a component begin only at the start or after a slash', () => {
    expect(listMatches(['**/vault/**'], 'vault/x')).toBe(true);
    expect(listMatches(['**/vault/**'], 'a/vault/x')).toBe(true);
    expect(listMatches(['**/vault/**'], 'a/my-vault/x')).toBe(false);
    expect(listMatches(['**/vault/**'], 'a/my-vault/vault/')).toBe(true);
  });

  it('does not let two literals around a star share a character', () => {
    expect(listMatches(['aba*ab*'], 'abab')).toBe(false);
    expect(listMatches(['aba*ab*'], 'abaab')).toBe(true);
  });
});
