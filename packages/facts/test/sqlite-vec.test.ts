import { openSqlite, sqliteVecPath } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore, NearestQuery, NearestResult } from '../src/store.ts';

const DIMENSIONS = 8;
const finite = fc.float({ min: -100, max: 100, noNaN: true, noDefaultInfinity: true });
const vector = fc
  .oneof(
    fc.array(finite, { minLength: DIMENSIONS, maxLength: DIMENSIONS }),
    // Ones that are as near as others, and ones that cannot be compared.
    fc.array(fc.integer({ min: -1, max: 1 }), { minLength: DIMENSIONS, maxLength: DIMENSIONS }),
    fc.array(finite, { minLength: 3, maxLength: 3 }),
    // Very long and very short ones, whose squares are no numbers of 32 bits.
    fc.array(fc.constantFrom(3e38, -3e38, 1e38, 2e37), { minLength: DIMENSIONS, maxLength: DIMENSIONS }),
    fc.array(fc.constantFrom(1e-45, 3e-39, -2e-40, 1e-30), { minLength: DIMENSIONS, maxLength: DIMENSIONS }),
  )
  .filter((numbers) => Float32Array.from(numbers).some((n) => n !== 0));

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
    const questions = fc.array(fc.record({ vector, limit: fc.integer({ min: 1, max: 6 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(vector, { minLength: 50, maxLength: 80 }),
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
