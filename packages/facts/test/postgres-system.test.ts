import type { Clock } from '@praxis/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { factStoreContract } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { leaksNothing } from './no-leak.ts';
import { agreesWithTheModel } from './oracle.ts';
import { installedPostgres } from './postgres-installed.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';
import { survivesACrash } from './survives-crash.ts';

const FOUND = installedPostgres();

describe('other builds of PostgreSQL on this machine', () => {
  it(`are ${FOUND.length === 0 ? 'none: nothing was tested on any but the one from npm' : FOUND.map(({ version }) => version).join(', ')}`, () => {
    expect(FOUND.filter(({ version }) => Number.parseInt(version, 10) < 15)).toEqual([]);
  });
});

for (const { version, binDir } of FOUND) {
  describe(`PostgreSQL ${version} in ${binDir}`, () => {
    let server: TestPostgres;
    let opened = 0;

    beforeAll(async () => {
      server = await startPostgres({ binDir, durable: true });
    });
    afterAll(async () => {
      await server.stop();
    });

    const opening =
      (partition: boolean) =>
      (clock: Clock): Promise<FactStore> => {
        opened += 1;
        const schema = `s${opened}`;
        return openPostgresFactStore({ url: server.url, clock, schema, poolMax: 2, partition });
      };
    factStoreContract(`PostgreSQL ${version}, partitioned by transaction time`, opening(true));
    agreesWithTheModel(`PostgreSQL ${version}`, opening(false), 4);
    leaksNothing(`PostgreSQL ${version}`, opening(false), 4);
    describe('killed and started again under load', () => survivesACrash(() => server));
  });
}
