import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseStrictJson } from './strict-json.ts';

const refused = expect.objectContaining({ code: 'JSON_INVALID' });

describe('parseStrictJson', () => {
  it('reads whatever JSON can be written, spaced or not', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.constantFrom(0, 2, '\t'), (text, space) => {
        const value: unknown = JSON.parse(text);
        expect(parseStrictJson(text)).toEqual(value);
        expect(parseStrictJson(JSON.stringify(value, null, space))).toEqual(value);
      }),
    );
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":1}',
    '{"a":{"b":[{"c":1 , "c" : 2}]}}',
    '{"\\"":1,"\\"":2}',
    '{"\\\\":1,"\\\\":2}',
    '{"__proto__":1,"__proto__":2}',
  ])('refuses a name that stands twice: %s', (text) => {
    expect(() => parseStrictJson(text)).toThrow(refused);
  });

  it.each([
    '{"a":{"a":1},"b":"a\\":"}',
    '[{"a":1},{"a":1}]',
    '{"__proto__":{"a":1}}',
    '{"a":"\\\\","b":"\\\\\\":"}',
  ])('takes one name in two objects, and what only looks like one: %s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it.each(['9007199254740993', '-9007199254740993', '[1,12345678901234567890]', '{"a":36028797018963969}'])(
    'refuses a whole number that would lose digits: %s',
    (text) => {
      expect(() => parseStrictJson(text)).toThrow(refused);
    },
  );

  it.each([
    '9007199254740992',
    '-1152921504606846976',
    '0.12345678901234567890',
    '"9007199254740993"',
    '1e300',
    '123456789012345680000',
  ])('takes a number that keeps its value, or is none: %s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it('stays linear on long and deep lines', () => {
    const quotes = JSON.stringify({ a: '"'.repeat(500_000), b: '\\'.repeat(500_000) });
    expect(parseStrictJson(quotes)).toEqual(JSON.parse(quotes));
    expect(parseStrictJson('9'.repeat(1_000_000))).toBe(Number.POSITIVE_INFINITY);
    const deep = `${'['.repeat(20_000)}{"a":1,"a":1}${']'.repeat(20_000)}`;
    expect(() => parseStrictJson(deep)).toThrow(refused);
  });
});
