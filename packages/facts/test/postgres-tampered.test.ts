import { openPostgres } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { POSTGRES_VERSION_6 } from '../src/postgres-schema-6.ts';
import { openPostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

const clock = fakeClock();
const open = (schema: string): Promise<FactStore> =>
  openPostgresFactStore({ url: server.url, clock, schema, poolMax: 2 });

/** Changes a table as its owner could: with its triggers off, and on again afterwards. */
async function forge(schema: string, table: string, sql: string): Promise<void> {
  const db = await openPostgres({
    url: server.url,
    schema,
    migrations: POSTGRES_FACT_MIGRATIONS,
    poolMax: 1,
  });
  const triggers = await db.query(
    `SELECT tgname FROM pg_trigger WHERE tgrelid = '${table}'::regclass AND NOT tgisinternal`,
  );
  await db.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  await db.query(sql);
  for (const [name] of triggers) await db.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${String(name)}`);
  await db.close();
}

/** What a dump restored into a new server looks like: its transactions begin to count anew, far below those of the rows. */
const MOVE = `UPDATE facts SET recorded_xid = (recorded_xid::text::int8 + 1000000)::text::xid8,
  superseded_xid = (superseded_xid::text::int8 + 1000000)::text::xid8`;

async function answers(store: FactStore, at: number): Promise<unknown[]> {
  const always = { from: 0, to: Number.MAX_SAFE_INTEGER };
  return [
    await store.query({}),
    await store.query({ validDuring: always, recordedAt: at }),
    await store.query({ limit: 1 }),
    await store.history({ subject: 'host:b' }),
    await store.diff({ from: { recordedAt: at }, to: {} }),
    await store.get({ subject: 'host:a', predicate: 'os' }),
  ].map((answer) => ({ ...answer, next: null }));
}

describe('a store that was moved to another PostgreSQL', () => {
  it.each([true, false])('answers as before, sealed before or not (%s)', async (sealed) => {
    const schema = `moved_${sealed}`;
    const first = await open(schema);
    const { recordedAt } = await first.put(aPut({ subject: 'host:a', value: 1 }));
    await first.putMany(['b', 'c', 'd'].map((name) => aPut({ subject: `host:${name}`, value: 1 })));
    await first.put(aPut({ subject: 'host:b', value: 2 }));
    if (sealed) await first.seal();
    // The last thing that happened left no row behind, only an end.
    await first.end({ subject: 'host:c', predicate: 'os', validFrom: 0, actor: 'a:b', reason: '' });
    const before = await answers(first, recordedAt);
    await first.close();
    await forge(schema, 'facts', MOVE);
    const moved = await open(schema);
    expect(await answers(moved, recordedAt)).toEqual(before);
    expect(await moved.verify()).toMatchObject({ ok: true, unsealedRows: 0 });
    await moved.put(aPut({ subject: 'host:e', value: 3 }));
    await moved.close();
    const again = await open(schema);
    expect((await again.query({})).facts.map((fact) => fact.subject)).toEqual([
      'host:a',
      'host:b',
      'host:d',
      'host:e',
    ]);
    await again.close();
  });

  it.each([
    ['set back', 'UPDATE fact_clock SET last = 7'],
    ['gone', 'DELETE FROM fact_clock'],
  ])('says that its clock was %s', async (what, sql) => {
    const schema = `clock_${what.replace(' ', '_')}`;
    const first = await open(schema);
    await first.put(aPut());
    await first.close();
    await forge(schema, 'fact_clock', sql);
    const store = await open(schema);
    await expect(store.verify()).rejects.toMatchObject({ code: 'STORE_TAMPERED' });
    await store.close();
  });
});

/** The function that puts, changed. */
function putThat(change: (statement: string) => string): string {
  const made = POSTGRES_VERSION_6.split(/^--;$/m).find((statement) =>
    statement.includes('FUNCTION fact_put'),
  );
  return change(made ?? '').replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION');
}

describe('what guards a store in PostgreSQL, looked at as a whole', () => {
  const grows = 'BEFORE UPDATE ON fact_observations FOR EACH ROW';
  const always = (table: string, trigger: string): string =>
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${trigger}`;
  it.each([
    [
      'a condition that is never met',
      `DROP TRIGGER fact_observations_grow ON fact_observations;
       CREATE TRIGGER fact_observations_grow ${grows} WHEN (false) EXECUTE FUNCTION fact_refuse_shrinking();
       ${always('fact_observations', 'fact_observations_grow')}`,
    ],
    [
      'a condition that is missing',
      `DROP TRIGGER fact_clock_forward ON fact_clock;
       CREATE TRIGGER fact_clock_forward AFTER UPDATE OF one ON fact_clock FOR EACH ROW
         WHEN (NEW.one <> OLD.one OR NEW.last <= OLD.last) EXECUTE FUNCTION fact_refuse_going_back();
       ${always('fact_clock', 'fact_clock_forward')}`,
    ],
    [
      'a trigger that fires at another time',
      `DROP TRIGGER facts_no_delete ON facts;
       CREATE TRIGGER facts_no_delete BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION fact_refuse();
       ${always('facts', 'facts_no_delete')}`,
    ],
    [
      'a trigger that was added',
      `CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.value := 1; RETURN NEW; END';
       CREATE TRIGGER other BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION other()`,
    ],
    ['a rule that was added', 'CREATE RULE other AS ON DELETE TO facts DO INSTEAD NOTHING'],
  ])('shows %s when it is verified', async (what, sql) => {
    for (const partition of [false, true]) {
      const schema = `whole_${partition}_${what.replaceAll(/\W/g, '_')}`;
      const store = await openPostgresFactStore({ url: server.url, clock, schema, poolMax: 2, partition });
      await store.put(aPut());
      expect(await store.verify()).toMatchObject({ ok: true });
      const db = await openPostgres({ url: server.url, schema, migrations: POSTGRES_FACT_MIGRATIONS });
      await db.query(
        sql.replace(/BEFORE (INSERT|DELETE) ON facts FOR EACH ROW EXECUTE FUNCTION fact_refuse/, (all) =>
          partition ? all.replace('ROW', 'STATEMENT') : all,
        ),
      );
      await db.close();
      await expect(store.verify(), String(partition)).rejects.toMatchObject({ code: 'STORE_TAMPERED' });
      await store.close();
    }
  });
});

describe('what guards a store in PostgreSQL', () => {
  it.each([
    [
      'a function that no longer refuses',
      `CREATE OR REPLACE FUNCTION fact_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`,
    ],
    [
      'a put that does something else',
      putThat((body) => body.replace('superseded_reason = p_reason', "superseded_reason = 'forged'")),
    ],
    ['a stable put, which sees nothing new', 'ALTER FUNCTION fact_put STABLE'],
    ['a second put', putThat((body) => body.replace('p_digest text', 'p_digest int'))],
    ['an index that was dropped', 'DROP INDEX facts_believed'],
    ['a lock that was removed', 'DELETE FROM fact_stripes WHERE stripe = 7'],
    ['a trigger that was disabled', 'ALTER TABLE facts DISABLE TRIGGER facts_no_delete'],
  ])('shows %s when it is opened', async (what, sql) => {
    const schema = `guard_${what.replaceAll(/\W/g, '_')}`;
    await (await open(schema)).close();
    const db = await openPostgres({ url: server.url, schema, migrations: POSTGRES_FACT_MIGRATIONS });
    await db.query(sql);
    await db.close();
    await expect(open(schema)).rejects.toMatchObject({ code: 'STORE_TAMPERED' });
  });
});
