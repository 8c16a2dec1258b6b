import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { systemClock } from '@praxis/core';
import { compareFacts, type FactStore, openSqliteFactStore, type PutFact } from '@praxis/facts';
import { SQLITE_FACT_MIGRATIONS } from '../packages/facts/src/sqlite-schema.ts';

// Ratios against raw SQL, in one run, on one machine. `--full` goes on to 10^7 facts; parts can be named.
const FULL = process.argv.includes('--full');
const WRITE_ROUNDS = 25;
const PUTS_PER_ROUND = 400;
const CALLERS = 64;
const PUTS_PER_CALLER = 50;
const READ_ROUNDS = 25;
const READS_PER_ROUND = 2000;
const BULK_FACTS = 200_000;
const BULK_BATCH = 10_000;
/** How many transactions a loader keeps under way. */
const BULK_LANES = 3;
/** Transactions before those that count: the second thread, which writes bulk, starts with the first. */
const BULK_WARM_UP_BATCHES = 15;
/** How many rows the bare statement inserts at once. */
const BARE_BULK_ROWS = 125;
const DRIFT_FACTS = 100_000;
const SCALES = FULL ? [100_000, 1_000_000, 10_000_000] : [100_000, 1_000_000];
const SCALE_ROUNDS = 15;
const READ_PROBES = 1000;
const WRITE_PROBES = 200;
const WARM_UP_PUTS = 500;

const FOREVER = Number.MAX_SAFE_INTEGER;

const directory = mkdtempSync(join(tmpdir(), 'praxis-bench-'));

interface Row {
  measure: string;
  figure: string;
  target: string;
}
const rows: Row[] = [];

function report(measure: string, figure: string, target = ''): void {
  rows.push({ measure, figure, target });
  process.stdout.write(`${measure}: ${figure}${target === '' ? '' : `  (target ${target})`}\n`);
}

function aPut(n: number, value: PutFact['value'] = { state: 'ok', n }): PutFact {
  return { subject: `host:h${n}`, predicate: 'status', value, actor: 'bench:facts', reason: 'bench' };
}

/** Calls per second of `work`, called `count` times one after another. */
async function rate(count: number, work: (n: number) => unknown): Promise<number> {
  const from = performance.now();
  for (let n = 0; n < count; n += 1) await work(n);
  return count / ((performance.now() - from) / 1000);
}

function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The same insert, in the same schema, durable, by hand. */
function bareStore(path: string): (n: number) => void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536');
  for (const { sql } of SQLITE_FACT_MIGRATIONS) db.exec(sql);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const fact =
    db.prepare(`INSERT INTO facts (seq, subject, predicate, fact_type, value_key, valid_from, valid_to,
    recorded_at, observed_at, observation_count, content_hash, actor, reason, value)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const hash = new Uint8Array(32);
  return (n) => {
    begin.run();
    const { subject, predicate, value, actor, reason } = aPut(n);
    fact.run(
      n + 1,
      subject,
      predicate,
      'observed',
      '',
      n,
      FOREVER,
      n,
      n,
      1,
      hash,
      actor,
      reason,
      JSON.stringify(value),
    );
    commit.run();
  };
}

async function writes(): Promise<void> {
  const store = await openSqliteFactStore({ path: join(directory, 'writes.db'), clock: systemClock });
  const shared = await openSqliteFactStore({ path: join(directory, 'shared.db'), clock: systemClock });
  const bare = bareStore(join(directory, 'bare.db'));
  const callers = async (round: number): Promise<number> => {
    const from = performance.now();
    await Promise.all(
      Array.from({ length: CALLERS }, async (_, w) => {
        for (let n = 0; n < PUTS_PER_CALLER; n += 1)
          await shared.put(aPut(1_000_000 + round * 100_000 + n * CALLERS + w));
      }),
    );
    return (CALLERS * PUTS_PER_CALLER) / ((performance.now() - from) / 1000);
  };
  const [raw, single, grouped]: [number[], number[], number[]] = [[], [], []];
  // By turns, so that what else the machine does touches all.
  for (let round = 0; round < WRITE_ROUNDS; round += 1) {
    const base = round * PUTS_PER_ROUND;
    raw.push(await rate(PUTS_PER_ROUND, (n) => bare(base + n)));
    single.push(await rate(PUTS_PER_ROUND, (n) => store.put(aPut(base + n))));
    grouped.push(await callers(round));
  }
  const [one, bareOne] = [median(single), median(raw)];
  report('SQLite single put, bare transaction', perSecond(bareOne));
  report('SQLite single put', `${perSecond(one)}, ${(one / bareOne).toFixed(2)} of bare`, '>= 0.80');
  report(
    'SQLite put, 64 callers',
    `${perSecond(median(grouped))}, ${(median(grouped) / one).toFixed(1)} x single`,
    '>= 5',
  );
  await Promise.all([store.close(), shared.close()]);
}

async function bulk(name: string, store: FactStore, target: string): Promise<void> {
  const batch = (base: number): PutFact[] => Array.from({ length: BULK_BATCH }, (_, n) => aPut(base + n));
  for (let n = 1; n <= BULK_WARM_UP_BATCHES; n += 1) await store.putMany(batch(-n * BULK_BATCH));
  let next = 0;
  const load = async (facts: number, lanes: number): Promise<number> => {
    const from = performance.now();
    const end = next + facts;
    const lane = async (): Promise<void> => {
      for (let base = next; base < end; base = next) {
        next += BULK_BATCH;
        await store.putMany(batch(base));
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return facts / ((performance.now() - from) / 1000);
  };
  report(`${name} bulk ingest, one transaction at a time`, perSecond(await load(BULK_FACTS, 1)));
  report(
    `${name} bulk ingest, ${BULK_LANES} transactions under way`,
    perSecond(await load(BULK_FACTS, BULK_LANES)),
    target,
  );
}

/** What one core can at most: rows that are ready to be bound, in the same schema, many to a statement, nothing checked. */
function bareBulk(): void {
  const db = new DatabaseSync(join(directory, 'bare-bulk.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536');
  for (const { sql } of SQLITE_FACT_MIGRATIONS) db.exec(sql);
  const row = `(?, ?, 'status', 'observed', '', 0, ${FOREVER}, 0, 0, 1, ?, 'bench:facts', 'bench', ?)`;
  const insert =
    db.prepare(`INSERT INTO facts (seq, subject, predicate, fact_type, value_key, valid_from, valid_to,
    recorded_at, observed_at, observation_count, content_hash, actor, reason, value)
    VALUES ${Array.from({ length: BARE_BULK_ROWS }, () => row).join(', ')}`);
  const hash = new Uint8Array(32);
  const rowsOf = (from: number): SQLInputValue[] =>
    Array.from({ length: BARE_BULK_ROWS }, (_, k) => from + k).flatMap((n) => [
      n + 1,
      `host:h${n}`,
      hash,
      `{"n":${n},"state":"ok"}`,
    ]);
  let took = 0;
  for (let base = 0; base < BULK_FACTS; base += BULK_BATCH) {
    const blocks = Array.from({ length: BULK_BATCH / BARE_BULK_ROWS }, (_, k) =>
      rowsOf(base + k * BARE_BULK_ROWS),
    );
    const from = performance.now();
    db.exec('BEGIN IMMEDIATE');
    for (const block of blocks) insert.run(...block);
    db.exec('COMMIT');
    took += performance.now() - from;
  }
  report('SQLite bulk, bare statement of many rows on one core', perSecond(BULK_FACTS / (took / 1000)));
  db.close();
}

async function reads(): Promise<void> {
  const path = join(directory, 'reads.db');
  const store = await openSqliteFactStore({ path, clock: systemClock });
  await store.putMany(Array.from({ length: 10_000 }, (_, n) => aPut(n)));
  const recorded: number[] = [];
  for (let n = 0; n < 1000; n += 1) recorded.push((await store.put(aPut(-1, n))).recordedAt);
  const db = new DatabaseSync(path, { readOnly: true });
  const bare = db.prepare(`SELECT value, valid_from, valid_to, recorded_at, actor, reason FROM facts
    WHERE subject = ? AND predicate = ? AND fact_type = ? AND value_key = ?
    AND superseded_at IS NULL AND valid_from <= ? AND valid_to > ? AND recorded_at <= ?`);
  const now = systemClock.now() + 1_000_000;
  const point = (n: number): object => ({
    subject: `host:h${n % 10_000}`,
    predicate: 'status',
    validAt: now,
    recordedAt: now,
  });
  const [raw, one, many]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < READ_ROUNDS; round += 1) {
    raw.push(
      await rate(READS_PER_ROUND, (n) => {
        const row = bare.get(`host:h${n % 10_000}`, 'status', 'observed', '', now, now, now);
        return JSON.parse(String(row?.['value'])) as unknown;
      }),
    );
    one.push(await rate(READS_PER_ROUND, (n) => store.get(point(n) as Parameters<FactStore['get']>[0])));
    many.push(
      await rate(READS_PER_ROUND, (n) => {
        const instant = recorded[(n * 7919) % recorded.length] ?? 0;
        const other = recorded[(n * 104_729) % recorded.length] ?? 0;
        return store.get({ subject: 'host:h-1', predicate: 'status', validAt: other, recordedAt: instant });
      }),
    );
  }
  report('SQLite point read, bare prepared statement', perSecond(median(raw)));
  report(
    'SQLite point read, 1 version',
    `${perSecond(median(one))}, ${(median(one) / median(raw)).toFixed(2)} of bare`,
    '>= 0.60',
  );
  const slower = median(one) / median(many);
  report(
    'SQLite point as-of read, 1,000 versions, both axes',
    `${perSecond(median(many))}, ${slower.toFixed(2)} x the time at 1`,
    '<= 2',
  );
  db.close();
  await store.close();
}

function drift(): void {
  // In key order, as a store gives them.
  const side = (): { subject: string; predicate: string; valueKey: string; value: PutFact['value'] }[] =>
    Array.from({ length: DRIFT_FACTS }, (_, n) => ({
      subject: `host:h${String((n / 100) | 0).padStart(5, '0')}`,
      predicate: `p${String(n % 100).padStart(2, '0')}`,
      valueKey: '',
      value: { version: `1.${n % 97}`, enabled: true },
    }));
  const wanted = side();
  const found = side();
  for (let n = 0; n < 100; n += 1) Object.assign(found[n * 997] ?? {}, { value: 'drifted' });
  const times: number[] = [];
  for (let round = 0; round < 31; round += 1) {
    const from = performance.now();
    const { length } = compareFacts(wanted, found);
    times.push(performance.now() - from);
    if (length !== 100) throw new Error(`found ${length} differences of 100`);
  }
  report('drift comparison of 100,000 facts in memory', `${median(times).toFixed(1)} ms`, '< 15 ms');
}

interface Grown {
  readonly store: FactStore;
  size: number;
  /** How many facts were appended while measuring. */
  appended: number;
}

async function grow(grown: Grown, size: number): Promise<void> {
  for (; grown.size < size; grown.size += BULK_BATCH) {
    const from = grown.size;
    await grown.store.putMany(Array.from({ length: BULK_BATCH }, (_, n) => aPut(from + n)));
  }
  // The journal of the bulk load is written back by whoever writes next: not by what is measured.
  for (let n = 0; n < WARM_UP_PUTS; n += 1) await append(grown);
}

function append(grown: Grown): Promise<unknown> {
  grown.appended += 1;
  return grown.store.put(aPut(100_000_000 + grown.appended));
}

const PROBES_OF: Readonly<Record<string, (grown: Grown, n: number) => Promise<unknown>>> = {
  'point read': ({ store, size }, n) =>
    store.get({ subject: `host:h${spread(n, size)}`, predicate: 'status' }),
  append: (grown) => append(grown),
  'random key': ({ store, size }, n) => store.put(aPut(spread(n, size), { changed: n })),
};

function spread(n: number, size: number): number {
  return (n * 7_368_787) % size;
}

/** The same reads and writes on a small store and a large one, by turns: they must stay flat. */
async function scale(): Promise<void> {
  const open = async (name: string): Promise<Grown> => {
    const store = await openSqliteFactStore({ path: join(directory, name), clock: systemClock });
    return { store, size: 0, appended: 0 };
  };
  const small = await open('small.db');
  const large = await open('large.db');
  await grow(small, SCALES[0] ?? 0);
  for (const wanted of SCALES.slice(1)) {
    await grow(large, wanted);
    for (const [name, probe] of Object.entries(PROBES_OF)) {
      const [before, now]: [number[], number[]] = [[], []];
      const count = name === 'point read' ? READ_PROBES : WRITE_PROBES;
      for (let round = 0; round < SCALE_ROUNDS; round += 1) {
        const at = (n: number): number => wanted + round * count + n;
        before.push(await rate(count, (n) => probe(small, at(n))));
        now.push(await rate(count, (n) => probe(large, at(n))));
      }
      report(
        `SQLite at ${wanted.toLocaleString('en')} facts, ${name}`,
        `${perSecond(median(now))}, ${(median(before) / median(now)).toFixed(2)} x the time at ${small.size.toLocaleString('en')}`,
        name === 'random key' ? '<= 3' : '<= 1.5',
      );
    }
  }
  await Promise.all([small, large].map(({ store }) => store.close()));
}

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  writes,
  reads,
  drift: async () => drift(),
  bulk: async () => {
    const store = await openSqliteFactStore({ path: join(directory, 'bulk.db'), clock: systemClock });
    bareBulk();
    await bulk('SQLite', store, '>= 250,000/s');
    await store.close();
  },
  scale,
};

// Parts can be named, so that a long run can be made in pieces.
const named = process.argv.slice(2).filter((argument) => argument in PARTS);
try {
  for (const part of named.length > 0 ? named : Object.keys(PARTS)) await PARTS[part]?.();
  process.stdout.write('\n| measure | figure | target |\n|---|---|---|\n');
  for (const { measure, figure, target } of rows)
    process.stdout.write(`| ${measure} | ${figure} | ${target} |\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
