import { openSqlite, sqliteVecPath } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore, NearestQuery, NearestResult } from '../src/store.ts';
import { anyVector } from './any-vector.ts';

async function filled(sqliteVec: boolean, vectors: readonly (readonly number[])[]): Promise<FactStore> {
  const store = await openSqliteFactStore({ path: ':memory:', clock: fakeClock(), sqliteVec });
  for (const [n, numbers] of vectors.entries()) {
    const { contentHash } = await store.put(aPut({ subject: `host:${n}`, value: n }));
    await store.embed('m', [{ contentHash, vector: Float32Array.from(numbers) }]);
  }
  return store;
}

const installed = sqliteVecPath() !== null;

describe(`vectors ranked by sqlite-vec, which is ${installed ? 'installed' : 'not installed: it was not tested'}`, () => {
  it('are ranked by it exactly where it can be loaded', () => {
    const db = openSqlite({ path: ':memory:', migrations: [], extension: sqliteVecPath() });
    const ask = (): unknown => db.get('SELECT vec_version() AS version');
    if (installed) expect(ask()).toBeDefined();
    else expect(ask).toThrow('vec_version');
    db.close();
  });

  it('are ranked exactly as without it', async () => {
    const questions = fc.array(fc.record({ vector: anyVector, limit: fc.integer({ min: 1, max: 6 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyVector, { minLength: 50, maxLength: 80 }),
        questions,
        async (vectors, asked) => {
          const [quick, slow] = [await filled(true, vectors), await filled(false, vectors)];
          const nearest = (store: FactStore, q: NearestQuery): Promise<NearestResult> => store.nearest(q);
          try {
            for (const { vector: numbers, limit } of asked) {
              const question = { model: 'm', vector: Float32Array.from(numbers), limit };
              expect(await nearest(quick, question)).toEqual(await nearest(slow, question));
            }
          } finally {
            await quick.close();
            await slow.close();
          }
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });
});
