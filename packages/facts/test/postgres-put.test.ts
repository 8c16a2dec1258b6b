import { INSTANT_MAX, INSTANT_MIN, type Instant } from '@praxis/core';
import { openPostgres, type PostgresDatabase } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { WriteOutcome } from '../src/backend.ts';
import { createSinglePut, type SinglePut } from '../src/postgres-put.ts';
import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { aPut } from '../src/store.contract.ts';
import type { PutFact } from '../src/store.ts';
import { checkPut } from '../src/validate.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;
let db: PostgresDatabase;
let single: SinglePut;
let opened = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await db.close();
  await server.stop();
});
beforeEach(async () => {
  await (db as PostgresDatabase | undefined)?.close();
  opened += 1;
  const options = { url: server.url, schema: `put_${opened}`, migrations: POSTGRES_FACT_MIGRATIONS };
  db = await openPostgres({ ...options, poolMax: 1 });
  single = createSinglePut(db);
  given = INSTANT_MIN;
});

const clock = fakeClock();
let given: Instant = INSTANT_MIN;

/** Puts in one statement; null where that cannot be done. */
async function put(fact: Partial<PutFact>): Promise<WriteOutcome | null> {
  const write = checkPut(aPut(fact));
  if (write.content === null) throw new TypeError('a put has a content');
  const instants = { now: clock.now(), given, isPrepared: () => true };
  const outcome = await single({ ...write, content: write.content }, instants);
  given = outcome?.recordedAt ?? given;
  return outcome;
}

/** What is believed, in order of validity. */
async function believed(): Promise<unknown[]> {
  const rows = await db.query(
    `SELECT value, valid_from, valid_to FROM facts
    WHERE superseded_at IS NULL AND recorded_at > $1 ORDER BY valid_from`,
    [INSTANT_MIN],
  );
  return rows.map(([value, from, to]) => [value, from, to === INSTANT_MAX ? '∞' : to]);
}

describe('a put in one statement', () => {
  it('adds a new fact', async () => {
    expect(await put({ value: 1, validFrom: 10 })).toMatchObject({ changed: true });
    expect(await believed()).toEqual([['1', 10, '∞']]);
  });

  it('supersedes the version it lies in, whose rest stays believed on both sides, with its text', async () => {
    await put({ value: 'fox', validFrom: 10 });
    await put({ value: 2, validFrom: 20, validTo: 30 });
    expect(await believed()).toEqual([
      ['"fox"', 10, 20],
      ['2', 20, 30],
      ['"fox"', 30, '∞'],
    ]);
    expect(await db.query(`SELECT count(*) FROM fact_text WHERE words @@ 'fox'`)).toEqual([[3]]);
  });

  it('holds until the next later version', async () => {
    await put({ value: 1, validFrom: 20 });
    await put({ value: 2, validFrom: 10 });
    expect(await believed()).toEqual([
      ['2', 10, 20],
      ['1', 20, '∞'],
    ]);
  });

  it('that says the same is counted, and adds nothing', async () => {
    const first = await put({ value: 1, validFrom: 10, observedAt: 7 });
    const again = await put({ value: 1, validFrom: 15, observedAt: 9 });
    expect(again).toMatchObject({ changed: false, factId: first?.factId });
    expect(await put({ value: 1, validFrom: 15, observedAt: 8 })).toMatchObject({ changed: false });
    const observed = await db.query('SELECT last_observed_at, observation_count FROM fact_observations');
    expect(observed).toEqual([[9, 3]]);
  });

  it('is given an instant after the last, even where the clock stepped back', async () => {
    const first = await put({ value: 1 });
    clock.step(-60_000);
    expect((await put({ value: 2 }))?.recordedAt).toBe((first?.recordedAt ?? 0) + 1);
  });

  it('remembers its answer, and leaves it to others to give it again', async () => {
    const outcome = await put({ value: 1, idempotencyKey: 'k' });
    const [[said] = []] = await db.query('SELECT outcome FROM fact_idempotency');
    expect(JSON.parse(String(said))).toEqual(outcome);
    expect(await put({ value: 1, idempotencyKey: 'k' })).toBeNull();
  });

  it('expects what is believed, and leaves it to others to refuse it', async () => {
    expect(await put({ value: 1, validFrom: 10, expected: 'f'.repeat(64) })).toBeNull();
    const first = await put({ value: 1, validFrom: 10, expected: null });
    expect(await put({ value: 2, validFrom: 10, expected: null })).toBeNull();
    const expected = first?.contentHash ?? null;
    expect(await put({ value: 2, validFrom: 10, expected })).toMatchObject({ changed: true });
  });

  it('is left to others where it lies over two versions, or where none without end keeps bulk ingest away', async () => {
    expect(await put({ value: 1, validFrom: 10, validTo: 20 })).toBeNull();
    await put({ value: 1, validFrom: 20 });
    await put({ value: 2, validFrom: 10 });
    expect(await put({ value: 3, validFrom: 15, validTo: 25 })).toBeNull();
  });

  it('is left to others where there is no place for what ends at its instant', async () => {
    const write = checkPut(aPut());
    if (write.content === null) throw new TypeError('a put has a content');
    const now = clock.now();
    const instants = { now, given: INSTANT_MIN, isPrepared: (instant: Instant) => instant !== now };
    expect(await single({ ...write, content: write.content }, instants)).toBeNull();
  });

  it('is left to others for a while after somebody else was given an instant', async () => {
    await put({ value: 1 });
    await db.query('UPDATE fact_clock SET last = last + 1');
    for (let n = 0; n <= 16; n += 1) expect(await put({ value: n })).toBeNull();
    given = INSTANT_MIN;
    clock.advance(600_000);
    expect(await put({ value: 'alone' })).toMatchObject({ changed: true });
  });

  it('that comes to nothing moves no clock', async () => {
    await put({ value: 1, validFrom: 10 });
    const last = await db.query('SELECT last FROM fact_clock');
    expect(await put({ value: 2, validFrom: 10, expected: null })).toBeNull();
    expect(await db.query('SELECT last FROM fact_clock')).toEqual(last);
  });
});
