// Kills a process that writes a ledger under load, again and again, at random moments. No record that was
// acknowledged may be lost, and every log must verify once it was opened again. `--full` kills 1,000 times.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { errorCode, systemClock } from '@praxis/core';
import { type Durability, Ledger, listSegments, verifyLedger } from '@praxis/ledger';

const KILLS = process.argv.includes('--full') ? 1_000 : 40;
/** A new ledger after this many kills, so that reading it again stays short. */
const KILLS_PER_LEDGER = 20;
/**
 * A writer is killed this long after its first acknowledgement at most, in milliseconds: every other one lives long
 * enough for a second thread to be at work.
 */
const LIFE_MS_MAX: readonly number[] = [120, 1_200];
const CALLERS = 32;

const SESSION = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:crash',
};

function open(path: string, durability: Durability = 'group'): Promise<Ledger> {
  return Ledger.open({ path, clock: systemClock, session: SESSION, segmentBytesMax: 2_000_000, durability });
}

/** Says something whole, or later when whoever listens is behind. */
async function say(line: string): Promise<void> {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      await setTimeout(1);
    }
  }
}

/** The writer: many callers, each told of its record before it asks for the next. */
async function write(path: string, durability: Durability): Promise<void> {
  const ledger = await open(path, durability);
  const caller = async (name: number): Promise<void> => {
    for (let i = 0; ; i += 1) {
      const { seq, entryHash } = await ledger.append({
        kind: 'read',
        decision: 'allowed',
        reason: 'allowed',
        args: { name, i },
      });
      await say(`${seq} ${entryHash}\n`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, name) => caller(name)));
}

/** Lets a writer run and kills it. Answers what it acknowledged. A process that dies loses nothing without a sync either. */
function crash(path: string, kill: number): Promise<Map<number, string>> {
  const lifeMsMax = LIFE_MS_MAX[kill % LIFE_MS_MAX.length] ?? 0;
  const durability: Durability = kill % 4 < 2 ? 'group' : 'os';
  const child = spawn(
    process.execPath,
    ['--conditions=praxis-source', import.meta.filename, '--write', path, durability],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    if (text === '') void setTimeout(Math.random() * lifeMsMax).then(() => child.kill('SIGKILL'));
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const acknowledged = text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .slice(0, -1);
      resolve(new Map(acknowledged.map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? ''])));
    });
  });
}

/** What a line says of itself; null for one that was torn. */
function recordIn(line: string): { seq: number; entry_hash: string } | null {
  try {
    return JSON.parse(line) as { seq: number; entry_hash: string };
  } catch {
    return null;
  }
}

function stored(path: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const segment of listSegments(path)) {
    for (const line of readFileSync(segment.path, 'utf8').split('\n')) {
      const record = recordIn(line);
      if (record !== null) found.set(record.seq, record.entry_hash);
    }
  }
  return found;
}

async function run(): Promise<void> {
  let acknowledgedInAll = 0;
  let lost = 0;
  let broken = 0;
  let torn = 0;
  for (let kill = 0; kill < KILLS; kill += KILLS_PER_LEDGER) {
    const directory = mkdtempSync(join(tmpdir(), 'praxis-crash-'));
    const path = join(directory, 'ledger.jsonl');
    const acknowledged = new Map<number, string>();
    for (let i = 0; i < Math.min(KILLS_PER_LEDGER, KILLS - kill); i += 1) {
      for (const [seq, hash] of await crash(path, kill + i)) acknowledged.set(seq, hash);
    }
    await (await open(path)).close();
    const found = stored(path);
    for (const [seq, hash] of acknowledged) if (found.get(seq) !== hash) lost += 1;
    const report = await verifyLedger(path);
    if (!report.ok) {
      broken += 1;
      console.error(`does not verify: ${path} ${JSON.stringify(report.first_bad)} ${report.detail}`);
    } else {
      rmSync(directory, { recursive: true });
    }
    torn += report.recovered.length;
    acknowledgedInAll += acknowledged.size;
  }
  console.log(
    `${KILLS} kills, ${acknowledgedInAll} acknowledged records, ${lost} lost, ${torn} torn lines recovered, ${broken} ledgers broken`,
  );
  if (lost > 0 || broken > 0 || acknowledgedInAll === 0) process.exitCode = 1;
}

const writing = process.argv.indexOf('--write');
if (writing === -1) await run();
else await write(process.argv[writing + 1] ?? '', process.argv[writing + 2] as Durability);
