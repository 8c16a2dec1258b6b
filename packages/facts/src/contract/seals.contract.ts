import { describe, expect, it } from 'vitest';

import { aPut, at, type Setting } from './setting.contract.ts';

/** The chain over what was recorded. */
export function sealsContract(the: Setting): void {
  describe('seals', () => {
    it('chain what was recorded, and verify', async () => {
      expect(await the.store.seal()).toBeNull();
      await the.store.put(aPut({ validFrom: at('08:00') }));
      const first = await the.store.seal();
      expect(first).toMatchObject({ sealId: 1, rowsSealed: 1 });
      expect(await the.store.seal()).toBeNull();
      await the.store.put(aPut({ value: 'v2', validFrom: at('09:00') }));
      await the.store.put(aPut({ value: 'v2' }));
      const second = await the.store.seal();
      // Two rows, and what happened to the first.
      expect(second).toMatchObject({ sealId: 2, rowsSealed: 3 });
      await the.store.put(aPut({ subject: 'host:later' }));
      const derived = { textsWrong: 0, answersWrong: 0, hashesWrong: 0 };
      const whole = { ok: true, seals: 2, firstBad: null, head: second, unsealedRows: 1, derived };
      expect(await the.store.verify()).toEqual(whole);
      expect(await the.store.verify({ head: first?.hash ?? '' })).toEqual(whole);
      expect(await the.store.verify({ head: 'f'.repeat(64) })).toMatchObject({
        ok: false,
        firstBad: { sealId: 3, code: 'FACT_SEAL_MISSING' },
      });
    });

    it('find the text index and remembered answers right', async () => {
      await the.store.put(
        aPut({ value: { note: 'red fox', n: [1, 2] }, idempotencyKey: 'k1', confidence: 0.5 }),
      );
      await the.store.put(aPut({ value: 'ſ Größe', idempotencyKey: 'k2', target: 'host:b' }));
      await the.store.end({
        subject: 'host:web',
        predicate: 'os',
        actor: 'test:a',
        reason: '',
        idempotencyKey: 'k3',
      });
      expect((await the.store.query({ text: 'größe' })).facts).toHaveLength(1);
      expect(await the.store.verify()).toMatchObject({
        ok: true,
        unsealedRows: expect.any(Number) as number,
      });
    });
  });
}
