import type { Instant } from '@praxis/core';
import { describe, expect, it } from 'vitest';

import { aPut, valueAt, MINUTE_MS, type Setting } from './setting.contract.ts';

/** What a transaction is. */
export function transactionsContract(the: Setting): void {
  describe('compare-and-set', () => {
    it('accepts the content hash believed, and refuses any other', async () => {
      const first = await the.store.put(aPut({ expected: null }));
      await expect(the.store.put(aPut({ value: 'x', expected: null }))).rejects.toMatchObject({
        code: 'FACT_VERSION_CONFLICT',
      });
      const second = await the.store.put(aPut({ value: 'v2', expected: first.contentHash }));
      await expect(the.store.put(aPut({ value: 'v3', expected: first.contentHash }))).rejects.toMatchObject({
        code: 'FACT_VERSION_CONFLICT',
      });
      const end = { subject: 'host:web', predicate: 'os', actor: 'test:anna', reason: '' };
      await expect(the.store.end({ ...end, expected: first.contentHash })).rejects.toMatchObject({
        code: 'FACT_VERSION_CONFLICT',
      });
      await the.store.end({ ...end, expected: second.contentHash });
      await the.store.put(aPut({ expected: null }));
    });

    it('lets exactly one of many concurrent writers win', async () => {
      const tries = Array.from({ length: 20 }, (_, n) => the.store.put(aPut({ value: n, expected: null })));
      const results = await Promise.allSettled(tries);
      expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    });
  });

  describe('transaction time', () => {
    it('strictly increases while the clock stands still or steps back', async () => {
      const instants: Instant[] = [];
      for (let n = 0; n < 5; n += 1) {
        instants.push((await the.store.put(aPut({ value: n }))).recordedAt);
        if (n === 2) the.clock.step(-MINUTE_MS);
      }
      const burst = await Promise.all(
        Array.from({ length: 50 }, (_, n) => the.store.put(aPut({ subject: `host:${n}` }))),
      );
      instants.push(...burst.map((r) => r.recordedAt));
      expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b));
      expect(await valueAt(the, instants[4] ?? 0)).toBe(4);
      const { facts } = await the.store.query({ subject: 'host:web' });
      expect(facts[0]?.value).toBe(4);
    });

    it('is one for all of a putMany, which is all or nothing', async () => {
      const results = await the.store.putMany([aPut({ subject: 'host:a' }), aPut({ subject: 'host:b' })]);
      expect(results[0]?.recordedAt).toBe(results[1]?.recordedAt);
      const bad = [aPut({ subject: 'host:c' }), aPut({ subject: 'host:a', expected: null })];
      await expect(the.store.putMany(bad)).rejects.toMatchObject({ code: 'FACT_VERSION_CONFLICT' });
      expect((await the.store.query({ subject: 'host:c' })).facts).toEqual([]);
      await the.store.put(aPut({ subject: 'host:c' }));
      expect((await the.store.query({ subject: 'host:c' })).facts).toHaveLength(1);
    });

    it('lets a later put of one transaction win over an earlier one', async () => {
      await the.store.putMany([aPut({ value: 1 }), aPut({ value: 2 })]);
      expect((await the.store.query({})).facts.map((f) => f.value)).toEqual([2]);
    });
  });

  describe('idempotency keys', () => {
    it('answer a repeated put as the first time and change nothing', async () => {
      const first = await the.store.put(aPut({ idempotencyKey: 'k1' }));
      await the.store.put(aPut({ value: 'v2' }));
      expect(await the.store.put(aPut({ idempotencyKey: 'k1' }))).toEqual(first);
      expect((await the.store.query({})).facts[0]?.value).toBe('v2');
    });

    it('refuse another content under the same key', async () => {
      await the.store.put(aPut({ idempotencyKey: 'k1' }));
      await expect(the.store.put(aPut({ value: 'x', idempotencyKey: 'k1' }))).rejects.toMatchObject({
        code: 'FACT_IDEMPOTENCY_CONFLICT',
      });
    });
  });
}
