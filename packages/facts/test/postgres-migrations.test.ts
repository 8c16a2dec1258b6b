import { openPostgres } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { contentHashOf } from '../src/validate.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

/** The row a store of the first version holds, written by hand: today's writer needs today's tables. */
const KEY =
  "INSERT INTO fact_keys (subject, predicate, fact_type, value_key) VALUES ('host:old', 'os', 'observed', '')";
const OLD_KEY = { subject: 'host:old', predicate: 'os', factType: 'observed', valueKey: '' } as const;
const HASH = contentHashOf(OLD_KEY, { value: '"debian"', target: null, confidence: null });
const FACT_ROW = `INSERT INTO facts (seq, key_id, valid_from, valid_to, recorded_at,
  observed_at, observation_count, content_hash, actor, reason, value)
  VALUES (nextval('fact_seq'), 1, 5, 9007199254740991, 5, 5, 1, decode('${HASH}', 'hex'), 'test:old', 'old', '"debian"')`;

async function worksWithOldFacts(store: FactStore): Promise<void> {
  expect((await store.query({})).facts.map((fact) => [fact.subject, fact.value])).toEqual([
    ['host:old', 'debian'],
  ]);
  expect((await store.query({ text: 'debian' })).facts).toHaveLength(1);
  await store.put(aPut({ subject: 'host:old', value: 'ubuntu' }));
  expect((await store.history({ subject: 'host:old' })).facts).toHaveLength(3);
  await store.seal();
  expect(await store.verify()).toMatchObject({ ok: true, seals: 1 });
  await store.close();
}

describe('a PostgreSQL store made by an earlier praxis', () => {
  const versions = POSTGRES_FACT_MIGRATIONS.map(({ version }) => version);

  it.each(versions)('of version %d is brought up to date with its facts', async (version) => {
    const schema = `migrated_${version}`;
    const migrations = POSTGRES_FACT_MIGRATIONS.slice(0, version);
    const old = await openPostgres({ url: server.url, schema, migrations, poolMax: 1 });
    await old.query(KEY);
    await old.query(FACT_ROW);
    await old.query('UPDATE fact_clock SET last = 5');
    if (version === versions.length)
      await old.query('INSERT INTO fact_text_pending (from_seq, through_seq) VALUES (1, 1)');
    await old.close();
    await worksWithOldFacts(
      await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, poolMax: 1 }),
    );
  });
});
