import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Comparable, compareFacts, sameJson } from './compare.ts';

const fact = (subject: string, value: Comparable['value']): Comparable => ({
  subject,
  predicate: 'p',
  valueKey: '',
  value,
});

describe('compareFacts', () => {
  it('tells changed, missing and additional facts', () => {
    const wanted = [fact('a', 1), fact('b', { x: 1, y: 2 }), fact('c', 3)];
    const found = [fact('a', 2), fact('b', { y: 2, x: 1 }), fact('d', 4)];
    expect(compareFacts(wanted, found).map((d) => [d.wanted?.subject, d.found?.subject])).toEqual([
      ['a', 'a'],
      ['c', undefined],
      [undefined, 'd'],
    ]);
  });

  it('finds the same differences in whatever order the facts come', () => {
    const facts = fc.uniqueArray(fc.record({ subject: fc.constantFrom(...'abcdefgh'), value: fc.nat(2) }), {
      selector: (one) => one.subject,
    });
    const property = fc.property(facts, facts, fc.boolean(), (left, right, backwards) => {
      const a = left.map((one) => fact(one.subject, one.value));
      const b = right.map((one) => fact(one.subject, one.value));
      const expected = new Set<string>();
      for (const one of [...a, ...b]) {
        const [x, y] = [a, b].map((side) => side.find((other) => other.subject === one.subject)?.value);
        if (x !== y) expected.add(one.subject);
      }
      const order = backwards ? b.toReversed() : b.toSorted((x, y) => (x.subject < y.subject ? -1 : 1));
      const got = compareFacts(a, order).map((d) => (d.wanted ?? d.found)?.subject);
      expect(new Set(got)).toEqual(expected);
      expect(got).toHaveLength(expected.size);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('sameJson', () => {
  it.each([
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [[], {}],
    [null, {}],
    ['1', 1],
    [JSON.parse('{"__proto__":{}}'), { x: 1 }],
    [{ constructor: 1 }, { x: 1 }],
  ])('tells %j from %j', (a, b) => {
    expect(sameJson(a, b)).toBe(false);
    expect(sameJson(b, a)).toBe(false);
    expect(sameJson(structuredClone(a), a)).toBe(true);
  });
});
