import { INSTANT_MIN, type Instant, systemClock } from '@praxis/core';
import { expect, it } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import type { TestPostgres } from './postgres-server.ts';

const PUTS = 480;
/** How many of them are accepted before the server is killed. */
const PUTS_BEFORE = 40;
const RETRIES_MAX = 200;
const PAUSE_MS = 25;

/** Puts one fact, repeating it with its idempotency key as long as the store is away; when it was recorded. */
async function putPersistently(store: FactStore, subject: string, refused: string[]): Promise<Instant> {
  for (let tries = 0; tries < RETRIES_MAX; tries += 1) {
    try {
      return (await store.put(aPut({ subject, value: subject, idempotencyKey: subject }))).recordedAt;
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      refused.push(subject);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  throw new Error(`${subject} was never accepted`);
}

/** What a server that is killed and started again under load must not do to what was acknowledged. */
export function survivesACrash(server: () => TestPostgres): void {
  it.each([8, 1])(
    'gives %d callers a retryable error, loses nothing and doubles nothing',
    async (callers) => {
      const store = await openPostgresFactStore({
        url: server().url,
        clock: systemClock,
        schema: `crash_${callers}`,
        poolMax: 4,
      });
      const refused: string[] = [];
      const begun = Promise.withResolvers<void>();
      const writers = Array.from({ length: callers }, async (_, caller) => {
        let last = INSTANT_MIN;
        for (let n = 0; n < PUTS / callers; n += 1) {
          if (n === Math.floor(PUTS_BEFORE / callers)) begun.resolve();
          const recordedAt = await putPersistently(store, `host:${caller}-${n}`, refused);
          expect(recordedAt).toBeGreaterThan(last);
          last = recordedAt;
        }
      });
      await begun.promise;
      await server().crash();
      await Promise.all(writers);
      const { facts } = await store.query({ limit: 10_000, predicate: 'os' });
      expect(facts).toHaveLength(PUTS);
      // Repeated under one key, a put is one observation.
      expect(facts.every((fact) => fact.observationCount === 1)).toBe(true);
      expect(refused.length).toBeGreaterThan(0);
      await store.close();
    },
  );
}
