// The ledger against the bare hashing it cannot do without. Ratios of one run count, not absolute figures.
import fs, { mkdtempSync, rmSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import {
  type Durability,
  Ledger,
  type LedgerEntry,
  listSegments,
  proveRecord,
  verifyLedger,
} from '@praxis/ledger';

const FULL = process.argv.includes('--full');
const ROUNDS = 5;
const SESSION = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:bench',
};
/**
 * What a server records of reads that several callers make of several hosts, no two alike. Parsed, because what
 * a server records comes from a parser.
 */
const ENTRIES: readonly LedgerEntry[] = Array.from(
  { length: 1_024 },
  (_, i) =>
    JSON.parse(
      JSON.stringify({
        kind: 'read',
        decision: 'allowed',
        reason: 'allowed',
        tool: ['query_facts', 'list_hosts', 'read_journal', 'list_drift'][i % 4],
        target: `web${i % 61}`,
        host: `web${i % 61}`,
        hostType: 'linux',
        tier: 'T0',
        mode: 'guarded',
        principal: `agent:bench${i % 5}`,
        clientId: 'bench-client',
        sessionId: `0f8fad5b-d9cb-469f-a165-7086772895${10 + (i % 7)}`,
        requestId: String(i),
        decisionId: hash('sha256', `decision ${i}`).slice(0, 16),
        patternsVersion: 'd'.repeat(64),
        policyVersion: 'e'.repeat(64),
        args: { predicate: 'os.version', subject: `host:web${i % 61}` },
        argsSha256: hash('sha256', `arguments ${i}`),
        argsLen: 60 + (i % 10),
        outputSha256: hash('sha256', `output ${i}`),
        outputLen: 512 + i,
        durationUs: 420 + i,
      }),
    ) as LedgerEntry,
);

function entry(index: number): LedgerEntry {
  const one = ENTRIES[index % ENTRIES.length];
  if (one === undefined) throw new Error('there are entries');
  return one;
}

const scratch = mkdtempSync(join(tmpdir(), 'praxis-bench-'));
let made = 0;

async function withLedger<T>(durability: Durability, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  made += 1;
  const path = join(scratch, String(made), 'ledger.jsonl');
  const ledger = await Ledger.open({ path, clock: systemClock, session: SESSION, durability });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
    rmSync(join(path, '..'), { recursive: true });
  }
}

/** Records per second with so many callers, each waiting for its record before the next. */
async function appendRate(ledger: Ledger, callers: number, records: number): Promise<number> {
  const each = Math.ceil(records / callers);
  const from = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let i = 0; i < each; i += 1) await ledger.append(entry(caller * 16 + i));
    }),
  );
  return (each * callers) / ((performance.now() - from) / 1000);
}

/** The three digests of a record (entry, leaf, node) and nothing else, over bytes that are there already. */
function bareRate(entryLength: number, records: number): number {
  const [entryBytes, leaf, node] = [Buffer.alloc(entryLength, 'x'), Buffer.alloc(33), Buffer.alloc(65, 1)];
  const from = performance.now();
  for (let i = 0; i < records; i += 1) {
    hash('sha256', entryBytes, 'latin1');
    hash('sha256', leaf, 'latin1');
    hash('sha256', node, 'latin1');
  }
  return records / ((performance.now() - from) / 1000);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function show(what: string, value: string, target: string, ok: boolean): void {
  console.log(`${ok ? ' ok ' : 'MISS'}  ${what.padEnd(64)} ${value.padStart(14)}   target ${target}`);
  if (!ok) process.exitCode = 1;
}

/** How many bytes of a record are hashed on average. */
async function entryLength(): Promise<number> {
  return withLedger('os', async (ledger) => {
    const before = statSync(ledger.path).size;
    for (const one of ENTRIES) await ledger.append(one);
    const sealBytes = ',"entry_hash":""\n'.length + 64;
    return Math.round((statSync(ledger.path).size - before) / ENTRIES.length) - sealBytes;
  });
}

async function ratesInTurn(): Promise<void> {
  const length = await entryLength();
  const bare: number[] = [];
  const os: number[] = [];
  const group: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(bareRate(length, 200_000));
    os.push(await withLedger('os', (ledger) => appendRate(ledger, 64, 100_000)));
    group.push(await withLedger('group', (ledger) => appendRate(ledger, 64, 50_000)));
  }
  const [bareMedian, osMedian, groupMedian] = [median(bare), median(os), median(group)];
  console.log(
    `      ${length} bytes of a record are hashed; bare digests ${kilo(bareMedian)}/s, os ${kilo(osMedian)}/s, group ${kilo(groupMedian)}/s`,
  );
  show(
    'append at `os` against the bare three digests',
    percent(osMedian / bareMedian),
    '50 %',
    osMedian / bareMedian >= 0.5,
  );
  show(
    'append at `group`, 64 callers, against `os`',
    percent(groupMedian / osMedian),
    '60 %',
    groupMedian / osMedian >= 0.6,
  );
}

/** Every sync takes two milliseconds more, as that of a real disk does. */
async function withSlowSync<T>(work: () => Promise<T>): Promise<T> {
  const original = fs.fdatasync;
  const slow = (fd: number, callback: (error: Error | null) => void): void =>
    original(fd, (error) => setTimeout(() => callback(error), 2));
  fs.fdatasync = slow as typeof fs.fdatasync;
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    fs.fdatasync = original;
    syncBuiltinESMExports();
  }
}

async function slowDisk(): Promise<void> {
  await withSlowSync(async () => {
    const each = await withLedger('each', (ledger) => appendRate(ledger, 64, 640));
    const group = await withLedger('group', (ledger) => appendRate(ledger, 64, 64 * 400));
    show(
      '`group`, 64 callers, against `each`, 2 ms per sync',
      `${(group / each).toFixed(1)}x`,
      '40x',
      group / each >= 40,
    );
  });
}

/** Appends, verifies and proves in one long ledger. */
async function longLedger(): Promise<void> {
  const records = FULL ? 10_000_000 : 400_000;
  const path = join(scratch, 'long', 'ledger.jsonl');
  const ledger = await Ledger.open({ path, clock: systemClock, session: SESSION, durability: 'os' });
  await appendRate(ledger, 64, 20_000);
  const early: number[] = [];
  const late: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) early.push(await appendRate(ledger, 64, 10_000));
  await appendRate(ledger, 64, records - 120_000);
  for (let i = 0; i < ROUNDS; i += 1) late.push(await appendRate(ledger, 64, 10_000));
  await ledger.close();
  // The best round of each: what else the machine does only ever adds to a cost.
  const ratio = Math.max(...early) / Math.max(...late);
  show(
    `cost of a record at ${kilo(records)} records against at 10 k`,
    percent(ratio),
    '<= 110 %',
    ratio <= 1.1,
  );
  const bytes = listSegments(path).reduce((sum, segment) => sum + statSync(segment.path).size, 0);
  const rates: number[] = [];
  let rss = 0;
  for (let i = 0; i < (FULL ? 1 : 3); i += 1) {
    const from = performance.now();
    const report = await verifyLedger(path);
    rates.push(report.records / ((performance.now() - from) / 1000));
    rss = Math.max(rss, process.memoryUsage().rss);
    if (!report.ok) throw new Error(`the ledger does not verify: ${JSON.stringify(report.first_bad)}`);
  }
  const rate = median(rates);
  show(
    `verify (${(bytes / 1e6).toFixed(0)} MB, resident ${(rss / 1e6).toFixed(0)} MB)`,
    `${kilo(rate)}/s`,
    '400 k/s',
    rate >= 400_000,
  );
  const times: number[] = [];
  for (let i = 0; i < 21; i += 1) {
    const from = performance.now();
    await proveRecord(path, Math.floor((records - 1) * (i / 20)));
    times.push(performance.now() - from);
  }
  show(
    `a proof at ${kilo(records)} records, evidence read included`,
    `${median(times).toFixed(2)} ms`,
    '5 ms',
    median(times) < 5,
  );
}

function kilo(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : `${(value / 1e3).toFixed(0)} k`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`;
}

await ratesInTurn();
await slowDisk();
await longLedger();
rmSync(scratch, { recursive: true });
