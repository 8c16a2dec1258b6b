import { systemClock } from '@praxis/core';
import { openPostgres, type PostgresDatabase } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres({ durable: true });
});
afterAll(async () => {
  await server.stop();
});

function raw(schema: string): Promise<PostgresDatabase> {
  return openPostgres({ url: server.url, schema, migrations: POSTGRES_FACT_MIGRATIONS, poolMax: 2 });
}

const BATCH = 600;
const LOADERS = 2;
const TRANSACTIONS = 12;
const RETRIES_MAX = 200;
const PAUSE_MS = 25;

/** Loads one transaction until the store has taken it; says how often it was refused. */
async function loadPersistently(store: FactStore, name: string): Promise<number> {
  const facts = Array.from({ length: BATCH }, (_, n) => aPut({ subject: `host:${name}-${n}`, value: name }));
  for (let refused = 0; refused < RETRIES_MAX; refused += 1) {
    try {
      await store.putMany(facts);
      return refused;
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  throw new Error(`${name} was never accepted`);
}

describe('PostgreSQL in trouble', () => {
  it('killed during bulk ingest has all of a transaction or nothing of it', async () => {
    const store = await openPostgresFactStore({
      url: server.url,
      clock: systemClock,
      schema: 'bulk',
      poolMax: 4,
    });
    const loading = Array.from({ length: LOADERS }, async (_, l) => {
      let refused = 0;
      for (let t = 0; t < TRANSACTIONS; t += 1) refused += await loadPersistently(store, `${l}-${t}`);
      return refused;
    });
    await new Promise((resolve) => setTimeout(resolve, 2 * PAUSE_MS));
    await server.crash();
    const refusals = await Promise.all(loading);
    expect(Math.max(...refusals)).toBeGreaterThan(0);
    const counts = new Map<unknown, number>();
    for await (const { value } of store.stream({})) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect(counts.size).toBe(LOADERS * TRANSACTIONS);
    expect(new Set(counts.values())).toEqual(new Set([BATCH]));
    await store.close();
  });

  it('takes no more than a statement may take, and says so', async () => {
    const schema = 'slow';
    const [store, db] = [
      await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, statementTimeoutMs: 500 }),
      await raw(schema),
    ];
    await store.put(aPut());
    await db.transact(async (session) => {
      await session.query('LOCK TABLE fact_stripes IN ACCESS EXCLUSIVE MODE');
      await expect(store.put(aPut({ value: 'v2' }))).rejects.toMatchObject({
        code: 'STORE_TIMEOUT',
        retryable: true,
      });
    });
    expect((await store.put(aPut({ value: 'v3' }))).changed).toBe(true);
    expect((await store.history({ subject: 'host:web' })).facts.map(({ value }) => value)).not.toContain(
      'v2',
    );
    await Promise.all([store.close(), db.close()]);
  });

  // The same that `ENOSPC` comes to in the server: SQLSTATE 53100, in the middle of a transaction.
  it('refuses writes while its disk is full, loses nothing, and goes on when there is room', async () => {
    const schema = 'full';
    const [store, db] = [
      await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema }),
      await raw(schema),
    ];
    await store.put(aPut());
    await db.query(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
    await db.query(
      'CREATE TRIGGER no_room BEFORE INSERT ON facts FOR EACH STATEMENT EXECUTE FUNCTION no_room()',
    );
    const many = Array.from({ length: BATCH }, (_, n) => aPut({ subject: `host:${n}` }));
    const puts = [aPut({ value: 'v2' })];
    for (const facts of [puts, many])
      await expect(store.putMany(facts)).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect((await store.query({})).facts.map(({ value }) => value)).toEqual(['v1']);
    await db.query('DROP TRIGGER no_room ON facts');
    await store.putMany(many);
    expect((await store.query({ limit: 10_000 })).facts).toHaveLength(BATCH + 1);
    await Promise.all([store.close(), db.close()]);
  });

  it('never goes back in time when the clock does, in one process or another, in bulk or not', async () => {
    const clock = fakeClock();
    const open = (): Promise<FactStore> => openPostgresFactStore({ url: server.url, clock, schema: 'back' });
    const first = await open();
    const instants = [(await first.put(aPut())).recordedAt];
    clock.step(-3_600_000);
    const second = await open();
    instants.push((await second.put(aPut({ value: 'v2' }))).recordedAt);
    const many = Array.from({ length: BATCH }, (_, n) => aPut({ subject: `host:${n}` }));
    instants.push((await first.putMany(many))[0]?.recordedAt ?? 0);
    clock.step(-3_600_000);
    instants.push((await second.put(aPut({ value: 'v3' }))).recordedAt);
    expect(instants).toEqual(instants.toSorted((a, b) => a - b));
    expect(new Set(instants).size).toBe(instants.length);
    // The present is not before what was recorded.
    expect((await first.get({ subject: 'host:web', predicate: 'os' }))?.value).toBe('v3');
    await Promise.all([first.close(), second.close()]);
  });

  it('is asked over no more connections than it is told', async () => {
    const schema = 'pool';
    const store = await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, poolMax: 3 });
    const db = await raw(schema);
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => store.get({ subject: `host:${n}`, predicate: 'os' })),
    );
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.put(aPut({ subject: `host:${n}` }))));
    const [open] = await db.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'praxis'");
    // Three that work and one for the clock; and two of the one who counts.
    expect(Number(open?.[0])).toBeLessThanOrEqual(3 + 1 + 2);
    await Promise.all([store.close(), db.close()]);
  });
});
