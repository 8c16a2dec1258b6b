import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { openSqlite } from '@praxis/storage';
import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { restoreFactStore } from '../src/restore.ts';
import { SQLITE_FACT_MIGRATIONS } from '../src/sqlite-schema.ts';
import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { forge } from './forge.ts';

const clock = fakeClock();

/** A store with three seals, closed. */
async function aSealedStore(): Promise<string> {
  const path = join(makeTempDir().path, 'facts.db');
  const store = await openSqliteFactStore({ path, clock });
  for (const value of ['a', 'b', 'c']) {
    await store.put(aPut({ value }));
    await store.classify({
      subject: `x:${value}`,
      classification: 'restricted',
      actor: 'operator:anna',
      reason: 'r',
    });
    await store.seal();
  }
  await store.close();
  return path;
}

async function verified(path: string, head?: string): ReturnType<FactStore['verify']> {
  const store = await openSqliteFactStore({ path, clock });
  const report = await store.verify(head === undefined ? {} : { head });
  await store.close();
  return report;
}

describe('a sealed store that was tampered with', () => {
  const forgeries: [string, string, number][] = [
    ['a value', 'UPDATE facts SET value = \'"x"\' WHERE seq = 1', 1],
    ['a period', 'UPDATE facts SET valid_from = valid_from - 1 WHERE seq = 2', 2],
    ['an actor', "UPDATE facts SET actor = 'x' WHERE seq = 1", 1],
    ['who superseded a fact', "UPDATE facts SET superseded_actor = 'x' WHERE seq = 1", 2],
    ['when a fact was superseded', 'UPDATE facts SET superseded_at = superseded_at + 1 WHERE seq = 1', 2],
    ['a key', "UPDATE facts SET subject = 'host:x'", 1],
    [
      'who supersedes a fact that nobody has superseded',
      "UPDATE facts SET superseded_actor = 'x', superseded_reason = 'y' WHERE superseded_at IS NULL",
      2,
    ],
    [
      'a removed row',
      'DELETE FROM fact_observations; DELETE FROM facts WHERE seq = (SELECT max(seq) FROM facts)',
      3,
    ],
    ['a classification', "UPDATE fact_classifications SET classification = 'public' WHERE rule_id = 2", 2],
    ['the number of a seal', 'UPDATE fact_seals SET seal_id = 4 WHERE seal_id = 3', 4],
    ['a seal', 'UPDATE fact_seals SET rows_sealed = rows_sealed + 1 WHERE seal_id = 2', 2],
  ];

  it.each(forgeries)('shows a change of %s at the first seal over it', async (_name, sql, sealId) => {
    const path = await aSealedStore();
    expect(await verified(path)).toMatchObject({ ok: true, seals: 3, unsealedRows: 0 });
    forge(path, sql);
    expect(await verified(path)).toMatchObject({ ok: false, firstBad: { sealId, code: 'FACT_SEAL_BROKEN' } });
  });

  it('shows a chain that was cut by the head kept elsewhere', async () => {
    const path = await aSealedStore();
    const { head } = await verified(path);
    forge(path, 'DELETE FROM fact_seals WHERE seal_id = 3');
    expect(await verified(path)).toMatchObject({ ok: true });
    expect(await verified(path, head?.hash ?? '')).toMatchObject({
      ok: false,
      firstBad: { code: 'FACT_SEAL_MISSING' },
    });
  });
});

describe('backup and restore', () => {
  it('bring back what was there when the backup was made, and keep what was replaced', async () => {
    const path = await aSealedStore();
    const store = await openSqliteFactStore({ path, clock });
    await store.backup(`${path}.bak`);
    await store.put(aPut({ value: 'later' }));
    await expect(restoreFactStore({ from: `${path}.bak`, to: path, clock })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });
    await store.close();
    const { keptAs, report } = await restoreFactStore({ from: `${path}.bak`, to: path, clock });
    expect(report).toMatchObject({ ok: true, seals: 3 });
    const restored = await openSqliteFactStore({ path, clock });
    expect((await restored.query({})).facts.map((f) => f.value)).toEqual(['c']);
    await restored.close();
    const kept = await openSqliteFactStore({ path: keptAs ?? '', clock });
    expect((await kept.query({})).facts.map((f) => f.value)).toEqual(['later']);
    await kept.close();
  });

  it('never put nothing in the place of something', async () => {
    const path = await aSealedStore();
    writeFileSync(`${path}.empty`, '');
    new DatabaseSync(`${path}.bare`).close();
    const other = new DatabaseSync(`${path}.other`);
    other.exec('CREATE TABLE t (x)');
    other.close();
    const refused: [string, string][] = [
      ['nowhere', 'STORE_IO'],
      ['empty', 'STORE_CORRUPT'],
      ['bare', 'STORE_CORRUPT'],
      ['other', 'STORE_CORRUPT'],
    ];
    const files = readdirSync(dirname(path));
    for (const [name, code] of refused) {
      const from = `${path}.${name}`;
      await expect(restoreFactStore({ from, to: path, clock })).rejects.toMatchObject({ code });
    }
    expect(readdirSync(dirname(path))).toEqual(files);
    expect(await verified(path)).toMatchObject({ ok: true, seals: 3 });
  });

  it('only read the backup, whatever version it is of', async () => {
    const path = join(makeTempDir().path, 'facts.db');
    const old = openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS.slice(0, 1) });
    old.close();
    const before = readFileSync(path);
    await restoreFactStore({ from: path, to: `${path}.new`, clock });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(await verified(`${path}.new`)).toMatchObject({ ok: true });
  });

  it('repairs a damaged store, and refuses a damaged or forged backup', async () => {
    const path = await aSealedStore();
    const store = await openSqliteFactStore({ path, clock });
    await store.backup(`${path}.bak`);
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 4096);
    writeFileSync(path, bytes);
    await expect(openSqliteFactStore({ path, clock })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await expect(restoreFactStore({ from: path, to: `${path}.new`, clock })).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    });
    await restoreFactStore({ from: `${path}.bak`, to: path, clock });
    expect(await verified(path)).toMatchObject({ ok: true, seals: 3 });
    forge(`${path}.bak`, "UPDATE facts SET actor = 'x'");
    await expect(restoreFactStore({ from: `${path}.bak`, to: path, clock })).rejects.toMatchObject({
      code: 'FACT_SEAL_CONFLICT',
    });
  });
});
