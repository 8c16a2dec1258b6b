import type { Clock } from '@praxis/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { factStoreContract } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { agreesWithTheModel } from './oracle.ts';
import { startPostgres, systemPostgres, type TestPostgres } from './postgres-server.ts';

// Those that a distribution installed beside the one that comes from npm.
const FOUND = [15, 16, 17].flatMap((version) => {
  const binDir = systemPostgres(version);
  return binDir === null ? [] : [{ version, binDir }];
});

describe('other versions of PostgreSQL on this machine', () => {
  it(`are ${FOUND.length === 0 ? 'none: the contract was not tested on 15 to 17' : FOUND.map(({ version }) => version).join(', ')}`, () => {
    expect(FOUND.every(({ version }) => version >= 15)).toBe(true);
  });
});

for (const { version, binDir } of FOUND) {
  describe(`PostgreSQL ${version}`, () => {
    let server: TestPostgres;
    let opened = 0;

    beforeAll(async () => {
      server = await startPostgres({ binDir });
    });
    afterAll(async () => {
      await server.stop();
    });

    const open = (clock: Clock): Promise<FactStore> => {
      opened += 1;
      return openPostgresFactStore({
        url: server.url,
        clock,
        schema: `s${opened}`,
        poolMax: 2,
        partition: true,
      });
    };
    const openPlain = (clock: Clock): Promise<FactStore> => {
      opened += 1;
      return openPostgresFactStore({ url: server.url, clock, schema: `s${opened}`, poolMax: 2 });
    };
    factStoreContract(`PostgreSQL ${version}, partitioned by transaction time`, open);
    agreesWithTheModel(`PostgreSQL ${version}`, openPlain, 4);
  });
}
