import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';

const FACTS = 9000;

async function aFilledStore(): Promise<{ path: string; store: FactStore }> {
  const path = join(makeTempDir().path, 'facts.db');
  const store = await openSqliteFactStore({ path, clock: fakeClock() });
  await store.putMany(
    Array.from({ length: FACTS }, (_, n) => aPut({ subject: `host:h${n}`, value: `word${n}` })),
  );
  return { path, store };
}

/** One in fifteen copies failed when they were made through the connection that is written through. */
const COPIES = 40;

describe('a reader of a SQLite store', () => {
  it('in another process sees what it began with, while writers go on', async () => {
    const { path, store } = await aFilledStore();
    const reader = new DatabaseSync(path, { readOnly: true });
    const count = (): unknown => reader.prepare('SELECT count(*) AS n FROM facts').get()?.['n'];
    reader.exec('BEGIN');
    expect(count()).toBe(FACTS);
    for (let n = 0; n < 20; n += 1) await store.put(aPut({ subject: `host:new${n}` }));
    expect(count()).toBe(FACTS);
    reader.exec('COMMIT');
    expect(count()).toBe(FACTS + 20);
    reader.close();
    await store.close();
  });

  it.each([
    ['seals', (store: FactStore) => store.seal()],
    ['verifies', (store: FactStore) => store.verify()],
    ['searches for the first time', (store: FactStore) => store.query({ text: 'word77' })],
    ['copies', (store: FactStore, path: string) => store.backup(`${path}.copy`)],
  ])('that %s lets writers of its own process in', async (_what, read) => {
    const { path, store } = await aFilledStore();
    const reader = { isDone: false };
    const done = read(store, path).finally(() => (reader.isDone = true));
    let writtenMeanwhile = 0;
    for (let n = 0; !reader.isDone && n < 10_000; n += 1) {
      await store.put(aPut({ subject: `host:new${n}` }));
      if (!reader.isDone) writtenMeanwhile += 1;
    }
    await done;
    expect(writtenMeanwhile).toBeGreaterThan(0);
    await store.close();
  });

  it('that copies again and again has every copy, whatever is written meanwhile', async () => {
    const { path, store } = await aFilledStore();
    let copies = 0;
    const copying = (async () => {
      for (; copies < COPIES; copies += 1) await store.backup(`${path}.${copies}`);
    })();
    const copier = { isDone: false };
    const done = copying.finally(() => (copier.isDone = true));
    done.catch(() => undefined);
    for (let n = 0; !copier.isDone; n += 1) await store.put(aPut({ subject: `host:more${n}` }));
    await done;
    expect(copies).toBe(COPIES);
    await store.close();
  });
});
