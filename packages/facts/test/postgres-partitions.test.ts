import { type Clock, type Instant, systemClock } from '@praxis/core';
import { openPostgres, type PostgresDatabase } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { monthOf, PARTITION_MONTHS_AHEAD } from '../src/postgres-partitions.ts';
import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore, type PostgresFactStore } from '../src/postgres-store.ts';
import { aPut, factStoreContract } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { agreesWithTheModel } from './oracle.ts';
import { installedPostgres } from './postgres-installed.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;
let opened = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

function open(clock: Clock, schema = `parts_${(opened += 1)}`, partition = true): Promise<PostgresFactStore> {
  return openPostgresFactStore({ url: server.url, clock, schema, poolMax: 2, partition });
}

function raw(schema: string): Promise<PostgresDatabase> {
  return openPostgres({ url: server.url, schema, migrations: POSTGRES_FACT_MIGRATIONS, poolMax: 1 });
}

const openEmpty = (clock: Clock): Promise<FactStore> => open(clock);
// Where there is another version on this machine, the whole contract is run partitioned there.
if (installedPostgres().length === 0)
  factStoreContract('PostgreSQL partitioned by transaction time', openEmpty);
agreesWithTheModel('PostgreSQL partitioned by transaction time', openEmpty, 4);

const YEAR_MS = 365 * 86_400_000;

async function rowsByTable(db: PostgresDatabase): Promise<Record<string, number>> {
  const rows = await db.query('SELECT tableoid::regclass::text, count(*) FROM facts GROUP BY 1 ORDER BY 1');
  return Object.fromEntries(rows.map(([table, count]) => [String(table), Number(count)]));
}

describe('a month of transaction time', () => {
  it('begins and ends in UTC, also before 1970', () => {
    const at = (text: string): Instant => Date.parse(text) * 1000;
    expect(monthOf(at('2026-12-31T23:59:59.999Z') + 999)).toEqual({
      table: 'facts_ended_2026_12',
      from: at('2026-12-01T00:00:00Z'),
      to: at('2027-01-01T00:00:00Z'),
    });
    expect(monthOf(-1).table).toBe('facts_ended_1969_12');
    expect(monthOf(0).table).toBe('facts_ended_1970_01');
  });
});

describe('a partitioned store', () => {
  it('keeps what is believed in one table and what ended in the month of its end, prepared ahead or on the way', async () => {
    const clock = fakeClock();
    const schema = 'months';
    const store = await open(clock, schema);
    expect(store.partitioned).toBe(true);
    await store.put(aPut());
    await store.put(aPut({ value: 'v2', validFrom: 5, validTo: 'infinity' }));
    clock.advance(2 * YEAR_MS);
    await store.put(aPut({ value: 'v3', validFrom: 5, validTo: 'infinity' }));
    const db = await raw(schema);
    const first = monthOf(fakeClock().now()).table;
    const later = monthOf(clock.now()).table;
    expect(await rowsByTable(db)).toEqual({ facts_current: 1, [first]: 1, [later]: 1 });
    const [months] = await db.query(
      "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'months'::regnamespace AND relname LIKE 'facts_ended%'",
    );
    expect(Number(months?.[0])).toBe(2 * (PARTITION_MONTHS_AHEAD + 1));
    expect((await store.history({ subject: 'host:web' })).facts.map(({ value }) => value)).toEqual([
      'v1',
      'v2',
      'v3',
    ]);
    await db.close();
    await store.close();
  });

  it('has a place for what ends in a month before it was opened, as a clock that was set back has it', async () => {
    const clock = fakeClock();
    const store = await open(clock, 'set_back');
    clock.step(-YEAR_MS);
    expect(await store.put(aPut())).toMatchObject({ recordedAt: clock.now() });
    await store.put(aPut({ value: 'v2' }));
    const db = await raw('set_back');
    expect(await rowsByTable(db)).toEqual({ facts_current: 2, [monthOf(clock.now()).table]: 1 });
    await db.close();
    await store.close();
  });

  it('is made out of one with facts, which say the same after it as before, sealed and verified', async () => {
    const clock = fakeClock();
    const schema = 'converted';
    const before = await open(clock, schema, false);
    expect(before.partitioned).toBe(false);
    for (const value of ['a', 'b', 'c']) {
      await before.putMany([aPut({ value }), aPut({ subject: 'host:db', value, target: 'storage:tank' })]);
      clock.advance(YEAR_MS / 12);
    }
    await before.seal();
    const said = async (store: FactStore): Promise<unknown> => [
      (await store.query({})).facts,
      (await store.history({ subject: 'host:db' })).facts,
      (await store.query({ text: 'tank' })).facts,
      (await store.query({ target: 'storage:tank', recordedAt: clock.now() - 60 * 86_400_000_000 })).facts,
    ];
    const expected = await said(before);
    await before.close();
    const [after, other] = await Promise.all([open(clock, schema), open(clock, schema)]);
    expect(after.partitioned).toBe(true);
    expect(await said(after)).toEqual(expected);
    await other.put(aPut({ value: 'd' }));
    await after.seal();
    expect(await after.verify()).toMatchObject({ ok: true, seals: 2, unsealedRows: 0 });
    await Promise.all([after.close(), other.close()]);
    // A store stays partitioned, whoever opens it.
    const again = await open(clock, schema, false);
    expect(again.partitioned).toBe(true);
    expect(again.capabilities.exclusion).toBe(true);
    await again.close();
  });

  it('can be asked for in the connection string', async () => {
    const url = `${server.url}?praxis_partition=`;
    const options = { clock: fakeClock(), schema: 'asked' };
    await expect(openPostgresFactStore({ ...options, url: `${url}day` })).rejects.toMatchObject({
      code: 'FACT_STORE_DSN_INVALID',
    });
    const store = await openPostgresFactStore({ ...options, url: `${url}month` });
    expect(store.partitioned).toBe(true);
    await store.close();
  });

  it('takes bulk ingest, and supersedes it in bulk', async () => {
    const store = await open(systemClock, 'parts_bulk');
    const facts = (value: number): ReturnType<typeof aPut>[] =>
      Array.from({ length: 2000 }, (_, n) =>
        aPut({ subject: `host:${n}`, value, validFrom: 7, validTo: 'infinity' }),
      );
    await store.putMany(facts(1));
    await store.putMany(facts(2));
    const db = await raw('parts_bulk');
    expect(await rowsByTable(db)).toMatchObject({
      facts_current: 2000,
      [monthOf(systemClock.now()).table]: 2000,
    });
    expect((await store.query({ text: '2', limit: 10_000 })).facts.length).toBeGreaterThanOrEqual(2000);
    await db.close();
    await store.close();
  });

  const ended = monthOf(fakeClock().now()).table;
  const forgeries = [
    'DELETE FROM facts',
    'DELETE FROM facts_current',
    `DELETE FROM ${ended}`,
    'TRUNCATE facts CASCADE',
    'TRUNCATE facts_current',
    `TRUNCATE ${ended}`,
    "UPDATE facts SET value = 'null'",
    `UPDATE ${ended} SET superseded_at = superseded_at + 1`,
    `INSERT INTO facts SELECT * FROM ${ended}`,
    `INSERT INTO facts_current SELECT * FROM facts_current`,
    `UPDATE facts SET superseded_at = NULL WHERE superseded_at IS NOT NULL`,
    'SET session_replication_role = replica; DELETE FROM facts',
    `SET session_replication_role = replica; UPDATE ${ended} SET value = '1'`,
  ];

  it('refuses every forgery', async () => {
    const schema = 'parts_forged';
    const store = await open(fakeClock(), schema);
    await store.put(aPut({ validFrom: 1, validTo: 'infinity' }));
    await store.put(aPut({ value: 'v2', validFrom: 1, validTo: 'infinity' }));
    const db = await raw(schema);
    const rows = (): Promise<unknown> => db.query('SELECT * FROM facts ORDER BY seq');
    const before = await rows();
    for (const sql of forgeries) {
      await expect(db.query(sql), sql).rejects.toMatchObject({ code: 'STORE_CONSTRAINT' });
      expect(await rows(), sql).toEqual(before);
    }
    await db.close();
    await store.close();
  });
});
