import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkClassify, PATTERN_STARS_MAX } from './check-classify.ts';
import { classifierOf, compilePattern } from './classification.ts';

describe('compilePattern', () => {
  it.each([
    ['host:a', 'host:a', true],
    ['host:a', 'host:ab', false],
    ['*', '', true],
    ['host:*', 'host:', true],
    ['*:web', 'host:web', true],
    ['a*a', 'a', false],
    ['a*b*c', 'abbc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['.*', 'x', false],
  ])('%s on %s is %s', (pattern, text, expected) => {
    expect(compilePattern(pattern)(text)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const words = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
    const property = fc.property(letters, words, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*')}$`);
      expect(compilePattern(pattern)(text)).toBe(expression.test(text));
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('classifierOf', () => {
  it('takes the most restrictive of the rules that match, else internal', () => {
    const classify = classifierOf([
      { subject: 'host:*', predicate: '*', classification: 'public' },
      { subject: '*', predicate: 'key', classification: 'restricted' },
      { subject: 'host:a', predicate: '*', classification: 'internal' },
    ]);
    expect([
      classify('host:b', 'p'),
      classify('host:a', 'p'),
      classify('host:b', 'key'),
      classify('x:y', 'p'),
    ]).toEqual(['public', 'internal', 'restricted', 'internal']);
  });
});

describe('checkClassify', () => {
  const rule = { subject: 'host:*', classification: 'public' as const, actor: 'operator:a', reason: 'r' };

  it('bounds the stars of a pattern', () => {
    checkClassify({ ...rule, subject: '*'.repeat(PATTERN_STARS_MAX) });
    expect(() => checkClassify({ ...rule, subject: '*'.repeat(PATTERN_STARS_MAX + 1) })).toThrow(
      expect.objectContaining({ code: 'FACT_INVALID' }),
    );
  });

  it('wants an actor and a reason', () => {
    for (const fields of [{ actor: '' }, { reason: '' }, { classification: 'secret' as 'public' }]) {
      expect(() => checkClassify({ ...rule, ...fields })).toThrow(
        expect.objectContaining({ code: 'FACT_INVALID' }),
      );
    }
  });
});
