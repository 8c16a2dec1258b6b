import { fakeClock } from '@praxis/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openMemoryFactStore } from '../src/memory-store.ts';
import { ROWS_PER_INSERT } from '../src/sqlite-block-insert.ts';
import { openSqliteFactStore } from '../src/sqlite-store.ts';
import type { FactStore, PutFact } from '../src/store.ts';

const START = Date.UTC(2026, 0, 1) * 1000;

/** Puts of one transaction: more and fewer than one statement inserts, on keys that are new, known, or met twice. */
function transactions(subjects: number): fc.Arbitrary<PutFact[][]> {
  const put = fc.record(
    {
      subject: fc.integer({ min: 0, max: subjects }).map((n) => `host:h${n}`),
      predicate: fc.constantFrom('os', 'state'),
      value: fc.integer({ min: 0, max: 2 }),
      validFrom: fc.integer({ min: 0, max: 9 }).map((hours) => START + hours),
      validTo: fc.constantFrom<'infinity' | number>('infinity', START + 20),
      actor: fc.constantFrom('a:1', 'a:2'),
      reason: fc.constant('bulk'),
      target: fc.constantFrom('host:x', 'host:y'),
      confidence: fc.constantFrom(0.5, 1),
    },
    { requiredKeys: ['subject', 'predicate', 'value', 'actor', 'reason'] },
  );
  const sizes = { minLength: ROWS_PER_INSERT - 2, maxLength: ROWS_PER_INSERT * 3 + 5 };
  return fc.array(fc.array(put, sizes), { minLength: 1, maxLength: 3 });
}

async function everything(store: FactStore, subjects: number): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let n = 0; n <= subjects; n += 1) {
    const { facts } = await store.history({ subject: `host:h${n}`, limit: 10_000 });
    // Numbers of facts are the store's own; content and instants are not.
    all.push(...facts.map(({ factId: _own, ...fact }) => fact));
  }
  return all;
}

describe('puts one after another, of new keys for a long time', () => {
  /** Runs of new keys, longer and shorter than what makes the store guess, with known ones and later periods between. */
  const put = fc.record(
    {
      isKnown: fc.integer({ min: 0, max: 11 }).map((n) => n === 0),
      value: fc.integer({ min: 0, max: 1 }),
      validFrom: fc.integer({ min: 0, max: 9 }).map((hours) => START + hours),
      validTo: fc.constantFrom<'infinity' | number>('infinity', START + 1e12),
    },
    { requiredKeys: ['isKnown', 'value'] },
  );

  it('say the same as in the model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(put, { minLength: 20, maxLength: 80 }), async (puts) => {
        const sqlite = await openSqliteFactStore({ path: ':memory:', clock: fakeClock() });
        const model = openMemoryFactStore({ clock: fakeClock() });
        for (const [n, { isKnown, ...rest }] of puts.entries()) {
          const subject = `host:h${isKnown ? (n * 7) % Math.max(n, 1) : n}`;
          const fact = { subject, predicate: 'os', actor: 'a:1', reason: '', ...rest };
          const { factId: _own, ...result } = await sqlite.put(fact);
          const { factId: _other, ...expected } = await model.put(fact);
          expect(result).toEqual(expected);
        }
        expect(await everything(sqlite, puts.length)).toEqual(await everything(model, puts.length));
        await sqlite.close();
      }),
      { numRuns: 30 },
    );
  });
});

describe('many puts in one transaction', () => {
  it.each([3, 400, 100_000])('say the same as in the model, on about %d subjects', async (subjects) => {
    await fc.assert(
      fc.asyncProperty(transactions(subjects), async (batches) => {
        const sqlite = await openSqliteFactStore({ path: ':memory:', clock: fakeClock() });
        const model = openMemoryFactStore({ clock: fakeClock() });
        for (const batch of batches) {
          const results = await sqlite.putMany(batch);
          const expected = await model.putMany(batch);
          expect(results.map(({ factId: _own, ...result }) => result)).toEqual(
            expected.map(({ factId: _own, ...result }) => result),
          );
        }
        const seen = Math.min(subjects, 400);
        expect(await everything(sqlite, seen)).toEqual(await everything(model, seen));
        await sqlite.close();
      }),
      { numRuns: 8 },
    );
  });

  it('are answered with the numbers of their own rows', async () => {
    const store = await openSqliteFactStore({ path: ':memory:', clock: fakeClock() });
    const facts = Array.from({ length: ROWS_PER_INSERT * 2 + 1 }, (_, n) => ({
      subject: `host:h${n}`,
      predicate: 'os',
      value: n,
      actor: 'a:1',
      reason: 'bulk',
    }));
    for (const [n, result] of (await store.putMany(facts)).entries()) {
      expect(await store.get({ subject: `host:h${n}`, predicate: 'os' })).toMatchObject({
        factId: result.factId,
        contentHash: result.contentHash,
        value: n,
      });
    }
    await store.close();
  });

  it('leave nothing behind when one of them is refused', async () => {
    const store = await openSqliteFactStore({ path: ':memory:', clock: fakeClock() });
    const fact = { predicate: 'os', value: 1, actor: 'a:1', reason: 'bulk' };
    const facts: PutFact[] = Array.from({ length: ROWS_PER_INSERT }, (_, n) => ({
      ...fact,
      subject: `host:h${n}`,
    }));
    await expect(
      store.putMany([...facts, { ...fact, subject: 'host:last', expected: '0'.repeat(64) }]),
    ).rejects.toMatchObject({ code: 'FACT_VERSION_CONFLICT' });
    expect((await store.query({})).facts).toEqual([]);
    const results = await store.putMany(facts);
    expect(results.every(({ changed }) => changed)).toBe(true);
    await store.close();
  });
});
