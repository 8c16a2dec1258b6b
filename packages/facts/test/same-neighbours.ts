import type { PostgresCapabilities } from '@praxis/storage';
import { NO_POSTGRES_CAPABILITIES } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { openPostgresFactStore, type PostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { anyVector } from './any-vector.ts';
import type { TestPostgres } from './postgres-server.ts';

const WITHOUT: PostgresCapabilities = NO_POSTGRES_CAPABILITIES;
const WITH: PostgresCapabilities = { ...WITHOUT, vectors: true };

/** A store of a schema, with or without what ranks vectors in the database. */
async function open(
  server: TestPostgres,
  schema: string,
  capabilities: PostgresCapabilities,
): Promise<PostgresFactStore> {
  return openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, poolMax: 2, capabilities });
}

async function put(store: FactStore, subject: string, numbers: readonly number[]): Promise<void> {
  const { contentHash } = await store.put(aPut({ subject, value: subject }));
  await store.embed('m', [{ contentHash, vector: Float32Array.from(numbers) }]);
}

async function putAll(store: FactStore, vectors: readonly (readonly number[])[]): Promise<void> {
  const puts = vectors.map((_, n) => aPut({ subject: `host:${n}`, value: n }));
  const results = await store.putMany(puts);
  const embedded = results.map(({ contentHash }, n) => ({
    contentHash,
    vector: Float32Array.from(vectors[n] ?? []),
  }));
  await store.embed('m', embedded);
}

/** What a database that ranks vectors must not change about the answers. */
export function ranksTheSame(name: string, server: () => TestPostgres): void {
  const schemaOf = (what: string): string => `${name}_${what}`.replaceAll(/\W/g, '_').toLowerCase();
  let opened = 0;

  it('is used', async () => {
    const store = await open(server(), schemaOf('used'), WITH);
    expect(store.capabilities.vectors).toBe(true);
    await store.close();
  });

  it('finds the same neighbours in the same order as without it, of all vectors there can be', async () => {
    const questions = fc.array(fc.record({ vector: anyVector, limit: fc.integer({ min: 1, max: 6 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyVector, { minLength: 60, maxLength: 120 }),
        questions,
        async (vectors, asked) => {
          const schema = schemaOf(`property_${(opened += 1)}`);
          const quick = await open(server(), schema, WITH);
          const slow = await open(server(), schema, WITHOUT);
          try {
            await putAll(quick, vectors);
            for (const { vector: numbers, limit } of asked) {
              const question = { model: 'm', vector: Float32Array.from(numbers), limit };
              expect(await quick.nearest(question)).toEqual(await slow.nearest(question));
            }
          } finally {
            await quick.close();
            await slow.close();
          }
        },
      ),
      // Shrinking would take longer than a test may.
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('finds what a process without it has kept, at once, and after it was prepared', async () => {
    const schema = schemaOf('prepared');
    const without = await open(server(), schema, WITHOUT);
    const withIt = await open(server(), schema, WITH);
    await put(withIt, 'host:far', [-1, 0]);
    await put(without, 'host:near', [1, 0.1]);
    for (let asked = 0; asked < 3; asked += 1) {
      const { facts } = await withIt.nearest({ model: 'm', vector: new Float32Array([1, 0]), limit: 1 });
      expect(facts.map(({ fact }) => fact.subject)).toEqual(['host:near']);
    }
    await Promise.all([without.close(), withIt.close()]);
  });

  it('keeps the first vector of a content, as without it', async () => {
    for (const capabilities of [WITH, WITHOUT]) {
      const store = await open(server(), schemaOf(`first_${String(capabilities.vectors)}`), capabilities);
      const { contentHash } = await store.put(aPut());
      const both = [
        { contentHash, vector: new Float32Array([1, 0]) },
        { contentHash, vector: new Float32Array([0, 1]) },
      ];
      await store.embed('m', both);
      await store.embed('m', both.toReversed());
      const { facts } = await store.nearest({ model: 'm', vector: new Float32Array([5, 0]) });
      expect(facts.map(({ similarity }) => similarity)).toEqual([1]);
      await store.close();
    }
  });

  it('is not asked for whoever may not read everything', async () => {
    const store = await open(server(), schemaOf('restricted'), WITH);
    for (const [subject, x] of [
      ['host:a', 1],
      ['host:secret', 1],
      ['host:c', -1],
    ] as const)
      await put(store, subject, [x, 0.5]);
    const rule = {
      subject: 'host:secret',
      classification: 'restricted',
      actor: 'operator:anna',
      reason: 'x',
    };
    await store.classify({ ...rule, classification: 'restricted' });
    const { facts, withheld } = await store.nearest({
      model: 'm',
      vector: new Float32Array([1, 0.5]),
      limit: 2,
    });
    expect([facts.map(({ fact }) => fact.subject), withheld]).toEqual([['host:a', 'host:c'], 1]);
    await store.close();
  });
}
