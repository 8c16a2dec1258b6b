import type { Clock } from '@praxis/core';
import { afterAll, beforeAll } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { factStoreContract } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { leaksNothing } from './no-leak.ts';
import { agreesWithTheModel } from './oracle.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;
let opened = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

/** An empty store: a schema of its own in the one server. */
function open(clock: Clock): Promise<FactStore> {
  opened += 1;
  return openPostgresFactStore({ url: server.url, clock, schema: `s${opened}`, poolMax: 2 });
}

factStoreContract('PostgreSQL', open);
agreesWithTheModel('PostgreSQL', open, 12);
leaksNothing('PostgreSQL', open, 8);
