// A writer of large transactions, which the store writes on a second thread, is killed (SIGKILL) again and again. Every
// transaction must be there whole or not at all, and those it was told are durable must be there. `--full`: 300 times.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@praxis/core';
import { type FactStore, openSqliteFactStore, type PutFact } from '@praxis/facts';

const KILLS = process.argv.includes('--full') ? 300 : 25;
/** How many facts one transaction puts, over and over on the same keys. */
const FACTS_PER_TRANSACTION = 2100;
/** How long a writer has, at least, until its second thread is there, and how many transactions. */
const START_MS = 1000;
const START_TRANSACTIONS = 4;
const LIFE_SPREAD_MS = 500;

function transaction(value: number): PutFact[] {
  return Array.from({ length: FACTS_PER_TRANSACTION }, (_, n) => ({
    subject: `host:${n}`,
    predicate: 'bulk',
    value,
    actor: 'soak:writer',
    reason: 'soak',
  }));
}

/** The writer: says on standard output what it was told is durable. */
async function write(path: string, from: number): Promise<void> {
  const store = await openSqliteFactStore({ path, clock: systemClock });
  const startedMs = systemClock.monotonicMs();
  const bulk = async (): Promise<void> => {
    let isReady = false;
    for (let value = from; ; value += 1) {
      await store.putMany(transaction(value));
      process.stdout.write(`bulk ${value}.\n`);
      if (isReady || value - from < START_TRANSACTIONS || systemClock.monotonicMs() - startedMs < START_MS)
        continue;
      isReady = true;
      process.stdout.write('ready\n');
    }
  };
  const single = async (): Promise<void> => {
    for (let value = from; ; value += 1) {
      await store.put({ subject: 'host:0', predicate: 'single', value, actor: 'soak:writer', reason: '' });
      process.stdout.write(`single ${value}.\n`);
      await sleep(1);
    }
  };
  await Promise.all([bulk(), single()]);
}

/** One life of a writer: the last value of each kind that it acknowledged until it was killed. */
async function life(path: string, from: number): Promise<Map<string, number>> {
  const child = spawn(
    process.execPath,
    ['--conditions=praxis-source', import.meta.filename, 'writer', path, String(from)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const acknowledged = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), Math.random() * LIFE_SPREAD_MS);
    // The last line may be cut: what was not said in full was not said.
    const [, kind, value] = /^(\w+) (\d+)\.$/.exec(line) ?? [];
    if (kind !== undefined) acknowledged.set(kind, Number(value));
  }
  return acknowledged;
}

/** The value all facts of a predicate have. Throws when they do not have one. */
async function valueOf(store: FactStore, predicate: string, count: number): Promise<number | null> {
  const values: unknown[] = [];
  for await (const fact of store.stream({ predicate })) values.push(fact.value);
  const [value = null] = values;
  if (value === null) return null;
  if (values.length !== count || values.some((other) => other !== value))
    throw new Error(`a transaction of ${predicate} is half there: ${values.length} facts`);
  return Number(value);
}

async function check(path: string, acknowledged: ReadonlyMap<string, number>): Promise<number> {
  const store = await openSqliteFactStore({ path, clock: systemClock });
  let last = 0;
  for (const [predicate, count] of [
    ['bulk', FACTS_PER_TRANSACTION],
    ['single', 1],
  ] as const) {
    const found = (await valueOf(store, predicate, count)) ?? -1;
    const said = acknowledged.get(predicate) ?? -1;
    if (found < said) throw new Error(`${predicate} ${said} was acknowledged, and ${found} is there`);
    last = Math.max(last, found);
  }
  const report = await store.verify();
  if (!report.ok) throw new Error('the store does not verify');
  await store.close();
  return last;
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-facts-kill-bulk-'));
  try {
    let [next, transactions] = [0, 0];
    for (let number = 0; number < KILLS; number += 1) {
      // A new file now and then: a store is verified whole each time.
      const path = join(directory, `facts-${Math.floor(number / 5)}.db`);
      const acknowledged = await life(path, next);
      transactions += Math.max(0, (acknowledged.get('bulk') ?? next) - next);
      next = (await check(path, acknowledged)) + 1;
    }
    if (transactions === 0) throw new Error('no writer ever wrote anything');
    process.stdout.write(
      `${KILLS} kills, ${transactions} acknowledged bulk transactions, none lost, none half\n`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const [mode, path, from] = process.argv.slice(2);
if (mode === 'writer' && path !== undefined) await write(path, Number(from));
else await main();
