import { describe, expect, it } from 'vitest';

import { PAGE_LIMIT_MAX, SUBJECT_LENGTH_MAX } from '../bounds.ts';
import type { PutFact } from '../store.ts';
import { aPut, at, type Setting } from './setting.contract.ts';

/** What is refused, and what is kept as it is. */
export function malformedContract(the: Setting): void {
  describe('malformed input', () => {
    const refused: [string, Partial<PutFact> | Record<string, unknown>][] = [
      ['a subject without a kind', { subject: 'web' }],
      ['an empty subject', { subject: '' }],
      ['a subject that is too long', { subject: `host:${'x'.repeat(SUBJECT_LENGTH_MAX - 4)}` }],
      ['a control character', { predicate: 'a\u0000b' }],
      ['a lone surrogate', { value: '\ud800' }],
      ['an undefined value', { value: undefined }],
      ['a number that is not finite', { value: Number.NaN }],
      ['an unknown fact type', { factType: 'rumour' }],
      ['no actor', { actor: '' }],
      ['a period that is empty', { validFrom: at('10:00'), validTo: at('10:00') }],
      ['a period that ends before it begins now', { validTo: at('11:00') }],
      ['an instant that is not whole', { validFrom: 0.5 }],
      ['an expectation that is not a hash', { expected: 'abc' }],
      ['a confidence above 1', { confidence: 1.01 }],
      ['an infinite start', { validFrom: Number.MAX_SAFE_INTEGER }],
    ];
    it.each(refused)('refuses %s', async (_name, fields) => {
      await expect(the.store.put(aPut(fields as Partial<PutFact>))).rejects.toMatchObject({
        code: 'FACT_INVALID',
      });
      expect((await the.store.query({})).facts).toEqual([]);
    });

    it('accepts a subject of exactly the longest length', async () => {
      await the.store.put(aPut({ subject: `host:${'x'.repeat(SUBJECT_LENGTH_MAX - 5)}` }));
      expect((await the.store.query({})).facts).toHaveLength(1);
    });

    it('keeps every JSON value as it is', async () => {
      const values = [
        null,
        true,
        0,
        -0.5,
        1e300,
        '',
        '\u0000\u2028"\\',
        [],
        {},
        [[{ a: [null] }]],
        { '': 1, __proto__: 2 },
      ];
      for (const [n, value] of values.entries()) await the.store.put(aPut({ subject: `host:${n}`, value }));
      for (const [n, value] of values.entries()) {
        expect((await the.store.get({ subject: `host:${n}`, predicate: 'os' }))?.value).toEqual(value);
      }
    });

    const questions: [string, object][] = [
      ['a lone surrogate', { subject: 'host:\ud800' }],
      ['a NUL', { predicate: 'a\u0000' }],
      ['a lone surrogate in a condition', { where: [{ path: '', op: 'eq', value: '\udfff' }] }],
      ['a lone surrogate in words', { text: 'a \ud800' }],
      ['a condition on no number', { where: [{ path: '', op: 'gt', value: Number.NaN }] }],
      ['an instant past the end of time', { validAt: Number.MAX_SAFE_INTEGER }],
      ['an instant that is not whole', { recordedAt: 0.5 }],
      ['a period that is empty', { validDuring: { from: 1, to: 1 } }],
      ['an age below nothing', { notObservedForUs: -1 }],
      ['a limit of nothing', { limit: 0 }],
      ['a limit past the bound', { limit: PAGE_LIMIT_MAX + 1 }],
    ];
    it.each(questions)('refuses a question with %s', async (_name, question) => {
      await expect(the.store.query(question)).rejects.toMatchObject({ code: 'FACT_QUERY_INVALID' });
    });

    it('finds nothing at a point that no fact can have', async () => {
      for (const name of ['\u0000', '\ud800'])
        expect(await the.store.get({ subject: `host:${name}`, predicate: name, valueKey: name })).toBeNull();
    });

    it('refuses walks and neighbours with what no fact holds', async () => {
      const refusal = { code: 'FACT_QUERY_INVALID' };
      await expect(the.store.traverse({ from: 'host:a', relations: ['\ud800'] })).rejects.toMatchObject(
        refusal,
      );
      await expect(the.store.traverse({ from: 'host:a', depthMax: 65 })).rejects.toMatchObject(refusal);
      await expect(the.store.diff({ from: { validAt: 0.5 }, to: {} })).rejects.toMatchObject(refusal);
      await expect(
        the.store.nearest({ model: 'm', vector: new Float32Array([1]), recordedAt: Number.NaN }),
      ).rejects.toMatchObject(refusal);
    });
  });
}
