import { performance } from 'node:perf_hooks';

import { systemClock } from '@praxis/core';
import { type FactStore, openPostgresFactStore, type PutFact } from '@praxis/facts';

import { startPostgres } from '../packages/facts/test/postgres-server.ts';

// A real server with fsync on, on the same two cores.
const CALLERS = 64;
const PUTS_EACH = 100;
const BULK_FACTS = 200_000;
const BULK_BATCH = 10_000;
/** How many transactions a loader keeps under way. */
const BULK_LANES = 3;

type Report = (measure: string, figure: string, target?: string) => void;

function aPut(n: number, value: PutFact['value'] = { state: 'ok', n }): PutFact {
  return { subject: `host:h${n}`, predicate: 'status', value, actor: 'bench:facts', reason: 'bench' };
}

function perSecond(count: number, fromMs: number): string {
  return `${Math.round(count / ((performance.now() - fromMs) / 1000)).toLocaleString('en')}/s`;
}

async function puts(store: FactStore, report: Report): Promise<void> {
  let from = performance.now();
  for (let n = 0; n < 500; n += 1) await store.put(aPut(n));
  report('PostgreSQL single put', perSecond(500, from));
  for (const round of [1, 2]) {
    from = performance.now();
    await Promise.all(
      Array.from({ length: CALLERS }, async (_, w) => {
        for (let n = 0; n < PUTS_EACH; n += 1) await store.put(aPut(round * 1_000_000 + n * CALLERS + w));
      }),
    );
    if (round === 2) report('PostgreSQL put, 64 callers', perSecond(CALLERS * PUTS_EACH, from));
  }
  from = performance.now();
  for (let n = 0; n < 2000; n += 1) await store.get({ subject: `host:h${n % 500}`, predicate: 'status' });
  report('PostgreSQL point read', perSecond(2000, from));
}

/** Loads facts in transactions of `BULK_BATCH`, `lanes` at a time. */
async function load(store: FactStore, lanes: number, batch: (n: number) => PutFact[]): Promise<string> {
  const from = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let n = next++; n * BULK_BATCH < BULK_FACTS; n = next++) await store.putMany(batch(n));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return perSecond(BULK_FACTS, from);
}

function batchOf(base: number, value?: (n: number) => PutFact['value']): (n: number) => PutFact[] {
  return (batch) =>
    Array.from({ length: BULK_BATCH }, (_, k) => {
      const n = base + batch * BULK_BATCH + k;
      return aPut(n, value?.(n));
    });
}

async function benchPostgres(report: Report): Promise<void> {
  const server = await startPostgres({ durable: true });
  try {
    const store = await openPostgresFactStore({ url: server.url, clock: systemClock, poolMax: 4 });
    await puts(store, report);
    await store.close();
    const bulk = await openPostgresFactStore({ url: server.url, clock: systemClock, schema: 'bulk' });
    report('PostgreSQL bulk ingest, one transaction at a time', await load(bulk, 1, batchOf(10_000_000)));
    report('PostgreSQL bulk ingest', await load(bulk, BULK_LANES, batchOf(0)), '>= 100,000/s');
    report('PostgreSQL bulk, the same again', await load(bulk, BULK_LANES, batchOf(0)));
    report(
      'PostgreSQL bulk, every value changed',
      await load(
        bulk,
        BULK_LANES,
        batchOf(0, (n) => -n - 1),
      ),
    );
    const partitioned = await openPostgresFactStore({
      url: server.url,
      clock: systemClock,
      schema: 'months',
      partition: true,
    });
    report('PostgreSQL bulk ingest, partitioned', await load(partitioned, BULK_LANES, batchOf(0)));
    report(
      'PostgreSQL bulk, partitioned, every value changed',
      await load(
        partitioned,
        BULK_LANES,
        batchOf(0, (n) => -n - 1),
      ),
    );
    await partitioned.close();
    await bulk.close();
  } finally {
    await server.stop();
  }
}

await benchPostgres((measure, figure, target = '') =>
  process.stdout.write(`${measure}: ${figure}${target === '' ? '' : `  (target ${target})`}\n`),
);
