import { systemClock } from '@praxis/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';
import { survivesACrash } from './survives-crash.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres({ durable: true });
});
afterAll(async () => {
  await server.stop();
});

describe('PostgreSQL killed and started again under load', () => {
  survivesACrash(() => server);

  it('says that it is not there when it is not', async () => {
    const url = server.url.replace(/:\d+\//, ':1/');
    await expect(openPostgresFactStore({ url, clock: systemClock })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
  });
});
