import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { openSqlite, type SqliteDatabase } from '@praxis/storage';
import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { createFactStore } from '../src/fact-store.ts';
import { SQLITE_FACT_MIGRATIONS } from '../src/sqlite-schema.ts';
import { openSqliteFactStore, sqliteBackend } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import { forge } from './forge.ts';

/** Overwrites the middle of every page but the first few, which hold the schema. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  for (let page = 4096 * 24; page < bytes.length; page += 4096) bytes.fill(0x5a, page, page + 2000);
  writeFileSync(path, bytes);
}

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

  it('says on every way of reading that the file is damaged', async () => {
    const clock = fakeClock();
    const path = join(makeTempDir().path, 'facts.db');
    const open = (): SqliteDatabase =>
      openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS, checkIntegrity: false });
    const first = createFactStore(sqliteBackend(open(), clock), clock);
    const puts = Array.from({ length: 2000 }, (_, n) =>
      aPut({ subject: `host:${n}`, target: `host:${n + 1}` }),
    );
    for (const value of ['a', 'b']) await first.putMany(puts.map((put) => ({ ...put, value })));
    await first.close();
    const store = createFactStore(sqliteBackend(open(), clock), clock);
    damage(path);
    const { subject, predicate } = aPut({ subject: 'host:777' });
    const readings: (() => Promise<unknown>)[] = [
      () => store.query({ limit: 5000 }),
      () => store.query({ text: 'b' }),
      () => store.get({ subject, predicate, valueKey: 'host:778' }),
      () => store.history({ subject }),
      () => store.diff({ from: { recordedAt: 0 }, to: {} }),
      () => store.traverse({ from: subject }),
      () => store.seal(),
      () => store.verify(),
    ];
    for (const reading of readings) await expect(reading()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await store.close();
  });

  it.each([
    ['a number that no store writes', 'UPDATE facts SET valid_to = 9007199254740993', 'STORE_CORRUPT'],
    ['a clock that is gone', 'DELETE FROM fact_clock', 'STORE_TAMPERED'],
  ])('says that somebody left %s', async (_what, sql, code) => {
    const clock = fakeClock();
    const path = join(makeTempDir().path, 'facts.db');
    const first = await openSqliteFactStore({ path, clock });
    await first.put(aPut());
    await first.close();
    forge(path, sql);
    const store = await openSqliteFactStore({ path, clock });
    await expect(store.query({})).rejects.toMatchObject({ code });
    await expect(store.verify()).rejects.toMatchObject({ code });
    await store.close();
  });

  it('says that transaction time was set back behind an end', async () => {
    const clock = fakeClock();
    const path = join(makeTempDir().path, 'facts.db');
    const first = await openSqliteFactStore({ path, clock });
    const { subject, predicate, actor, reason } = aPut();
    await first.put(aPut({ validFrom: 0 }));
    await first.end({ subject, predicate, validFrom: 0, actor, reason });
    await first.close();
    forge(path, 'UPDATE fact_clock SET last = 0');
    const store = await openSqliteFactStore({ path, clock });
    await expect(store.verify()).rejects.toMatchObject({ code: 'STORE_TAMPERED' });
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
