// What a million facts cost: bytes and time, in SQLite, in PostgreSQL, and in PostgreSQL partitioned by transaction
// time. Measured with 100,000, or with a million (`--full`); all figures are for a million.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { systemClock } from '@praxis/core';
import { type FactStore, openPostgresFactStore, openSqliteFactStore, type PutFact } from '@praxis/facts';
import { openPostgres } from '@praxis/storage';

import { POSTGRES_FACT_MIGRATIONS } from '../packages/facts/src/postgres-schema.ts';
import { startPostgres } from '../packages/facts/test/postgres-server.ts';

const FACTS = process.argv.includes('--full') ? 1_000_000 : 100_000;
const MILLION = 1_000_000;
const BATCH = 10_000;
const LANES = 2;
const MEBIBYTE = 1_048_576;

/** Bytes of tables and of indexes. */
interface Size {
  tables: number;
  indexes: number;
}

/** A fact of the size collectors make. */
function aPut(n: number, state: string): PutFact {
  const value = { state, version: `12.${n % 100}.${n % 7}`, since: 'boot' };
  return {
    subject: `host:h${String(n).padStart(9, '0')}`,
    predicate: 'package_openssh',
    value,
    actor: 'bench:size',
    reason: 'bench',
  };
}

async function load(store: FactStore, state: string): Promise<number> {
  const from = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let base = next++ * BATCH; base < FACTS; base = next++ * BATCH)
      await store.putMany(Array.from({ length: BATCH }, (_, k) => aPut(base + k, state)));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return (performance.now() - from) / 1000;
}

async function measure(name: string, store: FactStore, sizeOf: () => Promise<Size>): Promise<void> {
  let before: Size = { tables: 0, indexes: 0 };
  const row = async (what: string, seconds: number): Promise<void> => {
    const now = await sizeOf();
    const perMillion = (bytes: number): string => `${Math.round((bytes * (MILLION / FACTS)) / MEBIBYTE)} MiB`;
    const cells = [
      name,
      what,
      perMillion(now.tables - before.tables),
      perMillion(now.indexes - before.indexes),
    ];
    before = now;
    process.stdout.write(`| ${[...cells, `${(seconds * (MILLION / FACTS)).toFixed(0)} s`].join(' | ')} |\n`);
  };
  await row('a new fact', await load(store, 'running'));
  await row('the same again', await load(store, 'running'));
  await row('a change of it', await load(store, 'failed'));
  const from = performance.now();
  await store.query({ text: 'nothing', limit: 1 });
  await row('the first search, of all versions', (performance.now() - from) / 1000);
  await store.close();
}

async function sqlite(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-size-'));
  try {
    const path = join(directory, 'facts.db');
    const store = await openSqliteFactStore({ path, clock: systemClock });
    const sizeOf = async (): Promise<Size> => ({ tables: statSync(path).size, indexes: 0 });
    await measure('SQLite', store, sizeOf);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function postgres(url: string, schema: string, partition: boolean): Promise<void> {
  const store = await openPostgresFactStore({ url, clock: systemClock, schema, partition });
  const db = await openPostgres({ url, schema, migrations: POSTGRES_FACT_MIGRATIONS, poolMax: 1 });
  const sizeOf = async (): Promise<Size> => {
    const [row] =
      await db.query(`SELECT sum(pg_table_size(c.oid))::int8, sum(pg_indexes_size(c.oid))::int8 FROM pg_class c
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'`);
    return { tables: Number(row?.[0]), indexes: Number(row?.[1]) };
  };
  await measure(partition ? 'PostgreSQL, partitioned' : 'PostgreSQL', store, sizeOf);
  await db.close();
}

process.stdout.write('| store | a million of | tables | indexes | time |\n|---|---|---:|---:|---:|\n');
await sqlite();
const server = await startPostgres({ durable: true });
try {
  await postgres(server.url, 'plain', false);
  await postgres(server.url, 'months', true);
} finally {
  await server.stop();
}
