import { systemClock } from '@praxis/core';
import { expect, it } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import type { TestPostgres } from './postgres-server.ts';

const WRITERS = 8;
const PUTS = 60;
const RETRIES_MAX = 200;
const PAUSE_MS = 25;

/** Puts one fact, repeating it with its idempotency key as long as the store is away. */
async function putPersistently(store: FactStore, subject: string, refused: string[]): Promise<void> {
  for (let tries = 0; tries < RETRIES_MAX; tries += 1) {
    try {
      await store.put(aPut({ subject, value: subject, idempotencyKey: subject }));
      return;
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
  it('gives callers a retryable error, loses nothing and doubles nothing', async () => {
    const store = await openPostgresFactStore({
      url: server().url,
      clock: systemClock,
      schema: 'crash',
      poolMax: 4,
    });
    const refused: string[] = [];
    const writers = Array.from({ length: WRITERS }, async (_, w) => {
      for (let n = 0; n < PUTS; n += 1) await putPersistently(store, `host:${w}-${n}`, refused);
    });
    await store.put(aPut());
    await server().crash();
    await Promise.all(writers);
    const { facts } = await store.query({ limit: 10_000, predicate: 'os' });
    expect(facts).toHaveLength(WRITERS * PUTS + 1);
    // Repeated under one key, a put is one observation.
    expect(facts.every((fact) => fact.observationCount === 1)).toBe(true);
    expect(refused.length).toBeGreaterThan(0);
    await store.close();
  });
}
