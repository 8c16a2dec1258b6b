import { canonicalJson } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARGS_CHARS_MAX, ARGS_DEPTH_MAX, ARGS_NODES_MAX, safeCanonicalJson } from './safe-json.ts';

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = { a: value };
  return value;
}

describe('safeCanonicalJson', () => {
  it('gives the canonical form of every I-JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const made = JSON.parse(JSON.stringify(value)) as unknown;
        fc.pre(JSON.stringify(made).isWellFormed() && !JSON.stringify(made).includes('\\ud'));
        expect(safeCanonicalJson(made)).toBe(canonicalJson(made));
      }),
    );
  });

  it('gives canonical JSON for any value whatever', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withTypedArray: true,
          withMap: true,
          stringUnit: 'binary',
        }),
        (value) => {
          const text = safeCanonicalJson(value);
          const back: unknown = JSON.parse(text);
          expect(canonicalJson(back)).toBe(text);
          expect(safeCanonicalJson(back)).toBe(text);
        },
      ),
    );
  });

  it('replaces lone surrogates, also where that makes two keys alike', () => {
    const text = safeCanonicalJson({ '\ud800': 1, '\ud801': 2, '\ufffd': 'x\udc00y' });
    expect(JSON.parse(text)).toEqual({ '\ufffd': 'x\ufffdy', '\ufffd~2': 1, '\ufffd~3': 2 });
  });

  it('writes numbers and big integers that JSON has no form for as strings', () => {
    expect(safeCanonicalJson([NaN, Infinity, -Infinity, 12n, -0])).toBe(
      '["NaN","Infinity","-Infinity","12",0]',
    );
    expect(safeCanonicalJson(1n << 2000n)).toBe('"[bigint]"');
  });

  it('keeps what nests as deep as the bound and replaces what lies one deeper', () => {
    expect(safeCanonicalJson(nested(ARGS_DEPTH_MAX))).not.toContain('[depth]');
    expect(safeCanonicalJson(nested(ARGS_DEPTH_MAX + 1))).toContain('[depth]');
  });

  it('keeps a text of the longest size and leaves out one that is longer', () => {
    expect(safeCanonicalJson('a'.repeat(ARGS_CHARS_MAX - 2))).toHaveLength(ARGS_CHARS_MAX);
    expect(safeCanonicalJson('a'.repeat(ARGS_CHARS_MAX - 1))).toBe('{"omitted":"too_large"}');
    expect(safeCanonicalJson('a'.repeat(10_000_000))).toBe('{"omitted":"too_large"}');
  });

  it('keeps the most nodes and leaves out a value with one more', () => {
    expect(safeCanonicalJson(Array(ARGS_NODES_MAX - 1).fill(1))).toHaveLength(2 * ARGS_NODES_MAX - 1);
    expect(safeCanonicalJson(Array(ARGS_NODES_MAX).fill(1))).toBe('{"omitted":"too_large"}');
  });

  it('counts its own markers, so that what it wrote is within the bounds when it is read back', () => {
    const cycle: unknown[] = [];
    for (let i = 0; i < 6_000; i += 1) cycle.push(cycle);
    const unreadable = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const many = (value: unknown): unknown[] => Array<unknown>(8_000).fill(value);
    let deep: unknown = many([]);
    for (let level = 1; level < ARGS_DEPTH_MAX; level += 1) deep = [deep];
    const values = [deep, cycle, many(() => 0), many(new Uint8Array(3)), many(unreadable)];
    for (const value of [...values, many(Symbol('s')), many(1n << 2000n)]) {
      const text = safeCanonicalJson(value);
      expect(safeCanonicalJson(JSON.parse(text))).toBe(text);
      expect(text).toBe('{"omitted":"too_large"}');
    }
  });

  it('ends on cycles and on values that explode when followed', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(safeCanonicalJson(cycle)).toBe('{"self":"[circular]"}');
    let wide: unknown[] = [];
    for (let i = 0; i < 60; i += 1) wide = [wide, wide];
    expect(safeCanonicalJson(wide)).toBe('{"omitted":"too_large"}');
  });

  it('replaces what throws when it is looked at', () => {
    const hostile = {
      get secret(): string {
        throw new Error('no');
      },
    };
    expect(safeCanonicalJson({ a: hostile, b: 1 })).toBe('{"a":"[unreadable]","b":1}');
  });
});
