import { type Clock, systemClock } from '@praxis/core';
import { openPostgres } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openMemoryFactStore } from '../src/memory-store.ts';
import type { Fact } from '../src/model.ts';
import { POSTGRES_BULK_LANES, POSTGRES_BULK_WAITING_MAX } from '../src/postgres-bulk.ts';
import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { POSTGRES_COPY_ROWS_MIN } from '../src/postgres-steps.ts';
import { openPostgresFactStore, type PostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore, PutFact } from '../src/store.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;
let opened = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

const MANY = POSTGRES_COPY_ROWS_MIN;

function open(schema = `bulk_${(opened += 1)}`, clock: Clock = fakeClock()): Promise<PostgresFactStore> {
  return openPostgresFactStore({ url: server.url, clock, schema, poolMax: 4 });
}

function facts(count: number, fields: (n: number) => Partial<PutFact> = () => ({})): PutFact[] {
  return Array.from({ length: count }, (_, n) => aPut({ subject: `host:${n}`, value: n, ...fields(n) }));
}

/** Everything a store says, without the ids it gives as it likes. */
async function told(store: FactStore): Promise<unknown[]> {
  const all: Fact[] = [];
  for await (const fact of store.stream({})) all.push(fact);
  const histories = await Promise.all(
    ['host:0', 'host:7', `host:${MANY - 1}`].map(async (subject) => (await store.history({ subject })).facts),
  );
  return inOrder([...all, ...histories.flat()].map(({ factId: _factId, ...rest }) => rest));
}

const INSTANTS = ['validFrom', 'validTo', 'recordedAt', 'supersededAt', 'lastObservedAt'] as const;

/** With the ranks of instants in place of them: an attempt that is given up uses one, which nothing is recorded at. */
function inOrder<T extends Partial<Record<(typeof INSTANTS)[number], number | null>>>(
  rows: readonly T[],
): T[] {
  const instants = new Set(rows.flatMap((row) => INSTANTS.flatMap((name) => row[name] ?? [])));
  const ranks = new Map([...instants].sort((a, b) => a - b).map((instant, rank) => [instant, rank]));
  return rows.map((row) => ({
    ...row,
    ...Object.fromEntries(
      INSTANTS.flatMap((name) =>
        row[name] === undefined ? [] : [[name, ranks.get(row[name] ?? Number.NaN) ?? null]],
      ),
    ),
  }));
}

/** Plays the same transactions on PostgreSQL and on the model, and compares all that both say. */
async function comparedWithTheModel(transactions: readonly PutFact[][]): Promise<PostgresFactStore> {
  const clock = fakeClock();
  const model = openMemoryFactStore({ clock });
  const store = await open(undefined, clock);
  for (const transaction of transactions) {
    const expected = await model.putMany(transaction);
    const results = await store.putMany(transaction);
    const comparable = (all: typeof results): unknown =>
      inOrder(all.map(({ factId: _factId, ...rest }) => rest));
    expect(comparable(results)).toEqual(comparable(expected));
  }
  expect(await told(store)).toEqual(await told(model));
  return store;
}

const AWKWARD = ['a\tb', 'a\nb', 'a\rb', 'a\\b', '\\N', '\\.', '"', "'", 'é😀', '\u0001', '', '\\x00'];

describe('bulk ingest into PostgreSQL', () => {
  it('keeps every column as it was given, whatever characters it holds', async () => {
    const store = await comparedWithTheModel([
      facts(MANY, (n) => {
        const text = AWKWARD[n % AWKWARD.length] ?? '';
        return {
          value: { text, n },
          reason: text,
          ...(n % 2 === 0 ? { target: `pool:\\${n}` } : { valueKey: `\\N${n}` }),
          ...(n % 3 === 0 ? { confidence: 0.25, source: 'a\\tb' } : {}),
          ...(n % 5 === 0 ? { validFrom: n - 1_000_000, validTo: n + 1 } : {}),
          ...(n % 7 === 0 ? { validTo: 'infinity' as const, observedAt: n } : {}),
        };
      }),
    ]);
    await store.close();
  });

  it('does as single puts do when keys are known, or come twice, or change', async () => {
    const store = await comparedWithTheModel([
      facts(MANY),
      facts(MANY),
      facts(MANY + 50, (n) => ({ value: n % 2 === 0 ? n : 'changed' })),
      [
        ...facts(MANY, (n) => ({ subject: `disk:${n}` })),
        ...facts(MANY, (n) => ({ subject: `disk:${n}`, value: 'again' })),
      ],
      facts(MANY + 10, (n) => ({ subject: n === 300 ? 'host:7' : `new:${n}` })),
      facts(MANY, (n) => ({ validFrom: n - 5000, validTo: n - 1000 })),
    ]);
    await store.close();
  });

  it('is below and at the number of facts from which it copies the same', async () => {
    for (const count of [MANY - 1, MANY]) await (await comparedWithTheModel([facts(count)])).close();
  });

  it('refuses all of a transaction when one of it is refused', async () => {
    const store = await open();
    const late = Number.MAX_SAFE_INTEGER - 1;
    const puts = facts(MANY, (n) => (n === MANY - 1 ? { validTo: -late } : {}));
    await expect(store.putMany(puts)).rejects.toMatchObject({ code: 'FACT_INVALID' });
    expect((await store.query({})).facts).toEqual([]);
    await store.close();
  });

  it('is found by its words at the next search, also when several search at once', async () => {
    const store = await open();
    await store.putMany(facts(MANY * 20, (n) => ({ value: `word${n} common` })));
    const searches = ['word0', `word${MANY * 20 - 1}`, 'word777'].map((text) => store.query({ text }));
    for (const { facts: found } of await Promise.all(searches)) expect(found).toHaveLength(1);
    expect((await store.query({ text: 'common', limit: 10_000 })).facts).toHaveLength(10_000);
    await store.close();
  });

  it('is sealed and verified like all else', async () => {
    const store = await open();
    await store.putMany(facts(MANY));
    await store.seal();
    await store.putMany(facts(MANY, () => ({ value: 'changed' })));
    await store.seal();
    expect(await store.verify()).toMatchObject({ ok: true, seals: 2, unsealedRows: 0 });
    await store.close();
  });
});

describe('bulk ingest of the same keys by many at once', () => {
  it('fails and loses no transaction, and believes one value of each key', async () => {
    const schema = 'bulk_race';
    const stores = await Promise.all([1, 2, 3].map(() => open(schema, fakeClock())));
    const orders = [facts(2 * MANY), facts(2 * MANY).toReversed(), facts(2 * MANY)];
    const bulk = stores.map((store, s) =>
      store.putMany((orders[s] ?? []).map((fact) => ({ ...fact, value: `bulk ${s}` }))),
    );
    const single = stores.flatMap((store, s) =>
      [3, 500, 1000].map((n) => store.put(aPut({ subject: `host:${n}`, value: `single ${s}` }))),
    );
    await Promise.all<unknown>([...bulk, ...single]);
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    const { facts: found } = await store.query({ limit: 10_000 });
    expect(found).toHaveLength(2 * MANY);
    expect(new Set(found.filter(({ subject }) => subject === 'host:8').map(({ value }) => value)).size).toBe(
      1,
    );
    const { facts: versions } = await store.history({ subject: 'host:500' });
    expect(new Set(versions.filter((v) => v.validFrom === v.recordedAt).map((v) => v.value)).size).toBe(6);
    await Promise.all(stores.map((one) => one.close()));
  });

  it('leaves no two versions of a key over one another, as of any instant, while others write and end the same', async () => {
    const schema = 'bulk_over';
    const stores = await Promise.all([1, 2, 3].map(() => open(schema, systemClock)));
    const [bulk, one, other] = stores;
    if (bulk === undefined || one === undefined || other === undefined) throw new Error('no stores');
    const about = { predicate: 'os', actor: 'test:race', reason: '' };
    for (let round = 0; round < 6; round += 1) {
      const subjects = Array.from({ length: MANY }, (_, n) => `host:${round}-${n}`);
      const some = subjects.filter((_, n) => n % 16 === round);
      const loading = bulk.putMany(subjects.map((subject) => aPut({ subject, validFrom: 50 })));
      const writing = some.map(async (subject, n) => {
        await one.put(aPut({ subject, value: 'bounded', validFrom: 10 * n, validTo: 10 * n + 100 }));
        await one.end({ subject, ...about, ...(n % 2 === 0 ? { validFrom: 40 } : {}) });
      });
      const changing = some.map(async (subject) => {
        await other.put(aPut({ subject, value: 'changed' }));
        await other.end({ subject, ...about });
      });
      await Promise.all([loading, ...writing, ...changing]);
    }
    const db = await openPostgres({
      url: server.url,
      schema,
      migrations: POSTGRES_FACT_MIGRATIONS,
      poolMax: 1,
    });
    const over =
      await db.query(`SELECT a.subject FROM facts a JOIN facts b ON b.subject = a.subject AND b.predicate = a.predicate
      AND b.fact_type = a.fact_type AND b.value_key = a.value_key AND b.seq > a.seq
      WHERE a.valid_from < b.valid_to AND b.valid_from < a.valid_to
        AND (a.superseded_at IS NULL OR b.recorded_at < a.superseded_at)
        AND (b.superseded_at IS NULL OR a.recorded_at < b.superseded_at)`);
    expect(over).toEqual([]);
    await Promise.all([db.close(), ...stores.map((store) => store.close())]);
  });

  it('refuses more waiting transactions than its bound, and takes as many', async () => {
    const store = await open(undefined, systemClock);
    const most = POSTGRES_BULK_LANES + POSTGRES_BULK_WAITING_MAX;
    const puts = Array.from({ length: most + 1 }, (_, t) =>
      store.putMany(facts(MANY, (n) => ({ predicate: `p${t}.${n}` }))),
    );
    const results = await Promise.allSettled(puts);
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ reason: { code: 'STORE_BUSY', retryable: true } });
    await store.close();
  });
});
