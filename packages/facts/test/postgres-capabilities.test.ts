import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '@praxis/core';
import { NO_POSTGRES_CAPABILITIES, openPostgres, type PostgresDatabase } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore, type PostgresFactStore } from '../src/postgres-store.ts';
import { aPut, factStoreContract } from '../src/store.contract.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;
let opened = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

function raw(schema: string): Promise<PostgresDatabase> {
  return openPostgres({ url: server.url, schema, migrations: POSTGRES_FACT_MIGRATIONS, poolMax: 1 });
}

/** Whether the server comes with an extension; the one from npm is without pgvector. */
async function offers(extension: string): Promise<boolean> {
  const db = await raw('offers');
  const found = await db.query('SELECT 1 FROM pg_available_extensions WHERE name = $1', [extension]);
  await db.close();
  return found.length > 0;
}

function openWithout(clock: Clock): Promise<PostgresFactStore> {
  opened += 1;
  const capabilities = NO_POSTGRES_CAPABILITIES;
  return openPostgresFactStore({
    url: server.url,
    clock,
    schema: `core_${opened}`,
    poolMax: 2,
    capabilities,
  });
}

factStoreContract('PostgreSQL with nothing but its core', openWithout);

const OVERLAP = `INSERT INTO facts (seq, subject, predicate, fact_type, value_key, valid_from, valid_to, recorded_at, observed_at,
  observation_count, content_hash, actor, reason, value) SELECT nextval('fact_seq'), subject, predicate, fact_type, value_key,
  valid_from - 1, valid_to - 1, recorded_at, observed_at, 1, content_hash, actor, reason, value FROM facts`;

describe('what a server can do', () => {
  it('is detected and used', async () => {
    const store = await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema: 'able' });
    const capabilities = {
      advisoryLocks: true,
      exclusion: true,
      notify: true,
      partitioning: true,
      vectors: await offers('vector'),
    };
    expect(store.capabilities).toEqual(capabilities);
    await store.close();
  });

  it('is not used by a role that may not install what it needs', async () => {
    const db = await raw('outsider');
    await db.query("CREATE ROLE outsider LOGIN PASSWORD 'test-only'");
    await db.query('REVOKE CREATE ON DATABASE postgres FROM PUBLIC');
    await db.query('DROP EXTENSION IF EXISTS btree_gist CASCADE');
    await db.query('CREATE SCHEMA kept AUTHORIZATION outsider');
    const url = server.url.replace('praxis:', 'outsider:');
    const store = await openPostgresFactStore({ url, clock: fakeClock(), schema: 'kept' });
    expect(store.capabilities).toMatchObject({ exclusion: false, advisoryLocks: true });
    await store.put(aPut());
    expect((await store.query({})).facts).toHaveLength(1);
    await store.close();
    await db.close();
  });

  it('keeps bounded periods apart by a constraint, also where the triggers are gone', async () => {
    const put = aPut({ validFrom: 10, validTo: 20 });
    for (const excluding of [true, false]) {
      const schema = `overlap_${String(excluding)}`;
      const capabilities = { ...NO_POSTGRES_CAPABILITIES, exclusion: excluding };
      const store = await openPostgresFactStore({
        url: server.url,
        clock: fakeClock(),
        schema,
        capabilities,
      });
      await store.put(put);
      await store.close();
      const db = await raw(schema);
      await db.query('ALTER TABLE facts DISABLE TRIGGER facts_inserted');
      const overlapping = db.query(OVERLAP);
      if (excluding) await expect(overlapping).rejects.toMatchObject({ fields: { sqlstate: '23P01' } });
      else await expect(overlapping).resolves.toEqual([]);
      await db.close();
    }
  });

  it('does not need advisory locks for many to start at once', async () => {
    const starts = Array.from({ length: 6 }, () =>
      openPostgresFactStore({
        url: server.url,
        clock: fakeClock(),
        schema: 'together',
        poolMax: 1,
        capabilities: NO_POSTGRES_CAPABILITIES,
      }),
    );
    const stores = await Promise.all(starts);
    await Promise.all(stores.map((store, n) => store.put(aPut({ subject: `host:${n}` }))));
    expect((await stores[0]?.query({}))?.facts).toHaveLength(6);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('lets one seal at a time, where there are advisory locks', async () => {
    const stores = await Promise.all(
      [1, 2, 3].map(() => openPostgresFactStore({ url: server.url, clock: fakeClock(), schema: 'sealers' })),
    );
    for (let round = 0; round < 5; round += 1) {
      await stores[0]?.put(aPut({ value: round }));
      const sealed = await Promise.all(stores.map((store) => store.seal()));
      expect(sealed.filter((head) => head !== null)).toHaveLength(1);
    }
    expect(await stores[1]?.verify()).toMatchObject({ ok: true, seals: 5 });
    await Promise.all(stores.map((store) => store.close()));
  });
});

const PATIENCE_MS = 10_000;

describe('watching for changes', () => {
  const ways = [
    {
      name: 'by notifications',
      capabilities: { ...NO_POSTGRES_CAPABILITIES, notify: true },
      pollMs: 3_600_000,
    },
    { name: 'by polling', capabilities: NO_POSTGRES_CAPABILITIES, pollMs: 20 },
  ];

  it.each(ways)('wakes a watcher in another process $name, until it is told to stop', async (way) => {
    const { capabilities, pollMs } = way;
    const schema = `watched_${way.name.replaceAll(' ', '_')}`;
    const openOne = (): Promise<PostgresFactStore> =>
      openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, capabilities });
    const [writer, watcher] = [await openOne(), await openOne()];
    const stop = AbortSignal.timeout(PATIENCE_MS);
    const done = new AbortController();
    const seen: unknown[] = [];
    const watching = (async () => {
      for await (const _ of watcher.changes({ signal: AbortSignal.any([stop, done.signal]), pollMs })) {
        seen.push((await watcher.query({})).facts[0]?.value ?? null);
        if (seen.at(-1) === 'third') done.abort();
      }
    })();
    for (const value of ['first', 'second', 'third']) {
      await sleep(60);
      await writer.put(aPut({ value }));
    }
    await watching;
    expect(seen[0]).toBe(null);
    expect(seen.at(-1)).toBe('third');
    await Promise.all([writer.close(), watcher.close()]);
  });

  it('goes on after the server was killed', async () => {
    const other = await startPostgres({ durable: true });
    const store = await openPostgresFactStore({ url: other.url, clock: fakeClock() });
    const stop = AbortSignal.timeout(PATIENCE_MS);
    const done = new AbortController();
    const watching = (async () => {
      for await (const _ of store.changes({
        signal: AbortSignal.any([stop, done.signal]),
        pollMs: 3_600_000,
      })) {
        if ((await store.query({})).facts.length > 0) return 'found';
      }
      return 'stopped';
    })();
    await sleep(100);
    await other.crash();
    await store.put(aPut());
    expect(await watching).toBe('found');
    await store.close();
    await other.stop();
  });
});
