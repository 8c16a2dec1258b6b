import { openPostgres, type PostgresDatabase } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { FOREVER } from '../src/timeline.ts';
import { contentHashOf } from '../src/validate.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

const OLD_KEY = { subject: 'host:old', predicate: 'os', factType: 'observed', valueKey: '' } as const;
const HASH = contentHashOf(OLD_KEY, { value: '"debian"', target: null, confidence: null });
/** The first version of the schema in which a row of facts holds its key. */
const KEY_IN_FACT = 5;
/** The first in which the text of a fact may be indexed later. */
const TEXT_PENDING = 4;

/** A row as a store of some version holds it, written by hand: today's writer needs today's tables. */
async function addOldFact(
  old: PostgresDatabase,
  version: number,
  validFrom = 5,
  validTo = FOREVER,
): Promise<void> {
  const [columns, key] =
    version < KEY_IN_FACT
      ? ['key_id', '(SELECT key_id FROM fact_keys)']
      : ['subject, predicate, fact_type, value_key', "'host:old', 'os', 'observed', ''"];
  if (version < KEY_IN_FACT)
    await old.query(`INSERT INTO fact_keys (subject, predicate, fact_type, value_key)
      VALUES ('host:old', 'os', 'observed', '') ON CONFLICT DO NOTHING`);
  await old.query(`INSERT INTO facts (seq, ${columns}, valid_from, valid_to, recorded_at, observed_at, observation_count, content_hash,
    actor, reason, value) VALUES (nextval('fact_seq'), ${key}, ${validFrom}, ${validTo}, 5, 5, 1, decode('${HASH}', 'hex'),
    'test:old', 'old', '"debian"')`);
  await old.query('UPDATE fact_clock SET last = 5 WHERE last < 5');
  if (version >= TEXT_PENDING)
    await old.query(
      'INSERT INTO fact_text_pending (from_seq, through_seq) SELECT max(seq), max(seq) FROM facts',
    );
}

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

/** How a store was partitioned before a row of facts held its key: what is believed, and one month. */
const OLD_PARTITIONS = [
  'DROP TRIGGER facts_no_delete ON facts',
  'DROP TRIGGER facts_no_truncate ON facts',
  'DROP TRIGGER facts_close_once ON facts',
  'DROP TRIGGER facts_inserted ON facts',
  'DROP INDEX facts_superseded',
  'ALTER TABLE facts RENAME TO facts_current',
  'CREATE TABLE facts (LIKE facts_current INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (superseded_at)',
  'ALTER TABLE facts_current ADD CONSTRAINT facts_current_believed CHECK (superseded_at IS NULL)',
  'ALTER TABLE facts ATTACH PARTITION facts_current DEFAULT',
  ...['facts', 'facts_current'].flatMap((table) => [
    `CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()`,
    `CREATE TRIGGER ${table}_no_truncate BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()`,
    `CREATE TRIGGER ${table}_inserted AFTER INSERT ON ${table} REFERENCING NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION fact_inserted()`,
    ...['no_delete', 'no_truncate', 'inserted'].map(
      (name) => `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_${name}`,
    ),
  ]),
  'CREATE TRIGGER facts_close_once BEFORE UPDATE ON facts FOR EACH ROW EXECUTE FUNCTION fact_close_once()',
  'ALTER TABLE facts ENABLE ALWAYS TRIGGER facts_close_once',
  `CREATE TABLE facts_ended_2000_01 PARTITION OF facts (PRIMARY KEY (seq)) FOR VALUES FROM (0) TO (${10 ** 15})`,
  'CREATE INDEX facts_ended_2000_01_key ON facts_ended_2000_01 (key_id, recorded_at)',
  'CREATE INDEX facts_ended_2000_01_at ON facts_ended_2000_01 (superseded_at)',
  ...['insert', 'delete', 'truncate'].flatMap((what) => [
    `CREATE TRIGGER facts_ended_2000_01_no_${what} BEFORE ${what} ON facts_ended_2000_01
       FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()`,
    `ALTER TABLE facts_ended_2000_01 ENABLE ALWAYS TRIGGER facts_ended_2000_01_no_${what}`,
  ]),
];

const EXCLUSION = `ALTER TABLE facts_current ADD CONSTRAINT facts_no_overlap
  EXCLUDE USING gist (key_id WITH =, int8range(valid_from, valid_to) WITH &&) WHERE (superseded_at IS NULL AND valid_to < ${FOREVER})`;

describe('a PostgreSQL store made by an earlier praxis', () => {
  const versions = POSTGRES_FACT_MIGRATIONS.map(({ version }) => version);

  it.each(versions)('of version %d is brought up to date with its facts', async (version) => {
    const schema = `migrated_${version}`;
    const migrations = POSTGRES_FACT_MIGRATIONS.slice(0, version);
    const old = await openPostgres({ url: server.url, schema, migrations, poolMax: 1 });
    await addOldFact(old, version);
    await old.close();
    await worksWithOldFacts(
      await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, poolMax: 1 }),
    );
  });

  it('and partitioned, with keys of their own, is brought up to date with its past and its rules', async () => {
    const schema = 'migrated_partitions';
    const migrations = POSTGRES_FACT_MIGRATIONS.slice(0, KEY_IN_FACT - 1);
    const old = await openPostgres({ url: server.url, schema, migrations, poolMax: 1 });
    await addOldFact(old, KEY_IN_FACT - 1, 1, 5);
    for (const statement of OLD_PARTITIONS) await old.query(statement);
    await old.query('CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public');
    await old.query(EXCLUSION);
    await old.query(`UPDATE facts SET superseded_at = 6, superseded_actor = 'test:old', superseded_reason = '',
      superseded_xid = pg_current_xact_id()`);
    await addOldFact(old, KEY_IN_FACT - 1);
    await old.close();
    const store = await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, poolMax: 2 });
    expect(store.partitioned).toBe(true);
    expect(store.capabilities.exclusion).toBe(true);
    const believed = await store.query({ subject: 'host:old', validAt: 3, recordedAt: 5 });
    expect(believed.facts.map(({ supersededAt }) => supersededAt)).toEqual([6]);
    expect(await store.get({ subject: 'host:old', predicate: 'os', validAt: 3 })).toBeNull();
    await store.put(aPut({ subject: 'host:old', value: 'ubuntu' }));
    expect((await store.history({ subject: 'host:old' })).facts).toHaveLength(4);
    const raw = await openPostgres({
      url: server.url,
      schema,
      migrations: POSTGRES_FACT_MIGRATIONS,
      poolMax: 1,
    });
    const forgeries = ['DELETE FROM facts', "UPDATE facts SET subject = 'host:x'", 'TRUNCATE facts_current'];
    for (const sql of forgeries)
      await expect(raw.query(sql), sql).rejects.toMatchObject({ code: 'STORE_CONSTRAINT' });
    await raw.close();
    await store.seal();
    expect(await store.verify()).toMatchObject({ ok: true, seals: 1 });
    await store.close();
  });
});
