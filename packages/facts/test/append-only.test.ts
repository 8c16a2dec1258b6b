import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';

/** A store with two versions and one observation, closed, and a raw connection with triggers' safety off. */
async function aFilledStore(): Promise<{ path: string; raw: DatabaseSync }> {
  const path = join(makeTempDir().path, 'facts.db');
  const store = await openSqliteFactStore({ path, clock: fakeClock() });
  await store.put(aPut({ idempotencyKey: 'k' }));
  await store.put(aPut({ value: 'v2' }));
  await store.put(aPut({ value: 'v2' }));
  await store.classify({ subject: 'host:*', classification: 'public', actor: 'operator:anna', reason: 'x' });
  await store.close();
  const raw = new DatabaseSync(path);
  raw.exec('PRAGMA recursive_triggers = OFF');
  return { path, raw };
}

const KEY = 'subject, predicate, fact_type, value_key';
const REST = `valid_from, valid_to, recorded_at, observed_at, observation_count, content_hash, confidence, target, actor,
  reason, source, value`;
const COLUMNS = `${KEY}, ${REST}`;
const NEXT = '(SELECT max(seq) + 1 FROM facts)';

describe('the SQLite store as a file', () => {
  const forgeries: [string, string][] = [
    ['DELETE', 'DELETE FROM facts WHERE seq = 1'],
    ['DELETE of all', 'DELETE FROM facts'],
    ['UPDATE of a value', 'UPDATE facts SET value = \'"forged"\' WHERE seq = 2'],
    ['UPDATE of the row id', 'UPDATE facts SET rowid = 99 WHERE seq = 2'],
    ['UPDATE OR REPLACE of the row id', 'UPDATE OR REPLACE facts SET seq = 1 WHERE seq = 2'],
    ['reopening a superseded row', 'UPDATE facts SET superseded_at = NULL WHERE seq = 1'],
    [
      'superseding twice',
      "UPDATE facts SET superseded_at = 9000000000000000, superseded_actor = 'x' WHERE seq = 1",
    ],
    [
      'superseding without an actor',
      "UPDATE facts SET superseded_at = 9000000000000000, superseded_reason = '' WHERE seq = 2",
    ],
    [
      'INSERT OR REPLACE of a row',
      `INSERT OR REPLACE INTO facts (seq, ${COLUMNS}) SELECT 2, ${COLUMNS} FROM facts WHERE seq = 2`,
    ],
    [
      'INSERT OR REPLACE of a row by one of another key',
      `INSERT OR REPLACE INTO facts (seq, ${COLUMNS}) SELECT 2, 'host:forged', predicate, fact_type, value_key, ${REST}
       FROM facts WHERE seq = 3`,
    ],
    [
      'REPLACE of a believed version',
      `REPLACE INTO facts (seq, ${COLUMNS}) SELECT ${NEXT}, ${COLUMNS} FROM facts WHERE seq = 3`,
    ],
    [
      'a row without a number',
      `INSERT INTO facts (${COLUMNS}) SELECT 'host:other', predicate, fact_type, value_key, ${REST} FROM facts WHERE seq = 3`,
    ],
    [
      'an UPSERT',
      `INSERT INTO facts (seq, ${COLUMNS}) SELECT 2, ${COLUMNS} FROM facts WHERE seq = 2
       ON CONFLICT (seq) DO UPDATE SET value = 'null'`,
    ],
    [
      'a second value for the same instant',
      `INSERT INTO facts (seq, ${COLUMNS}) SELECT ${NEXT}, ${KEY}, valid_from + 5, valid_to, recorded_at, observed_at, 1, content_hash,
       confidence, target, actor, reason, source, value FROM facts WHERE seq = 3`,
    ],
    [
      'a backdated recording',
      `INSERT INTO facts (seq, ${COLUMNS}) SELECT ${NEXT}, ${KEY}, 1, 2, recorded_at - 5, observed_at, 1, content_hash, confidence,
       target, actor, reason, source, value FROM facts WHERE seq = 1`,
    ],
    [
      'a fact type that there is not',
      `INSERT INTO facts (seq, ${COLUMNS}) SELECT ${NEXT}, 'host:other', predicate, 'believed', value_key, ${REST}
       FROM facts WHERE seq = 3`,
    ],
    ['UPDATE of a key', "UPDATE facts SET subject = 'host:forged'"],
    ['DELETE of observations', 'DELETE FROM fact_observations'],
    ['a shrinking observation', 'UPDATE fact_observations SET observation_count = 1'],
    [
      'REPLACE of an observation',
      'REPLACE INTO fact_observations SELECT seq, last_observed_at, 1 FROM fact_observations',
    ],
    ['DELETE of an idempotency key', 'DELETE FROM fact_idempotency'],
    ['UPDATE of an idempotency key', "UPDATE fact_idempotency SET outcome = '{}'"],
    ['REPLACE of an idempotency key', "REPLACE INTO fact_idempotency VALUES ('k', 'x', '{}')"],
    ['DELETE of a classification', 'DELETE FROM fact_classifications'],
    ['UPDATE of a classification', "UPDATE fact_classifications SET classification = 'public'"],
    [
      'REPLACE of a classification',
      "REPLACE INTO fact_classifications VALUES (1, '*', '*', 'public', 1, 'x', '')",
    ],
    ['turning the clock back', 'UPDATE fact_clock SET last = -1e15'],
  ];

  it.each(forgeries)(
    'refuses %s from another connection, with recursive triggers off',
    async (_name, sql) => {
      const { raw } = await aFilledStore();
      const tables = ['facts', 'fact_observations', 'fact_idempotency', 'fact_classifications'];
      const dump = (): unknown[] => tables.map((table) => raw.prepare(`SELECT * FROM ${table}`).all());
      const before = dump();
      expect(() => raw.exec(sql)).toThrow();
      expect(dump()).toEqual(before);
      raw.close();
    },
  );

  it.each([
    'DROP TRIGGER facts_no_delete',
    'DROP INDEX facts_believed',
    'ALTER TABLE facts ADD COLUMN x TEXT',
  ])('detects at the next start that another program ran %s', async (sql) => {
    const { path, raw } = await aFilledStore();
    raw.exec(sql);
    raw.close();
    await expect(openSqliteFactStore({ path, clock: fakeClock() })).rejects.toMatchObject({
      code: 'STORE_TAMPERED',
    });
  });

  it('is readable and writable by its owner alone, with its journal', async () => {
    const path = join(makeTempDir().path, 'facts.db');
    const store = await openSqliteFactStore({ path, clock: fakeClock() });
    await store.put(aPut());
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('never goes back in time after a restart with the clock set back', async () => {
    const path = join(makeTempDir().path, 'facts.db');
    const clock = fakeClock();
    const first = await openSqliteFactStore({ path, clock });
    await first.put(aPut());
    const again = await first.put(aPut());
    expect(again.changed).toBe(false);
    await first.close();
    clock.step(-3_600_000);
    const second = await openSqliteFactStore({ path, clock });
    expect((await second.put(aPut({ value: 'v2' }))).recordedAt).toBeGreaterThan(again.recordedAt);
    await second.close();
  });

  it('lets two processes write by turns, each later than the other', async () => {
    const path = join(makeTempDir().path, 'facts.db');
    const [a, b] = await Promise.all([1, 2].map(() => openSqliteFactStore({ path, clock: fakeClock() })));
    if (a === undefined || b === undefined) throw new Error('two stores');
    const instants: number[] = [];
    for (let n = 0; n < 10; n += 1)
      instants.push((await (n % 2 === 0 ? a : b).put(aPut({ value: n }))).recordedAt);
    expect(instants).toEqual([...new Set(instants)].sort((x, y) => x - y));
    expect((await a.query({})).facts[0]?.value).toBe(9);
    await Promise.all([a.close(), b.close()]);
  });
});
