// A writer of facts is killed (SIGKILL) under load, again and again. Whatever it was told is durable must be
// there, whole; transaction time must go on; the chain of seals must hold. `--full`: 500 times.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '@praxis/core';
import { type FactStore, openSqliteFactStore, type PutFact } from '@praxis/facts';

const KILLS = process.argv.includes('--full') ? 500 : 40;
const CALLERS = 16;
/** How many facts one transaction of the writer puts. */
const FACTS_PER_TRANSACTION = 3;
const LIFE_MIN_MS = 20;
const LIFE_SPREAD_MS = 130;
const SUBJECTS = 50;

function transaction(id: string, n: number): PutFact[] {
  return Array.from({ length: FACTS_PER_TRANSACTION }, (_, k) => ({
    subject: `host:${(n * 7 + k * 17) % SUBJECTS}`,
    predicate: `p${k}`,
    value: id,
    actor: 'soak:writer',
    reason: 'soak',
  }));
}

/** The writer: says on standard output what it was told is durable. */
async function write(path: string, life: string): Promise<void> {
  const store = await openSqliteFactStore({ path, clock: systemClock });
  process.stdout.write('ready\n');
  let sealing = Promise.resolve();
  const caller = async (c: number): Promise<void> => {
    for (let n = 0; ; n += 1) {
      const id = `${life}.${c}.${n}`;
      const [result] = await store.putMany(transaction(id, c * 31 + n));
      process.stdout.write(`${id} ${c * 31 + n} ${result?.recordedAt ?? 0}\n`);
      if (c === 0 && n % 20 === 0) sealing = sealing.then(() => store.seal()).then(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, c) => caller(c)));
}

interface Acknowledged {
  readonly id: string;
  readonly n: number;
  readonly recordedAt: number;
}

/** One life of a writer: what it acknowledged until it was killed. */
async function life(path: string, number: number): Promise<Acknowledged[]> {
  const child = spawn(
    process.execPath,
    ['--conditions=praxis-source', import.meta.filename, 'writer', path, `l${number}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') {
      setTimeout(() => child.kill('SIGKILL'), LIFE_MIN_MS + Math.random() * LIFE_SPREAD_MS);
      continue;
    }
    const [id, n, recordedAt] = line.split(' ');
    // The last line may be cut: what was not said in full was not said.
    if (id !== undefined && recordedAt?.length === 16)
      acknowledged.push({ id, n: Number(n), recordedAt: Number(recordedAt) });
  }
  return acknowledged;
}

/** How many rows each transaction has, and the latest instant, from the store as it was left. */
async function survivors(store: FactStore): Promise<{ counts: Map<string, number>; latest: number }> {
  const counts = new Map<string, number>();
  let latest = 0;
  for (let subject = 0; subject < SUBJECTS; subject += 1) {
    let cursor: string | null = null;
    do {
      const question = { subject: `host:${subject}`, limit: 10_000 };
      const page: Awaited<ReturnType<FactStore['history']>> = await store.history(
        cursor === null ? question : { ...question, cursor },
      );
      for (const fact of page.facts) {
        latest = Math.max(latest, fact.recordedAt);
        // Remnants of a version that was split are no rows of the transaction that wrote it.
        if (fact.validFrom !== fact.recordedAt || typeof fact.value !== 'string') continue;
        counts.set(fact.value, (counts.get(fact.value) ?? 0) + 1);
      }
      cursor = page.next;
    } while (cursor !== null);
  }
  return { counts, latest };
}

async function check(path: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const store = await openSqliteFactStore({ path, clock: systemClock });
  const { counts, latest } = await survivors(store);
  for (const { id } of acknowledged) {
    if (counts.get(id) !== FACTS_PER_TRANSACTION)
      throw new Error(`${id} was acknowledged and has ${counts.get(id) ?? 0} rows`);
  }
  for (const [id, count] of counts) {
    if (count !== FACTS_PER_TRANSACTION) throw new Error(`${id} is half there: ${count} rows`);
  }
  const report = await store.verify();
  if (!report.ok) throw new Error(`seal ${report.firstBad?.sealId ?? 0} is broken`);
  const { recordedAt } = await store.put({
    subject: 'host:after',
    predicate: 'p',
    value: latest,
    actor: 'soak:check',
    reason: '',
  });
  if (recordedAt <= latest) throw new Error('transaction time went back');
  await store.close();
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-facts-kill-'));
  try {
    let total = 0;
    for (let number = 0; number < KILLS; number += 1) {
      // A new file now and then: histories stay short enough to be read whole each time.
      const path = join(directory, `facts-${Math.floor(number / 10)}.db`);
      const acknowledged = await life(path, number);
      await check(path, acknowledged);
      total += acknowledged.length;
    }
    if (total === 0) throw new Error('no writer ever wrote anything');
    process.stdout.write(`${KILLS} kills, ${total} acknowledged transactions, none lost, none half\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const [mode, path, name] = process.argv.slice(2);
if (mode === 'writer' && path !== undefined && name !== undefined) await write(path, name);
else await main();
