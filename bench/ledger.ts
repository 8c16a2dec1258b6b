// The ledger against the bare hashing it cannot do without. Ratios of one run count, not absolute figures.
// `rates`, `slow-disk` and `long` as arguments, with or without dashes before them, choose parts of it.
import { statSync } from 'node:fs';
import { createHash, hash } from 'node:crypto';
import { appendRate, ENTRIES, withLedger } from './support/ledger-load.ts';
import { longLedger } from './support/ledger-long.ts';
import { slowSync } from './support/slow-sync.ts';
import { kilo, median, percent, show } from './support/targets.ts';

const FULL = process.argv.includes('--full');
const ROUNDS = 5;

/** How the digest of some bytes is had from Node, and how often in a second, three of them for a record, it was. */
interface Ceiling {
  readonly how: string;
  readonly digest: (bytes: Buffer) => unknown;
  readonly rates: number[];
}

/** The first counts: it is what the ledger itself calls, and the quickest. The others are what most programs call, and only shown. */
const CEILINGS: readonly Ceiling[] = [
  { how: "hash(…, 'latin1')", digest: (bytes) => hash('sha256', bytes, 'latin1'), rates: [] },
  {
    how: "createHash(…).digest('hex')",
    digest: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    rates: [],
  },
  { how: "hash(…, 'buffer')", digest: (bytes) => hash('sha256', bytes, 'buffer'), rates: [] },
];

/** The three digests of a record (entry, leaf, node) and nothing else, over bytes that are there already. */
function bareRate(entryLength: number, records: number, { digest }: Ceiling): number {
  const [entryBytes, leaf, node] = [Buffer.alloc(entryLength, 'x'), Buffer.alloc(33), Buffer.alloc(65, 1)];
  const from = performance.now();
  for (let i = 0; i < records; i += 1) {
    digest(entryBytes);
    digest(leaf);
    digest(node);
  }
  return records / ((performance.now() - from) / 1000);
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
  const os: number[] = [];
  const group: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const ceiling of CEILINGS) ceiling.rates.push(bareRate(length, 100_000, ceiling));
    os.push(await withLedger('os', (ledger) => appendRate(ledger, 64, 100_000)));
    group.push(await withLedger('group', (ledger) => appendRate(ledger, 64, 50_000)));
  }
  const [osMedian, groupMedian] = [median(os), median(group)];
  console.log(
    `      ${length} bytes of a record are hashed; os ${kilo(osMedian)}/s, group ${kilo(groupMedian)}/s`,
  );
  for (const { how, rates } of CEILINGS)
    console.log(
      `      three bare digests by ${how}: ${kilo(median(rates))}/s, of which os is ${percent(osMedian / median(rates))}`,
    );
  const share = osMedian / median(CEILINGS[0]?.rates ?? []);
  show('append at `os` against the quickest three bare digests', percent(share), '50 %', share >= 0.5);
  show(
    'append at `group`, 64 callers, against `os`',
    percent(groupMedian / osMedian),
    '60 %',
    groupMedian / osMedian >= 0.6,
  );
}

/** Every sync takes two milliseconds more, as that of a real disk does, in this thread and in those it starts. */
async function withSlowSync<T>(work: () => Promise<T>): Promise<T> {
  using _ = slowSync();
  return await work();
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

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  rates: ratesInTurn,
  'slow-disk': slowDisk,
  // Ten million records are ten gigabytes.
  long: () => (FULL ? longLedger(1_000_000, 1) : longLedger(100_000, 3)),
};

const named = process.argv.slice(2).map((argument) => argument.replace(/^-+/, ''));
const chosen = Object.keys(PARTS).filter((part) => named.includes(part));
for (const [part, run] of Object.entries(PARTS)) {
  if (chosen.length === 0 || chosen.includes(part)) await run();
}
