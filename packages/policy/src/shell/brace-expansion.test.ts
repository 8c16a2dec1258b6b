import { describe, expect, it } from 'vitest';
import { BRACE_WORDS_MAX, expandBraces } from './brace-expansion.ts';

describe('expandBraces', () => {
  it.each([
    ['a', ['a']],
    ['{a,b}', ['a', 'b']],
    ['x{a,b}y', ['xay', 'xby']],
    ['{a,b}{1,2}', ['a1', 'a2', 'b1', 'b2']],
    ['{a,{b,c}}', ['a', 'b', 'c']],
    ['{1..3}', ['1', '2', '3']],
    ['{3..1}', ['3', '2', '1']],
    ['{01..3}', ['01', '02', '03']],
    ['{1..7..3}', ['1', '4', '7']],
    ['{a..c}', ['a', 'b', 'c']],
    ['{,x}', ['', 'x']],
    ['{a}', ['{a}']],
    ['{a,b', ['{a,b']],
    ["{'a,b',c}", ["'a,b'", 'c']],
    ['{"}",c}', ['"}"', 'c']],
    ['${x}{a,b}', ['${x}a', '${x}b']],
    ['\\{a,b}', ['\\{a,b}']],
    ['{$(echo a,b),c}', ['$(echo a,b)', 'c']],
  ])('expands %s as bash does', (raw, expected) => {
    expect(expandBraces(raw)).toEqual(expected);
  });

  it('gives up one word past the bound', () => {
    expect(expandBraces(`{1..${BRACE_WORDS_MAX}}`)).toHaveLength(BRACE_WORDS_MAX);
    expect(expandBraces(`{1..${BRACE_WORDS_MAX + 1}}`)).toBeNull();
    expect(expandBraces('{a,b}'.repeat(9))).toBeNull();
  });

  it('reads long unbalanced text in linear time', () => {
    const from = performance.now();
    expandBraces('{'.repeat(4_000));
    expandBraces('{a,'.repeat(2_000));
    expect(performance.now() - from).toBeLessThan(1_000);
  });
});
