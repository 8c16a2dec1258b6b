import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Ledger, listSegments, proveRecord } from '@praxis/ledger';
import { makeTempDir } from '@praxis/testkit';
import { appendRate, openLedger } from './ledger-load.ts';
import { kilo, median, percent, show } from './targets.ts';

const execute = promisify(execFile);
const VERIFIER = join(import.meta.dirname, 'verify-alone.ts');

const CALLERS = 64;
const ROUNDS = 4;
const ROUND_RECORDS = 10_000;
/** How many proofs are made, and how many before, for whoever compiles what runs often. */
const PROOFS = 21;
const PROOFS_BEFORE = 5;
/** How much more memory ten times the records may take: what compilers and collectors do differs by as much. */
const RESIDENT_RATIO_MAX = 1.15;

interface Verified {
  /** Records a second, and a second of a core. */
  readonly rate: number;
  readonly perCore: number;
  readonly residentBytes: number;
}

// An interrupted run leaves nothing behind either.
process.once('SIGINT', () => process.exit(130));

/**
 * Appends so many records and then nine times as many, and compares: what a record costs, and what verifying takes.
 * Then proves records of the long ledger.
 */
export async function longLedger(records: number, verifications: number): Promise<void> {
  using directory = makeTempDir();
  const ledger = await openLedger(directory.path, 'os');
  try {
    await appendRate(ledger, CALLERS, ROUND_RECORDS);
    const early = await bestRate(ledger);
    await appendRate(ledger, CALLERS, records - (ROUNDS + 1) * ROUND_RECORDS);
    const short = await verifyAlone(ledger.path, verifications);
    await appendRate(ledger, CALLERS, 9 * records - ROUNDS * ROUND_RECORDS);
    const late = await bestRate(ledger);
    const what = `cost of a record at ${kilo(10 * records)} records against at 10 k`;
    show(what, percent(early / late), '<= 110 %', early / late <= 1.1);
    await ledger.close();
    await judgeVerify(ledger.path, short, verifications);
    await judgeProofs(ledger.path, 10 * records);
  } finally {
    await ledger.close();
  }
}

/** The best round: what else the machine does only ever adds to a cost. */
async function bestRate(ledger: Ledger): Promise<number> {
  let best = 0;
  for (let round = 0; round < ROUNDS; round += 1)
    best = Math.max(best, await appendRate(ledger, CALLERS, ROUND_RECORDS));
  return best;
}

/** Verifies in a process that does nothing else: the median rates, and the most memory it had. */
async function verifyAlone(path: string, times: number): Promise<Verified> {
  const found: Verified[] = [];
  for (let i = 0; i < times; i += 1) {
    const { stdout } = await execute(process.execPath, ['--conditions=praxis-source', VERIFIER, path]);
    found.push(JSON.parse(stdout) as Verified);
  }
  return {
    rate: median(found.map(({ rate }) => rate)),
    perCore: median(found.map(({ perCore }) => perCore)),
    residentBytes: Math.max(...found.map(({ residentBytes }) => residentBytes)),
  };
}

async function judgeVerify(path: string, short: Verified, times: number): Promise<void> {
  const bytes = listSegments(path).reduce((sum, segment) => sum + statSync(segment.path).size, 0);
  const long = await verifyAlone(path, times);
  console.log(
    `      verify of ${mega(bytes)}: ${kilo(long.rate)}/s; of a tenth of the records ${kilo(short.rate)}/s, ${kilo(short.perCore)}/s a core`,
  );
  show('verify, records a second of a core', `${kilo(long.perCore)}/s`, '400 k/s', long.perCore >= 400_000);
  const [before, now] = [short.residentBytes, long.residentBytes];
  const memory = `memory of verify: ${mega(before)} with a tenth of the records, and with all`;
  const ratio = now / before;
  show(memory, mega(now), `<= ${percent(RESIDENT_RATIO_MAX)}`, ratio <= RESIDENT_RATIO_MAX);
}

async function judgeProofs(path: string, records: number): Promise<void> {
  const times: number[] = [];
  for (let i = -PROOFS_BEFORE; i < PROOFS; i += 1) {
    const from = performance.now();
    await proveRecord(path, Math.floor((records - 1) * (Math.abs(i) / (PROOFS - 1))));
    if (i >= 0) times.push(performance.now() - from);
  }
  const middle = median(times);
  const what = `a proof at ${kilo(records)} records, evidence read included`;
  show(what, `${middle.toFixed(2)} ms`, '5 ms', middle < 5);
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
