import { openPostgres } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import { comesWith, installedPostgres, mainPostgres } from './postgres-installed.ts';
import { startPostgres, type TestPostgres, type TestPostgresOptions } from './postgres-server.ts';
import { ranksTheSame } from './same-neighbours.ts';
import { standInForPgVector } from './stand-in-pgvector.ts';

interface Ranking {
  readonly name: string;
  readonly options: TestPostgresOptions;
}

const REAL: readonly Ranking[] = installedPostgres()
  .filter((installed) => comesWith(installed, 'vector'))
  .map(({ version, binDir }) => ({ name: `pgvector on PostgreSQL ${version}`, options: { binDir } }));
// It takes PostgreSQL 18 to offer an extension out of any directory.
const STAND_IN: readonly Ranking[] =
  mainPostgres() === undefined
    ? [{ name: 'a stand-in for pgvector', options: { settings: [standInForPgVector()] } }]
    : [];

describe('pgvector', () => {
  it(`is ${REAL.length === 0 ? 'nowhere on this machine: it was not tested, at most a stand-in' : 'tested'}`, () => {
    expect(STAND_IN).toHaveLength(mainPostgres() === undefined ? 1 : 0);
  });
});

for (const { name, options } of [...REAL, ...STAND_IN]) {
  describe(name, () => {
    let server: TestPostgres;

    beforeAll(async () => {
      server = await startPostgres(options);
    });
    afterAll(async () => {
      await server.stop();
    });

    ranksTheSame(name, () => server);

    it('is not needed: questions are answered when it is taken away', async () => {
      const store = await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema: 'taken' });
      const embed = async (value: string, numbers: number[]): Promise<void> => {
        const { contentHash } = await store.put(aPut({ subject: `host:${value}`, value }));
        await store.embed('m', [{ contentHash, vector: new Float32Array(numbers) }]);
      };
      await embed('a', [1, 0]);
      const db = await openPostgres({
        url: server.url,
        schema: 'taken',
        migrations: POSTGRES_FACT_MIGRATIONS,
      });
      await db.query('DROP EXTENSION vector CASCADE');
      await embed('b', [1, 0.1]);
      const { facts } = await store.nearest({ model: 'm', vector: new Float32Array([1, 0.1]) });
      expect(facts.map(({ fact }) => fact.value)).toEqual(['b', 'a']);
      await Promise.all([db.close(), store.close()]);
    });

    it('is not installed by a role that may not', async () => {
      const db = await openPostgres({
        url: server.url,
        schema: 'outside',
        migrations: POSTGRES_FACT_MIGRATIONS,
      });
      await db.query("CREATE ROLE outsider LOGIN PASSWORD 'test-only'");
      await db.query('REVOKE CREATE ON DATABASE postgres FROM PUBLIC');
      await db.query('DROP EXTENSION IF EXISTS vector CASCADE');
      await db.query('CREATE SCHEMA kept AUTHORIZATION outsider');
      const url = server.url.replace('praxis:', 'outsider:');
      const store = await openPostgresFactStore({ url, clock: fakeClock(), schema: 'kept' });
      expect(store.capabilities.vectors).toBe(false);
      const { contentHash } = await store.put(aPut());
      await store.embed('m', [{ contentHash, vector: new Float32Array([1, 0]) }]);
      expect((await store.nearest({ model: 'm', vector: new Float32Array([1, 0]) })).facts).toHaveLength(1);
      await Promise.all([db.close(), store.close()]);
    });
  });
}
