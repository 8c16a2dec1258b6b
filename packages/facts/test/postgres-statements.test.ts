import { openPostgres, type PostgresDatabase } from '@praxis/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;
let db: PostgresDatabase;

beforeAll(async () => {
  server = await startPostgres();
  db = await openPostgres({ url: server.url, schema: 'statements', migrations: [], poolMax: 2 });
});
afterAll(async () => {
  await db.close();
  await server.stop();
});

const EVERY_KIND = `SELECT $1::int8, 7::int4, $2::text, true, false, null::text, '\\x00ff'::bytea, 1.5::float8
  FROM generate_series(1, 2)`;

describe('a prepared statement', () => {
  it('gives the same rows the first time, when the server tells what they are, and later', async () => {
    const text = 'ĳ"\\\n😀'.repeat(1000);
    const row = [2 ** 53 - 1, 7, text, true, false, null, Buffer.from([0, 255]), 1.5];
    for (let time = 0; time < 4; time += 1)
      expect(await db.query(EVERY_KIND, [2 ** 53 - 1, text])).toEqual([row, row]);
  });

  it('may have no rows, and no columns', async () => {
    await db.query('CREATE TABLE kept (n int)');
    for (let time = 0; time < 4; time += 1) {
      expect(await db.query('INSERT INTO kept VALUES ($1)', [time])).toEqual([]);
      expect(await db.query('SELECT n FROM kept WHERE n > $1', [100])).toEqual([]);
    }
    expect(await db.query('SELECT count(*) FROM kept WHERE n >= $1', [0])).toEqual([[4]]);
  });

  it('that fails says why, and the next one works', async () => {
    for (let time = 0; time < 4; time += 1) {
      await expect(db.query('SELECT 1 / $1::int', [0])).rejects.toMatchObject({
        fields: { sqlstate: '22012' },
      });
      expect(await db.query('SELECT 1 / $1::int', [1])).toEqual([[1]]);
    }
  });
});

describe('statements that share a request', () => {
  const DIVIDE = 'SELECT $1::int, 100 / $2::int';
  const divide = (n: number, by = 1): Promise<unknown> => db.queryShared(DIVIDE, [n, by]);

  it('are answered each by itself, however many there are', async () => {
    const numbers = Array.from({ length: 500 }, (_, n) => n);
    for (let time = 0; time < 3; time += 1) {
      const answers = await Promise.all(numbers.map((n) => divide(n)));
      expect(answers).toEqual(numbers.map((n) => [[n, 100]]));
    }
  });

  it('fail each by itself: those behind one that fails are answered', async () => {
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    await Promise.all(numbers.map((n) => divide(n)));
    const answers = await Promise.allSettled(numbers.map((n) => divide(n, n % 7 === 3 ? 0 : 1)));
    for (const [n, answer] of answers.entries()) {
      if (n % 7 === 3) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED' } });
      else expect(answer).toEqual({ status: 'fulfilled', value: [[n, 100]] });
    }
    expect(await divide(1)).toEqual([[1, 100]]);
  });

  it('are told when their connection is cut, and the next ones have another', async () => {
    const slowly = (n: number): Promise<unknown> =>
      db.queryShared('SELECT $1::int, pg_sleep(0.2)::text', [n]);
    await Promise.all([1, 2, 3].map(slowly));
    const asking = Promise.allSettled([1, 2, 3].map(slowly));
    const other = await openPostgres({ url: server.url, schema: 'statements', migrations: [] });
    await other.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE query LIKE '%pg_sleep(0.2)%' AND pid <> pg_backend_pid()`);
    await other.close();
    for (const one of await asking)
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
    expect(await Promise.all([divide(1), divide(2), divide(3)])).toEqual([
      [[1, 100]],
      [[2, 100]],
      [[3, 100]],
    ]);
  });
});
