import type { Instant } from '@praxis/core';
import type { PostgresDatabase, PostgresSession } from '@praxis/storage';

import { LOCK_ALL_STRIPES } from './postgres-schema.ts';
import { CLOSE_ONCE } from './postgres-schema-5.ts';

/** How many months are prepared ahead. */
export const PARTITION_MONTHS_AHEAD = 3;
/** The table that what is believed is in, of a partitioned store. */
export const PARTITION_BELIEVED = 'facts_current';

const MICROSECONDS_PER_MS = 1000;
const IS_PARTITIONED = `SELECT c.relkind = 'p' FROM pg_class c
  WHERE c.relname = 'facts' AND c.relnamespace = current_schema()::regnamespace`;
const LOCK_SCHEMA = 'LOCK TABLE praxis_version IN SHARE ROW EXCLUSIVE MODE';
const ENDED_MONTHS = `SELECT DISTINCT floor(extract(epoch FROM
  date_trunc('month', to_timestamp(superseded_at / 1000000.0) AT TIME ZONE 'UTC')))::int8 * 1000000
  FROM facts WHERE superseded_at IS NOT NULL`;

// What is believed stays where it is, as the default partition: its indexes keep its uniqueness, which no other
// partition can break, because rows with an end cannot be in it and rows without one cannot be elsewhere.
const CONVERT: readonly string[] = [
  'DROP TRIGGER facts_no_delete ON facts',
  'DROP TRIGGER facts_no_truncate ON facts',
  'DROP TRIGGER facts_close_once ON facts',
  'DROP TRIGGER facts_inserted ON facts',
  'DROP INDEX facts_superseded',
  'DROP INDEX facts_past',
  `ALTER TABLE facts RENAME TO ${PARTITION_BELIEVED}`,
  `CREATE TABLE facts (LIKE ${PARTITION_BELIEVED} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (superseded_at)`,
];
// Guards of statements, not of rows: a row that ends moves to its month, which the database does by a deletion
// and an insertion that no statement asked for.
const GUARD: readonly string[] = [
  ...guard('facts', 'DELETE'),
  ...guard('facts', 'TRUNCATE'),
  ...guard(PARTITION_BELIEVED, 'DELETE'),
  ...guard(PARTITION_BELIEVED, 'TRUNCATE'),
  ...CLOSE_ONCE,
  ...['facts', PARTITION_BELIEVED].flatMap((table) => [
    `CREATE TRIGGER ${table}_inserted AFTER INSERT ON ${table} REFERENCING NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION fact_inserted()`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_inserted`,
  ]),
];

/** Whether the store is partitioned. */
export async function isPartitioned(session: PostgresSession): Promise<boolean> {
  const [row] = await session.query(IS_PARTITIONED);
  return row?.[0] === true;
}

/**
 * Makes a store partitioned by the end of belief, a month each, for good. Rows whose belief has ended are
 * moved once, while nobody writes; those believed stay where they are.
 */
export function partitionFacts(db: PostgresDatabase, now: Instant): Promise<void> {
  return db.transactPatiently(async (session) => {
    await session.query(LOCK_SCHEMA);
    if (await isPartitioned(session)) return;
    await session.query(LOCK_ALL_STRIPES);
    const ended = await session.query(ENDED_MONTHS);
    await Promise.all(CONVERT.map((statement) => session.query(statement)));
    for (const [month] of ended) {
      const { table, from, to } = monthOf(Number(month));
      await addMonth(session, Number(month));
      await session.query(`ALTER TABLE ${table} DISABLE TRIGGER ${table}_no_insert`);
      await session.query(`INSERT INTO ${table} SELECT * FROM ${PARTITION_BELIEVED}
        WHERE superseded_at >= ${from} AND superseded_at < ${to}`);
      await session.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_no_insert`);
    }
    await session.query(`DELETE FROM ${PARTITION_BELIEVED} WHERE superseded_at IS NOT NULL`);
    // It also tells the database that a new month takes no row from here.
    await session.query(
      `ALTER TABLE ${PARTITION_BELIEVED} ADD CONSTRAINT ${PARTITION_BELIEVED}_believed CHECK (superseded_at IS NULL)`,
    );
    await session.query(`ALTER TABLE facts ATTACH PARTITION ${PARTITION_BELIEVED} DEFAULT`);
    await Promise.all(GUARD.map((statement) => session.query(statement)));
    await addMonths(session, now);
  });
}

/** Prepares the months from one on; gives their tables. */
export function prepareMonths(db: PostgresDatabase, from: Instant): Promise<string[]> {
  return db.transact(async (session) => {
    await session.query(LOCK_SCHEMA);
    return addMonths(session, from);
  });
}

async function addMonths(session: PostgresSession, from: Instant): Promise<string[]> {
  const tables: string[] = [];
  let instant = from;
  for (let ahead = 0; ahead <= PARTITION_MONTHS_AHEAD; ahead += 1) {
    await addMonth(session, instant);
    const { table, to } = monthOf(instant);
    tables.push(table);
    instant = to;
  }
  return tables;
}

async function addMonth(session: PostgresSession, instant: Instant): Promise<void> {
  const { table, from, to } = monthOf(instant);
  const [found] = await session.query('SELECT to_regclass($1) IS NOT NULL', [table]);
  if (found?.[0] === true) return;
  const statements = [
    `CREATE TABLE ${table} PARTITION OF facts (PRIMARY KEY (seq)) FOR VALUES FROM (${from}) TO (${to})`,
    `CREATE INDEX ${table}_past ON ${table} (subject, predicate, fact_type, value_key, recorded_at)`,
    `CREATE INDEX ${table}_at ON ${table} (superseded_at)`,
    `CREATE INDEX ${table}_target ON ${table} (target) WHERE target IS NOT NULL`,
    ...guard(table, 'DELETE'),
    ...guard(table, 'TRUNCATE'),
    ...guard(table, 'INSERT'),
  ];
  await Promise.all(statements.map((statement) => session.query(statement)));
}

function guard(table: string, what: 'DELETE' | 'TRUNCATE' | 'INSERT'): string[] {
  const name = `${table}_no_${what.toLowerCase()}`;
  return [
    `CREATE TRIGGER ${name} BEFORE ${what} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}`,
  ];
}

/** The month an instant lies in, in UTC: its table and its bounds. */
export function monthOf(instant: Instant): { table: string; from: Instant; to: Instant } {
  const date = new Date(Math.floor(instant / MICROSECONDS_PER_MS));
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const start = (at: number): Instant => Date.UTC(year, at) * MICROSECONDS_PER_MS;
  const name = `${String(year).padStart(4, '0')}_${String(month + 1).padStart(2, '0')}`;
  return { table: `facts_ended_${name}`, from: start(month), to: start(month + 1) };
}
