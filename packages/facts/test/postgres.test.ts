import type { Clock } from '@praxis/core';
import { afterAll, beforeAll } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { factStoreContract } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { byTurns } from './by-turns.ts';
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

/** The same, written by two processes. */
async function openTwice(clock: Clock): Promise<FactStore> {
  opened += 1;
  const options = { url: server.url, clock, schema: `s${opened}`, poolMax: 2 };
  return byTurns([await openPostgresFactStore(options), await openPostgresFactStore(options)]);
}

factStoreContract('PostgreSQL', open);
agreesWithTheModel('PostgreSQL', open, 12);
agreesWithTheModel('PostgreSQL, written by two processes', openTwice, 6);
leaksNothing('PostgreSQL', open, 8);
