import { INSTANT_MAX, INSTANT_MIN } from '@praxis/core';
import { describe, expect, it } from 'vitest';

import {
  ACTOR_LENGTH_MAX,
  CONDITIONS_MAX,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  POINTER_LENGTH_MAX,
  PREDICATE_LENGTH_MAX,
  REASON_LENGTH_MAX,
  SOURCE_LENGTH_MAX,
  SUBJECT_LENGTH_MAX,
  VALUE_BYTES_MAX,
  VALUE_KEY_LENGTH_MAX,
} from './bounds.ts';
import { compileConditions } from './conditions.ts';
import type { PutFact } from './store.ts';
import { checkEnd, checkPut, contentHashOf } from './validate.ts';

const put = (fields: Partial<PutFact>): PutFact => ({
  subject: 'host:a',
  predicate: 'p',
  value: 1,
  actor: 'test:a',
  reason: '',
  ...fields,
});

describe('checkPut', () => {
  const text = (length: number): string => 'x'.repeat(length);
  const bounds: [string, (length: number) => Partial<PutFact>, number][] = [
    ['subject', (n) => ({ subject: `a:${text(n - 2)}` }), SUBJECT_LENGTH_MAX],
    ['target', (n) => ({ target: `a:${text(n - 2)}` }), SUBJECT_LENGTH_MAX],
    ['predicate', (n) => ({ predicate: text(n) }), PREDICATE_LENGTH_MAX],
    ['value key', (n) => ({ valueKey: text(n) }), VALUE_KEY_LENGTH_MAX],
    ['actor', (n) => ({ actor: text(n) }), ACTOR_LENGTH_MAX],
    ['reason', (n) => ({ reason: text(n) }), REASON_LENGTH_MAX],
    ['source', (n) => ({ source: text(n) }), SOURCE_LENGTH_MAX],
    ['idempotency key', (n) => ({ idempotencyKey: text(n) }), IDEMPOTENCY_KEY_LENGTH_MAX],
  ];
  it.each(bounds)('takes a %s at its bound and refuses one past it', (_name, fields, max) => {
    checkPut(put(fields(max)));
    expect(() => checkPut(put(fields(max + 1)))).toThrow(expect.objectContaining({ code: 'FACT_INVALID' }));
  });

  it.each([
    ['one byte', 'x', 1],
    ['three bytes', '日', 3],
  ])('bounds a value in bytes of UTF-8 (characters of %s)', (_name, character, bytes) => {
    // Two quotation marks belong to the value.
    const fitting = Math.floor((VALUE_BYTES_MAX - 2) / bytes);
    checkPut(put({ value: character.repeat(fitting) }));
    expect(() => checkPut(put({ value: character.repeat(fitting + 1) }))).toThrow(
      expect.objectContaining({ code: 'FACT_TOO_LARGE' }),
    );
  });

  it('takes instants at their bounds and refuses those past them', () => {
    checkPut(put({ validFrom: INSTANT_MIN, validTo: INSTANT_MAX - 1 }));
    for (const fields of [{ validFrom: INSTANT_MIN - 2 }, { validTo: INSTANT_MAX }, { observedAt: 1.5 }]) {
      expect(() => checkPut(put(fields))).toThrow(expect.objectContaining({ code: 'FACT_INVALID' }));
    }
  });

  it('takes hostile texts in linear time', () => {
    const hostile = `a:${'a-.'.repeat(100_000)}`;
    expect(() => checkPut(put({ subject: hostile }))).toThrow(
      expect.objectContaining({ code: 'FACT_INVALID' }),
    );
    expect(() => checkPut(put({ predicate: hostile, reason: hostile }))).toThrow();
  });
});

describe('checkEnd', () => {
  it('ends without end when no end is given, at a given start', () => {
    const end = { subject: 'host:a', predicate: 'p', actor: 'test:a', reason: '' };
    expect(checkEnd(end)).toMatchObject({ content: null, validFrom: undefined, validTo: INSTANT_MAX });
    expect(() => checkEnd({ ...end, validFrom: 5, validTo: 5 })).toThrow(
      expect.objectContaining({ code: 'FACT_INVALID' }),
    );
  });
});

describe('contentHashOf', () => {
  it('differs for every part of key and content', () => {
    const key = { subject: 'a:b', predicate: 'p', factType: 'observed' as const, valueKey: '' };
    const content = { value: '1', target: null, confidence: null };
    const hashes = [
      contentHashOf(key, content),
      contentHashOf({ ...key, subject: 'a:c' }, content),
      contentHashOf({ ...key, predicate: 'q' }, content),
      contentHashOf({ ...key, factType: 'desired' }, content),
      contentHashOf({ ...key, valueKey: 'k' }, content),
      contentHashOf(key, { ...content, value: '"1"' }),
      contentHashOf(key, { ...content, target: 'a:b' }),
      contentHashOf(key, { ...content, confidence: 1 }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('compileConditions', () => {
  const holds = (value: PutFact['value'], path: string, op: 'eq', wanted: PutFact['value']): boolean =>
    compileConditions([{ path, op, value: wanted }])(value);

  it('finds what a pointer names', () => {
    expect(holds({ 'a/b': { '~': [1, 2] } }, '/a~1b/~0/1', 'eq', 2)).toBe(true);
    expect(holds([1], '/01', 'eq', 1)).toBe(false);
    expect(holds({ a: { y: 1, x: 2 } }, '/a', 'eq', { x: 2, y: 1 })).toBe(true);
    expect(holds({}, '/__proto__', 'eq', {})).toBe(false);
  });

  it('gives numbers and texts an order, and nothing else', () => {
    const less = compileConditions([{ path: '', op: 'lt', value: 5 }]);
    expect([less(4), less(5), less('4'), less(null), less([1])]).toEqual([true, false, false, false, false]);
  });

  it('is bounded', () => {
    const many = (n: number): { path: string; op: 'exists' }[] =>
      Array.from({ length: n }, () => ({ path: '', op: 'exists' }));
    compileConditions(many(CONDITIONS_MAX));
    compileConditions([{ path: `/${'x'.repeat(POINTER_LENGTH_MAX - 1)}`, op: 'exists' }]);
    for (const bad of [
      many(CONDITIONS_MAX + 1),
      [{ path: `/${'x'.repeat(POINTER_LENGTH_MAX)}`, op: 'exists' as const }],
    ]) {
      expect(() => compileConditions(bad)).toThrow(expect.objectContaining({ code: 'FACT_QUERY_INVALID' }));
    }
    for (const bad of [
      { path: 'x', op: 'exists' },
      { path: '', op: 'like' },
      { path: '', op: 'eq' },
    ]) {
      expect(() => compileConditions([bad as { path: string; op: 'exists' }])).toThrow(
        expect.objectContaining({ code: 'FACT_QUERY_INVALID' }),
      );
    }
  });
});
