import { type Clock, systemClock } from '@praxis/core';
import { openPostgres, type PostgresDatabase } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { Fact } from '../src/model.ts';
import type { FactStore, PutResult } from '../src/store.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

/** A connection that knows nothing of the store's rules. */
function rawClient(schema: string): Promise<PostgresDatabase> {
  return openPostgres({ url: server.url, schema, migrations: POSTGRES_FACT_MIGRATIONS, poolMax: 1 });
}

const STORES = 4;
const CALLERS = 6;
const TRIES = 25;
const KEYS = 5;

/** Adds one to a counter by compare-and-set; null when another writer was faster. */
async function increment(store: FactStore, subject: string): Promise<PutResult | null> {
  const found = await store.get({ subject, predicate: 'count' });
  const value = Number(found?.value ?? 0) + 1;
  try {
    return await store.put(
      aPut({ subject, predicate: 'count', value, expected: found?.contentHash ?? null }),
    );
  } catch (error) {
    expect(error).toMatchObject({ code: 'FACT_VERSION_CONFLICT' });
    return null;
  }
}

async function wholeHistory(store: FactStore, subject: string): Promise<Fact[]> {
  return (await store.history({ subject, limit: 10_000 })).facts;
}

/** A clock by which nobody has written for a long time whenever it is asked: every process takes itself for alone. */
function hurriedClock(): Clock {
  let now = 0;
  return { ...systemClock, now: () => (now += 10_000_000) };
}

describe('many processes writing to one PostgreSQL', () => {
  it.each([
    { all: 'when they know of each other', schema: 'linear', clock: systemClock, callers: CALLERS },
    { all: 'when each has one caller', schema: 'linear_single', clock: systemClock, callers: 1 },
    { all: 'when each takes itself for alone', schema: 'linear_alone', clock: hurriedClock(), callers: 1 },
  ])('lose and fail no write, and give every key one linear history $all', async (given) => {
    const { schema, clock, callers } = given;
    const stores = await Promise.all(
      Array.from({ length: STORES }, () =>
        openPostgresFactStore({ url: server.url, clock, schema, poolMax: 2 }),
      ),
    );
    const wins = new Map<string, number>();
    const instants: number[] = [];
    await Promise.all(
      stores.flatMap((store, s) =>
        Array.from({ length: callers }, async (_, c) => {
          for (let n = 0; n < (TRIES * CALLERS) / callers; n += 1) {
            const subject = `host:${(s * 7 + c * 3 + n) % KEYS}`;
            const result = await increment(store, subject);
            if (result === null) continue;
            wins.set(subject, (wins.get(subject) ?? 0) + 1);
            instants.push(result.recordedAt);
          }
        }),
      ),
    );
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    expect(new Set(instants).size).toBe(instants.length);
    for (const [subject, count] of wins) {
      const added = (await wholeHistory(store, subject)).filter((fact) => fact.recordedAt === fact.validFrom);
      expect(added.map((fact) => fact.value)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
      expect((await store.get({ subject, predicate: 'count' }))?.value).toBe(count);
    }
    await Promise.all(stores.map((one) => one.close()));
  });

  it('see what was committed while they waited, whatever the database was set to', async () => {
    const raw = await rawClient('isolated');
    await raw.query("ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'");
    await raw.close();
    const db = await rawClient('isolated');
    expect(await db.query('SHOW transaction_isolation')).toEqual([['read committed']]);
    await db.query('ALTER DATABASE postgres RESET default_transaction_isolation');
    await db.close();
  });

  it('never fail when they put the same keys in different orders at once', async () => {
    const stores = await Promise.all(
      [1, 2, 3].map(() =>
        openPostgresFactStore({ url: server.url, clock: fakeClock(), schema: 'orders', poolMax: 2 }),
      ),
    );
    const keys = Array.from({ length: 40 }, (_, n) => `host:${n}`);
    await Promise.all(
      stores.flatMap((store, s) =>
        Array.from({ length: 4 }, (_, round) => {
          const order = (s + round) % 2 === 0 ? keys : keys.toReversed();
          return store.putMany(order.map((subject) => aPut({ subject, value: `${s}.${round}` })));
        }),
      ),
    );
    const page = await stores[0]?.query({});
    expect(page?.facts).toHaveLength(keys.length);
    // All keys were last written by the same transaction: none saw half of another.
    expect(new Set(page?.facts.map((fact) => fact.value)).size).toBe(1);
    await Promise.all(stores.map((one) => one.close()));
  });

  it('page over what was visible at first, whatever commits later', async () => {
    const store = await openPostgresFactStore({
      url: server.url,
      clock: fakeClock(),
      schema: 'pages',
      poolMax: 2,
    });
    await store.putMany(['a', 'b', 'c'].map((n) => aPut({ subject: `host:${n}` })));
    const first = await store.query({ limit: 1 });
    await store.putMany(['a', 'b', 'c', 'd'].map((n) => aPut({ subject: `host:${n}`, value: 'later' })));
    const rest = await store.query({ limit: 10, cursor: first.next ?? '' });
    expect([...first.facts, ...rest.facts].map((fact) => [fact.subject, fact.value])).toEqual([
      ['host:a', 'v1'],
      ['host:b', 'v1'],
      ['host:c', 'v1'],
    ]);
    await store.close();
  });
});

describe('the PostgreSQL store under raw SQL', () => {
  const KEY = 'subject, predicate, fact_type, value_key';
  const REST = 'recorded_at, observed_at, observation_count, content_hash, actor, reason, value';
  const COLUMNS = `seq, ${KEY}, valid_from, valid_to, ${REST}`;
  const forgeries: [string, string][] = [
    ['DELETE', 'DELETE FROM facts'],
    ['TRUNCATE', 'TRUNCATE facts CASCADE'],
    ['UPDATE of a value', "UPDATE facts SET value = 'null' WHERE superseded_at IS NULL"],
    ['reopening', 'UPDATE facts SET superseded_at = NULL WHERE superseded_at IS NOT NULL'],
    [
      'superseding while changing the value',
      `UPDATE facts SET value = 'null', superseded_at = 9e15, superseded_actor = 'x', superseded_reason = '',
       superseded_xid = pg_current_xact_id() WHERE superseded_at IS NULL`,
    ],
    [
      'an UPSERT',
      `INSERT INTO facts SELECT * FROM facts WHERE superseded_at IS NULL ON CONFLICT (seq) DO UPDATE SET value = 'null'`,
    ],
    [
      'a second value for the same instant',
      `INSERT INTO facts (${COLUMNS}) SELECT nextval('fact_seq'), ${KEY}, valid_from + 5, valid_to - 1, ${REST}
       FROM facts WHERE superseded_at IS NULL`,
    ],
    [
      'a value over all instants of another',
      `INSERT INTO facts (${COLUMNS}) SELECT nextval('fact_seq'), ${KEY}, -5, valid_to - 1, ${REST}
       FROM facts WHERE superseded_at IS NULL`,
    ],
    [
      'many values of which two overlap',
      `INSERT INTO facts (${COLUMNS}) SELECT nextval('fact_seq'), 'many:' || n / 2, predicate, fact_type, value_key, n % 2, n + 5, ${REST}
       FROM facts, generate_series(0, 2001) n WHERE superseded_at IS NULL`,
    ],
    [
      'many values of which one overlaps with what was there',
      `INSERT INTO facts (${COLUMNS}) SELECT nextval('fact_seq'), CASE WHEN n = 700 THEN subject ELSE 'many:' || n END,
       predicate, fact_type, value_key, n, n + 5, ${REST} FROM facts, generate_series(0, 2001) n WHERE superseded_at IS NULL`,
    ],
    [
      'a row that is superseded already',
      `INSERT INTO facts (${COLUMNS}, superseded_at) SELECT nextval('fact_seq'), 'host:x', predicate, fact_type, value_key, valid_from,
       valid_to, ${REST}, recorded_at FROM facts WHERE superseded_at IS NULL`,
    ],
    ['UPDATE of a key', "UPDATE facts SET subject = 'host:forged' WHERE superseded_at IS NULL"],
    ['UPDATE of an idempotency key', "UPDATE fact_idempotency SET outcome = '{}'"],
    ['turning the clock back', 'UPDATE fact_clock SET last = 0'],
    ['DELETE as a replica would', 'SET session_replication_role = replica; DELETE FROM facts'],
  ];

  it.each(forgeries)('refuses %s', async (name, sql) => {
    const schema = `raw_${name.toLowerCase().replaceAll(/[^a-z]/g, '_')}`;
    const store = await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, poolMax: 1 });
    await store.put(aPut({ idempotencyKey: 'k', validFrom: 1 }));
    await store.put(aPut({ value: 'v2', validFrom: 1 }));
    const raw = await rawClient(schema);
    const dump = (): Promise<unknown> => raw.query('TABLE facts');
    const before = await dump();
    await expect(raw.query(sql)).rejects.toMatchObject({ code: 'STORE_CONSTRAINT' });
    expect(await dump()).toEqual(before);
    await raw.close();
    await store.close();
  });

  it.each(['DROP TRIGGER facts_no_delete ON facts', 'ALTER TABLE facts DISABLE TRIGGER facts_close_once'])(
    'detects at the next start that another program ran %s',
    async (sql) => {
      const schema = `dropped_${sql.length}`;
      const open = (): Promise<FactStore> =>
        openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, poolMax: 1 });
      await (await open()).close();
      const raw = await rawClient(schema);
      await raw.query(sql);
      await raw.close();
      await expect(open()).rejects.toMatchObject({ code: 'STORE_TAMPERED' });
    },
  );
});
