import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { openSqlite } from '@praxis/storage';
import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { createFactStore } from '../src/fact-store.ts';
import { SQLITE_FACT_MIGRATIONS } from '../src/sqlite-schema.ts';
import { sqliteBackend } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';

describe('a SQLite store in trouble', () => {
  it('refuses writes while the disk is full, loses nothing, and goes on when there is room', async () => {
    const clock = fakeClock();
    const db = openSqlite({ path: join(makeTempDir().path, 'facts.db'), migrations: SQLITE_FACT_MIGRATIONS });
    const store = createFactStore(sqliteBackend(db, clock), clock);
    await store.put(aPut());
    const pages = Number(Object.values(db.get('PRAGMA page_count') ?? {})[0]);
    db.run(`PRAGMA max_page_count = ${pages + 4}`);
    const big = (n: number): ReturnType<typeof aPut> =>
      aPut({ subject: `host:${n}`, value: 'x'.repeat(50_000) });
    const results = await Promise.allSettled([1, 2, 3].map((n) => store.put(big(n))));
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FULL' } });
    expect((await store.query({})).facts.map((fact) => fact.value)).toEqual(['v1']);
    db.run('PRAGMA max_page_count = 1000000');
    await store.put(big(1));
    expect((await store.query({})).facts).toHaveLength(2);
    expect((await store.history({ subject: 'host:1' })).facts).toHaveLength(1);
    await store.close();
  });

  it('waits for another process that writes, without holding the event loop', async () => {
    const clock = fakeClock();
    const path = join(makeTempDir().path, 'facts.db');
    const db = openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS });
    const store = createFactStore(sqliteBackend(db, clock), clock);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 5);
    setTimeout(() => other.exec('COMMIT'), 120);
    await store.put(aPut());
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
    await store.close();
    other.close();
  });
});
