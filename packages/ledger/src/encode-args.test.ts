import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeArgs } from './encode-args.ts';
import { safeCanonicalJson } from './safe-json.ts';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const member = fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.nat());

describe('encodeArgs', () => {
  it('gives what the general encoder gives for simple arguments', () => {
    fc.assert(
      fc.property(fc.dictionary(text, member, { maxKeys: 6 }), (args) => {
        const sorted = Object.fromEntries(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
        expect(encodeArgs(sorted)).toBe(safeCanonicalJson(sorted));
        expect(encodeArgs(args)).toBe(safeCanonicalJson(args));
      }),
    );
  });

  it('gives what the general encoder gives for anything else', () => {
    fc.assert(
      fc.property(
        fc.anything({ stringUnit: 'binary', withDate: true, withMap: true, withBigInt: true }),
        (args) => {
          expect(encodeArgs(args)).toBe(safeCanonicalJson(args));
        },
      ),
    );
    for (const args of [
      { 10: 1, 9: 2 },
      { 1: 0, a: 1 },
      { b: 1, a: 2 },
      new URL('http://a/'),
      { toJSON: () => 'x' },
    ]) {
      expect(encodeArgs(args)).toBe(safeCanonicalJson(args));
    }
  });

  it('gives what the general encoder gives at its bounds', () => {
    for (const length of [8_189, 8_190, 8_191, 8_192, 65_533, 65_534, 65_535, 70_000]) {
      for (const character of ['a', '"', '\u0001', '\u2028']) {
        const args = { a: character.repeat(length) };
        expect(encodeArgs(args)).toBe(safeCanonicalJson(args));
      }
    }
    for (const members of [63, 64, 65]) {
      const args = Object.fromEntries(
        Array.from({ length: members }, (_, i) => [`k${String(i).padStart(3, '0')}`, i]),
      );
      expect(encodeArgs(args)).toBe(safeCanonicalJson(args));
    }
  });
});
