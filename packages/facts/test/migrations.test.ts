import { join } from 'node:path';

import { openSqlite } from '@praxis/storage';
import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { SQLITE_FACT_MIGRATIONS } from '../src/sqlite-schema.ts';
import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';

/** The row a store of the first version holds, written by hand: today's writer needs today's tables. */
const KEY =
  "INSERT INTO fact_keys (subject, predicate, fact_type, value_key) VALUES ('host:old', 'os', 'observed', '')";
const FACT_COLUMNS = `valid_from, valid_to, recorded_at, observed_at, observation_count, content_hash, actor, reason,
  value`;
const factValues = (hash: string): string =>
  `5, 9007199254740991, 5, 5, 1, ${hash}, 'test:old', 'old', '"debian"'`;
const factRow = (seq: string, hash: string): string =>
  `INSERT INTO facts (seq, key_id, ${FACT_COLUMNS}) VALUES (${seq}, 1, ${factValues(hash)})`;

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

describe('a store made by an earlier praxis', () => {
  const sqlite = SQLITE_FACT_MIGRATIONS.map(({ version }) => version);

  it.each(sqlite)('in SQLite, version %d, is brought up to date with its facts', async (version) => {
    const path = join(makeTempDir().path, 'facts.db');
    const old = openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS.slice(0, version) });
    if (version < 5) {
      old.run(KEY);
      old.run(factRow('1', 'zeroblob(32)'));
      old.run('INSERT INTO fact_observations (seq, last_observed_at, observation_count) VALUES (1, 7, 2)');
    } else {
      old.run(`INSERT INTO facts (seq, subject, predicate, fact_type, value_key, ${FACT_COLUMNS})
        VALUES (1, 'host:old', 'os', 'observed', '', ${factValues('zeroblob(32)')})`);
    }
    old.close();
    await worksWithOldFacts(await openSqliteFactStore({ path, clock: fakeClock() }));
  });

  it('in SQLite, has steps that follow one another', () => {
    expect(sqlite).toEqual(sqlite.map((_version, n) => n + 1));
  });
});
