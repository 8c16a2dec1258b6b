import { performance } from 'node:perf_hooks';

import { systemClock } from '@praxis/core';
import { type FactStore, openPostgresFactStore, type PutFact } from '@praxis/facts';
import { Pool } from 'pg';

import { startPostgres } from '../packages/facts/test/postgres-server.ts';

// A real server with fsync on, on the same two cores. Parts run by name: writes, reads, bulk.
const CALLERS = 64;
const ROUNDS = 15;
const WARM_UP = 300;
const PUTS_PER_ROUND = 60;
const PUTS_PER_CALLER = 10;
const READS_PER_ROUND = 400;
const READS_PER_CALLER = 20;
const VERSIONS = 1000;
const CONNECTIONS = 8;
const BULK_FACTS = 200_000;
const BULK_BATCH = 10_000;
/** How many transactions a loader keeps under way. */
const BULK_LANES = 3;
const FOREVER = Number.MAX_SAFE_INTEGER;

function report(measure: string, figure: string, target = ''): void {
  process.stdout.write(`${measure}: ${figure}${target === '' ? '' : `  (target ${target})`}\n`);
}

function aPut(n: number, value: PutFact['value'] = { state: 'ok', n }): PutFact {
  return { subject: `host:h${n}`, predicate: 'status', value, actor: 'bench:facts', reason: 'bench' };
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')}/s`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Calls per second of `work`, by some callers at once, each one call after another. */
async function rate(callers: number, each: number, work: (n: number) => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let n = 0; n < each; n += 1) await work(n * callers + caller);
    }),
  );
  return (callers * each) / ((performance.now() - from) / 1000);
}

/** The medians of some rates, measured by turns, so that what else the machine does touches all. */
async function byTurns(works: readonly ((round: number) => Promise<number>)[]): Promise<number[]> {
  const rates = works.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [n, work] of works.entries()) rates[n]?.push(await work(round));
  return rates.map(median);
}

function pool(url: string, schema: string): Pool {
  const settings = {
    connectionString: url,
    max: CONNECTIONS,
    options: `-c search_path=${schema}`,
    pipeline: true,
  };
  const connections = new Pool(settings);
  // The server goes away at the end.
  connections.on('error', () => undefined);
  return connections;
}

/** The rows of one put in the same tables, durable, by hand: every statement is answered before the next. */
async function bareTransaction(bare: Pool, n: number): Promise<void> {
  const client = await bare.connect();
  try {
    const { subject, predicate, value, actor, reason } = aPut(n);
    await client.query('BEGIN');
    const { rows } = await client.query({
      name: 'fact',
      text: `INSERT INTO facts (seq, subject, predicate, fact_type, value_key, valid_from, valid_to, recorded_at, observed_at,
        observation_count, content_hash, actor, reason, value)
        VALUES (nextval('fact_seq'), $1, $2, 'observed', '', $3, $4, $3, $3, 1, $5, $6, $7, $8) RETURNING seq`,
      values: [subject, predicate, n, FOREVER, Buffer.alloc(32), actor, reason, JSON.stringify(value)],
    });
    await client.query({
      name: 'text',
      text: 'INSERT INTO fact_text (seq, words) VALUES ($1, array_to_tsvector($2))',
      values: [rows[0]?.seq, [subject, predicate, 'ok']],
    });
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

async function writes(url: string): Promise<void> {
  const store = await openPostgresFactStore({ url, clock: systemClock, schema: 'writes' });
  await (await openPostgresFactStore({ url, clock: systemClock, schema: 'bare' })).close();
  const bare = pool(url, 'bare');
  let next = 0;
  const put = (): Promise<unknown> => store.put(aPut((next += 1)));
  const byHand = (): Promise<unknown> => bareTransaction(bare, (next += 1));
  for (const work of [put, byHand]) await rate(1, WARM_UP, work);
  const [one = 0, bareOne = 0, many = 0] = await byTurns([
    () => rate(1, PUTS_PER_ROUND, put),
    () => rate(1, PUTS_PER_ROUND, byHand),
    () => rate(CALLERS, PUTS_PER_CALLER, put),
  ]);
  report('PostgreSQL single put, bare transaction', perSecond(bareOne));
  report('PostgreSQL single put', `${perSecond(one)}, ${(one / bareOne).toFixed(2)} of bare`, '>= 0.80');
  report(
    `PostgreSQL put, ${CALLERS} callers`,
    `${perSecond(many)}, ${(many / one).toFixed(1)} x single`,
    '>= 5',
  );
  await bare.end();
  await store.close();
}

const BARE_READ = `SELECT value, valid_from, valid_to, recorded_at, actor, reason FROM facts
  WHERE subject = $1 AND predicate = $2 AND fact_type = $3 AND value_key = $4
  AND superseded_at IS NULL AND valid_from <= $5 AND valid_to > $5 AND recorded_at <= $6`;

async function reads(url: string): Promise<void> {
  const store = await openPostgresFactStore({ url, clock: systemClock, schema: 'reads' });
  const facts = 10_000;
  await store.putMany(Array.from({ length: facts }, (_, n) => aPut(n)));
  const recorded: number[] = [];
  for (let n = 0; n < VERSIONS; n += 1) recorded.push((await store.put(aPut(-1, n))).recordedAt);
  const bare = pool(url, 'reads');
  const now = systemClock.now() + 1_000_000;
  const byHand = (n: number): Promise<unknown> =>
    bare.query({
      name: 'read',
      text: BARE_READ,
      values: [`host:h${n % facts}`, 'status', 'observed', '', now, now],
    });
  const present = (n: number): Promise<unknown> =>
    store.get({ subject: `host:h${n % facts}`, predicate: 'status' });
  const asOf = (n: number): Promise<unknown> =>
    store.get({ subject: `host:h${n % facts}`, predicate: 'status', validAt: now, recordedAt: now });
  const ofMany = (n: number): Promise<unknown> =>
    store.get({ subject: 'host:h-1', predicate: 'status', recordedAt: recorded[(n * 37) % VERSIONS] ?? now });
  for (const work of [byHand, present, asOf, ofMany]) await rate(1, WARM_UP, work);
  const once = (work: (n: number) => Promise<unknown>) => (): Promise<number> =>
    rate(1, READS_PER_ROUND, work);
  const atOnce = (work: (n: number) => Promise<unknown>) => (): Promise<number> =>
    rate(CALLERS, READS_PER_CALLER, work);
  const measured = await byTurns([
    once(byHand),
    once(present),
    once(asOf),
    once(ofMany),
    atOnce(byHand),
    atOnce(asOf),
  ]);
  const [bareOne = 0, presentOne = 0, asOfOne = 0, versions = 0, bareMany = 0, asOfMany = 0] = measured;
  const against = (own: number, hand: number): string =>
    `${perSecond(own)}, ${(own / hand).toFixed(2)} of bare`;
  report('PostgreSQL bare prepared statement', perSecond(bareOne));
  report('PostgreSQL point read of the present', against(presentOne, bareOne), '>= 0.60');
  report('PostgreSQL point read as of two instants', against(asOfOne, bareOne), '>= 0.60');
  report(
    `PostgreSQL as-of read, ${VERSIONS} versions against 1, time`,
    `${(asOfOne / versions).toFixed(2)} x`,
    '<= 2',
  );
  report(`PostgreSQL bare prepared statement, ${CALLERS} callers`, perSecond(bareMany));
  report(
    `PostgreSQL point read as of two instants, ${CALLERS} callers`,
    against(asOfMany, bareMany),
    '>= 0.60',
  );
  await bare.end();
  await store.close();
}

/** Loads facts in transactions of `BULK_BATCH`, `lanes` at a time. */
async function load(store: FactStore, lanes: number, batch: (n: number) => PutFact[]): Promise<string> {
  const from = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let n = next++; n * BULK_BATCH < BULK_FACTS; n = next++) await store.putMany(batch(n));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return perSecond(BULK_FACTS / ((performance.now() - from) / 1000));
}

function batchOf(base: number, value?: (n: number) => PutFact['value']): (n: number) => PutFact[] {
  return (batch) =>
    Array.from({ length: BULK_BATCH }, (_, k) => {
      const n = base + batch * BULK_BATCH + k;
      return aPut(n, value?.(n));
    });
}

async function bulk(url: string): Promise<void> {
  const changed = (n: number): number => -n - 1;
  for (const partition of [false, true]) {
    const schema = partition ? 'months' : 'bulk';
    const name = partition ? 'PostgreSQL partitioned' : 'PostgreSQL';
    const store = await openPostgresFactStore({ url, clock: systemClock, schema, partition });
    report(`${name} bulk ingest, one transaction at a time`, await load(store, 1, batchOf(10_000_000)));
    report(`${name} bulk ingest`, await load(store, BULK_LANES, batchOf(0)), '>= 100,000/s');
    report(`${name} bulk, the same again`, await load(store, BULK_LANES, batchOf(0)));
    report(`${name} bulk, every value changed`, await load(store, BULK_LANES, batchOf(0, changed)));
    await store.close();
  }
}

const PARTS = { writes, reads, bulk };
const named = Object.entries(PARTS).filter(([name]) => process.argv.includes(name));
const server = await startPostgres({ durable: true });
try {
  for (const [, part] of named.length === 0 ? Object.entries(PARTS) : named) await part(server.url);
} finally {
  await server.stop();
}
