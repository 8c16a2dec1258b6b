import { systemClock } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compilePattern,
  escapePattern,
  isPatternFault,
  PATTERN_LENGTH_MAX,
  type Pattern,
  SEGMENT_ELEMENTS_MAX,
} from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';

function compiled(source: string): Pattern {
  const pattern = compilePattern(source);
  if (isPatternFault(pattern)) throw new Error(`${source}: ${pattern.code}`);
  return pattern;
}

const matches = (source: string, value: string): boolean => matchesPattern(compiled(source), value);

/** The definition of the language, by recursion over the source: exponential, and obviously right. */
function naive(source: readonly string[], value: readonly string[]): boolean {
  const [head, ...rest] = source;
  if (head === undefined) return value.length === 0;
  if (head === '*' && rest[0] === '*') {
    const after = rest.slice(1);
    if (after.length === 0) return true;
    const tail = after.slice(1);
    return naive(tail, value) || value.some((c, at) => c === '/' && naive(tail, value.slice(at + 1)));
  }
  if (head === '*')
    return Array.from({ length: value.length + 1 }, (_, at) => at).some((at) => naive(rest, value.slice(at)));
  const [first, ...others] = value;
  if (first === undefined) return false;
  if (head === '\\') return rest[0] === first && naive(rest.slice(1), others);
  if (head === '[') {
    const close = rest.indexOf(']', 1);
    const negated = rest[0] === '!';
    const members = rest.slice(negated ? 1 : 0, close);
    return members.includes(first) !== negated && naive(rest.slice(close + 1), others);
  }
  return (head === '?' || head === first) && naive(rest, others);
}

describe('matchesPattern', () => {
  it.each([
    ['/ws/*', '/ws/a/b', true],
    ['/ws/**', '/ws/a', true],
    ['/ws/**', '/ws', false],
    ['**/.env', '.env', true],
    ['**/.env', '/a/.env', true],
    ['**/.env', '/a/b.env', false],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/xb', false],
    ['**', '', true],
    ['*', 'any\nthing/at all', true],
    ['a?c', 'a😀c', true],
    ['a?c', 'ac', false],
    ['*?', '😀', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[]x]', ']', true],
    ['[a-]', '-', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['[\\]]', ']', true],
    ['admin.*', 'admin.', true],
    ['Fs.Read', 'fs.read', false],
    ['e\u0301', '\u00e9', true],
    ['', '', true],
    ['', 'a', false],
    ['a*a', 'a', false],
    ['ab*bc', 'abc', false],
  ])('answers %s on %s with %s', (source, value, expected) => {
    expect(matches(source, value)).toBe(expected);
  });

  it('agrees with the recursive definition', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '?', '[ab]', '[!a]', '\\*', '**/', 'a/', '/**', '😀');
    const source = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''));
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '😀'), maxLength: 9 });
    fc.assert(
      fc.property(source, value, (text, candidate) => {
        const pattern = compilePattern(text);
        fc.pre(!isPatternFault(pattern));
        if (isPatternFault(pattern)) return;
        expect(matchesPattern(pattern, candidate)).toBe(naive(Array.from(text), Array.from(candidate)));
      }),
      { numRuns: 4000 },
    );
  });

  it('matches exactly itself when escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, other) => {
        const value = text.normalize('NFC');
        expect(matches(escapePattern(text), value)).toBe(true);
        expect(matches(escapePattern(text), other)).toBe(other === value);
      }),
    );
  });

  it('stays linear on input made to backtrack', () => {
    const started = systemClock.monotonicMs();
    const value = 'a'.repeat(65_536);
    expect(matches(`${'a*'.repeat(1000)}b`, value)).toBe(false);
    expect(matches(`*${'?'.repeat(200)}b*`, value)).toBe(false);
    expect(matches('**/a/**/b/**/c', 'a/'.repeat(32_768))).toBe(false);
    expect(matches('*[!b]*[!b]*[!b]*b', value)).toBe(false);
    expect(systemClock.monotonicMs() - started).toBeLessThan(2000);
  });
});

describe('compilePattern', () => {
  it.each([
    ['a**', 'PATTERN_RECURSIVE_COMPONENT', 1],
    ['**a', 'PATTERN_RECURSIVE_COMPONENT', 0],
    ['foo/**bar', 'PATTERN_RECURSIVE_COMPONENT', 4],
    ['***', 'PATTERN_STAR_RUN', 0],
    ['ab[cd', 'PATTERN_CLASS_UNCLOSED', 2],
    ['[]', 'PATTERN_CLASS_UNCLOSED', 0],
    ['[a\\', 'PATTERN_CLASS_UNCLOSED', 0],
    ['x[^a]', 'PATTERN_CLASS_CARET', 2],
    ['[c-a]', 'PATTERN_CLASS_RANGE', 1],
    ['ab\\', 'PATTERN_ESCAPE_UNFINISHED', 2],
  ])('refuses %s with %s at %i', (source, code, offset) => {
    expect(compilePattern(source)).toMatchObject({ code, offset });
  });

  it('bounds the pattern and what may stand between two stars', () => {
    expect(isPatternFault(compilePattern('a'.repeat(PATTERN_LENGTH_MAX)))).toBe(false);
    expect(compilePattern('a'.repeat(PATTERN_LENGTH_MAX + 1))).toMatchObject({ code: 'PATTERN_TOO_LONG' });
    expect(isPatternFault(compilePattern('?'.repeat(SEGMENT_ELEMENTS_MAX)))).toBe(false);
    expect(compilePattern('?'.repeat(SEGMENT_ELEMENTS_MAX + 1))).toMatchObject({
      code: 'PATTERN_SEGMENT_TOO_LONG',
    });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (source) => {
        expect(typeof compilePattern(source)).toBe('object');
      }),
    );
  });
});
