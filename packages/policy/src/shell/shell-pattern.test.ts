import { describe, expect, it } from 'vitest';
import { matchGlob, prefixLengths, suffixLengths } from './shell-pattern.ts';

describe('matchGlob', () => {
  it.each([
    ['*', '', true],
    ['a*c', 'abbc', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[ab]x', 'bx', true],
    ['[!ab]x', 'cx', true],
    ['[!ab]x', 'ax', false],
    ['[a-c]', 'b', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['**b', 'ab', true],
    ['a', 'ab', false],
    ['[', '[', true],
  ])('%s against %s is %s', (pattern, text, expected) => {
    expect(matchGlob(pattern, text)).toBe(expected);
  });

  it('does not backtrack without bound', () => {
    const from = performance.now();
    matchGlob('*a'.repeat(200), 'a'.repeat(20_000));
    expect(performance.now() - from).toBeLessThan(1_500);
  });
});

describe('prefixLengths and suffixLengths', () => {
  it('list the lengths of matching ends, shortest first', () => {
    expect(prefixLengths('*/', 'a/b/c')).toEqual([2, 4]);
    expect(suffixLengths('.*', 'a.b.c')).toEqual([2, 4]);
  });
});
