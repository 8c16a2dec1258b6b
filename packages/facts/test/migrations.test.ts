import { join } from 'node:path';

import { openSqlite, type SqliteDatabase } from '@praxis/storage';
import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { sealedRow, sealedRowsSql } from '../src/seal-sql.ts';
import { sqliteDialect } from '../src/sqlite-dialect.ts';
import { readRows } from '../src/sqlite-reading.ts';
import { SQLITE_FACT_MIGRATIONS } from '../src/sqlite-schema.ts';
import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { contentHashOf } from '../src/validate.ts';

/** The row a store of the first version holds, written by hand: today's writer needs today's tables. */
const KEY =
  "INSERT INTO fact_keys (subject, predicate, fact_type, value_key) VALUES ('host:old', 'os', 'observed', '')";
const FACT_COLUMNS = `valid_from, valid_to, recorded_at, observed_at, observation_count, content_hash, actor, reason,
  value`;
const OLD_KEY = { subject: 'host:old', predicate: 'os', factType: 'observed', valueKey: '' } as const;
const HASH = contentHashOf(OLD_KEY, { value: '"debian"', target: null, confidence: null });
const FACT_VALUES = `5, 9007199254740991, 5, 5, 1, x'${HASH}', 'test:old', 'old', '"debian"'`;
const ROW_OF_KEY = `INSERT INTO facts (seq, key_id, ${FACT_COLUMNS}) VALUES (1, 1, ${FACT_VALUES})`;
const ROW_WITH_KEY = `INSERT INTO facts (seq, subject, predicate, fact_type, value_key, ${FACT_COLUMNS})
  VALUES (1, 'host:old', 'os', 'observed', '', ${FACT_VALUES})`;
/** Since this version a row of facts holds its key itself. */
const KEY_IN_FACT_SINCE = 5;

/** What seals are made of. */
function sealedTexts(db: SqliteDatabase, keyInFact: boolean): string[] {
  const none = { seq: 0, recordedAt: 0, ruleId: 0 };
  const all = { seq: 100, recordedAt: 100, ruleId: 100 };
  const dialect = { ...sqliteDialect(() => true), keyInFact };
  const query = sealedRowsSql(
    'recorded',
    { after: none, through: all },
    { skip: null, rowsMax: 10 },
    dialect,
  );
  return readRows(db, query).map((row) => sealedRow('recorded', row).text);
}

async function worksWithOldFacts(store: FactStore): Promise<void> {
  expect((await store.query({})).facts.map((fact) => [fact.subject, fact.value])).toEqual([
    ['host:old', 'debian'],
  ]);
  expect((await store.query({})).facts[0]).toMatchObject({ lastObservedAt: 7, observationCount: 2 });
  expect((await store.query({ text: 'debian' })).facts).toHaveLength(1);
  await store.put(aPut({ subject: 'host:old', value: 'ubuntu' }));
  expect((await store.history({ subject: 'host:old' })).facts).toHaveLength(3);
  await store.seal();
  expect(await store.verify()).toMatchObject({ ok: true, seals: 1 });
  await store.close();
}

describe('a store made by an earlier praxis', () => {
  const sqlite = SQLITE_FACT_MIGRATIONS.map(({ version }) => version);

  it.each(sqlite)('in SQLite, version %d, is brought up to date with its facts', async (version) => {
    const path = join(makeTempDir().path, 'facts.db');
    const old = openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS.slice(0, version) });
    const hasKeys = version < KEY_IN_FACT_SINCE;
    if (hasKeys) old.run(KEY);
    old.run(hasKeys ? ROW_OF_KEY : ROW_WITH_KEY);
    old.run('INSERT INTO fact_observations (seq, last_observed_at, observation_count) VALUES (1, 7, 2)');
    const sealed = sealedTexts(old, !hasKeys);
    old.close();
    const migrated = openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS });
    // A chain of seals that was begun before goes on.
    expect(sealedTexts(migrated, true)).toEqual(sealed);
    expect(sealed).toHaveLength(1);
    migrated.close();
    await worksWithOldFacts(await openSqliteFactStore({ path, clock: fakeClock() }));
  });

  it('in SQLite, has steps that follow one another', () => {
    expect(sqlite).toEqual(sqlite.map((_version, n) => n + 1));
  });
});
