import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type * as Fs from 'node:fs';
import {
  appendFileSync,
  closeSync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type * as WorkerThreads from 'node:worker_threads';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Durability, type Ledger, type LedgerRecord, listSegments, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, aPath, scratch, SESSION } from './a-ledger.ts';

/** The threads that were started, and whether any may be. */
const threads = vi.hoisted<{ started: WorkerThreads.Worker[]; refused: boolean; execArgv: string[] }>(() => ({
  started: [],
  refused: false,
  execArgv: [],
}));

/** What a sync of this thread is. A disk that is quick makes the thread of use. */
const disk = vi.hoisted<{ sync: (fd: number, done: (error: Error | null) => void) => void }>(() => ({
  sync: () => undefined,
}));

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof Fs>();
  return {
    ...fs,
    fdatasync: (fd: number, done: (error: Error | null) => void) => disk.sync(fd, done),
  };
});

vi.mock('node:worker_threads', async (load) => {
  const real = await load<typeof WorkerThreads>();
  class Worker extends real.Worker {
    constructor(url: URL, options: WorkerThreads.WorkerOptions) {
      if (threads.refused) throw new Error('no thread may be started');
      super(url, { ...options, execArgv: threads.execArgv });
      threads.started.push(this);
    }
  }
  return { ...real, Worker };
});

beforeEach(() => {
  threads.started = [];
  threads.refused = false;
  threads.execArgv = syncingWith('() => undefined');
  disk.sync = (_, done) => setImmediate(done, null);
});

/** What a thread loads first, so that its syncs are `sync(fd, count)`. */
function syncingWith(sync: string): string[] {
  const program = `import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const real = fs.fdatasyncSync;
    let count = 0;
    const sync = ${sync};
    fs.fdatasyncSync = (fd) => sync(fd, ++count);
    syncBuiltinESMExports();`;
  return ['--import', `data:text/javascript,${encodeURIComponent(program)}`];
}

const CALLERS = 64;
const MODES: Durability[] = ['os', 'group'];

interface Load {
  readonly records: LedgerRecord[];
  readonly refused: unknown[];
}

/** Many callers, each waiting for its record before the next, until they are told to stop. */
async function load(ledger: Ledger, until: (done: number) => boolean, more: object = {}): Promise<Load> {
  const records: LedgerRecord[] = [];
  const refused: unknown[] = [];
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let i = 0; !until(records.length); i += 1) {
        try {
          records.push(await ledger.append(anEntry({ args: { caller, i }, ...more })));
        } catch (error) {
          refused.push(error);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    }),
  );
  return { records, refused };
}

/** Loads a ledger until its thread is at work. */
async function underLoad(ledger: Ledger): Promise<LedgerRecord[]> {
  const found: LedgerRecord[] = [];
  for (let rounds = 0; rounds < 50; rounds += 1) {
    found.push(...(await load(ledger, (done) => done >= 2_000)).records);
    const worker = threads.started.at(-1);
    if (worker === undefined) continue;
    // It has started when it has been given its first batch.
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (found.length > 12_000) return found;
  }
  return found;
}

function expectInLog(ledger: Ledger, records: readonly LedgerRecord[]): void {
  const stored = new Map<number, { entry_hash: string; prev_hash: string }>();
  for (const { path } of listSegments(ledger.path)) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (!line.startsWith('{')) continue;
      const record = JSON.parse(line) as { seq: number; entry_hash: string; prev_hash: string };
      stored.set(record.seq, record);
    }
  }
  for (const { seq, entryHash, prevHash } of records)
    expect(stored.get(seq)).toMatchObject({ entry_hash: entryHash, prev_hash: prevHash });
}

describe('a ledger whose lines are sealed by a thread', () => {
  it.each(MODES)('answers what stands in the log, in order, and verifies (%s)', async (durability) => {
    const ledger = await aLedger({ durability });
    const records = await underLoad(ledger);
    expect(threads.started).toHaveLength(1);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i + 1));
    await ledger.close();
    expectInLog(ledger, records);
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: records.length + 2 });
  });

  it.each(MODES)('starts none for few callers (%s)', async (durability) => {
    const ledger = await aLedger({ durability, evidence: false });
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 600; i += 1) await ledger.append(anEntry());
      }),
    );
    expect(threads.started).toHaveLength(0);
  });

  it('seals all by itself where no thread may be started', async () => {
    threads.refused = true;
    const ledger = await aLedger({ durability: 'os' });
    const records = await underLoad(ledger);
    await ledger.close();
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: records.length + 2 });
  });

  it.each(MODES)(
    'refuses what was on its way when the thread dies, and goes on without it (%s)',
    async (durability) => {
      const ledger = await aLedger({ durability });
      const before = await underLoad(ledger);
      const [worker] = threads.started;
      let killed = false;
      const { records, refused } = await load(ledger, (done) => {
        if (done >= 2_000 && !killed) {
          killed = true;
          void worker?.terminate();
        }
        return done >= 8_000;
      });
      expect(killed).toBe(true);
      for (const error of refused) expect(error).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
      expect(ledger.status.writable).toBe(true);
      expect(threads.started).toHaveLength(1);
      await ledger.close();
      expectInLog(ledger, [...before, ...records]);
      expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true });
    },
  );

  it.each(MODES)(
    'does not acknowledge into a log that was moved, and resumes when it is back (%s)',
    async (durability) => {
      const ledger = await aLedger({ durability });
      const before = await underLoad(ledger);
      let moved = 0;
      const { records, refused } = await load(ledger, (done) => {
        if (done >= 2_000 && moved === 0) {
          renameSync(ledger.path, `${ledger.path}.away`);
          moved = done;
          setTimeout(() => renameSync(`${ledger.path}.away`, ledger.path), 20);
        }
        return done >= 16_000;
      });
      expect(refused.length).toBeGreaterThan(0);
      for (const error of refused) expect(error).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
      await ledger.close();
      expectInLog(ledger, [...before, ...records]);
      expect(readFileSync(ledger.path, 'utf8').includes('"reason":"adopted"')).toBe(true);
      expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true });
    },
  );

  it.each(MODES)('does not acknowledge into a log that someone else wrote to (%s)', async (durability) => {
    const ledger = await aLedger({ durability, evidence: false });
    await underLoad(ledger);
    appendFileSync(ledger.path, 'intruder\n');
    const answers = await Promise.allSettled(Array.from({ length: 256 }, () => ledger.append(anEntry())));
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'LEDGER_UNAVAILABLE' } });
  });

  it.each(MODES)('goes on in new segments meanwhile, and is closed meanwhile (%s)', async (durability) => {
    const ledger = await aLedger({ durability, segmentBytesMax: 1_000_000 });
    const records = await underLoad(ledger);
    const closing = load(ledger, (done) => {
      if (done === 3_000) void ledger.close();
      return !ledger.status.writable;
    });
    const { records: last, refused } = await closing;
    await ledger.close();
    for (const error of refused) expect(error).toMatchObject({ code: 'LEDGER_CLOSED' });
    expect(threads.started.map(({ threadId }) => threadId)).toEqual([-1]);
    expect(listSegments(ledger.path).length).toBeGreaterThan(3);
    expectInLog(ledger, [...records, ...last]);
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true });
  });

  it.each(MODES)('keeps intents that have no outcome, and lines beyond a batch (%s)', async (durability) => {
    const ledger = await aLedger({ durability });
    await underLoad(ledger);
    const large = { text: 'ü'.repeat(60_000) };
    const [intents] = await Promise.all([
      load(ledger, (done) => done >= 300, { kind: 'intent', tool: 'run_action', target: 'wéb1' }),
      load(ledger, (done) => done >= 300, { args: large }),
    ]);
    const first = intents.records[0]?.seq ?? 0;
    await ledger.append(anEntry({ kind: 'outcome', intentSeq: first }));
    await ledger.rotate();
    await ledger.close();
    const report = await verifyLedger(ledger.path);
    expect(report).toMatchObject({ ok: true });
    expect(intents.records.length).toBeGreaterThanOrEqual(300);
  });

  it('answers only what a sync of the thread has covered', async () => {
    // Sixteen digits: how many bytes the last sync has covered, whichever thread made it.
    const place = join(scratch(), 'synced');
    const file = openSync(place, 'w+');
    onTestFinished(() => closeSync(file));
    disk.sync = (fd, done) => {
      const { size } = fstatSync(fd);
      fdatasyncSync(fd);
      writeSync(file, String(size).padStart(16, '0'), 0);
      setImmediate(done, null);
    };
    threads.execArgv = syncingWith(`(fd) => {
      const { size } = fs.fstatSync(fd);
      real(fd);
      fs.writeSync(${file}, String(size).padStart(16, '0'), 0);
    }`);
    const ledger = await aLedger({ evidence: false });
    await underLoad(ledger);
    expect(Number(readFileSync(place, 'utf8'))).toBeGreaterThan(0);
    let looked = 0;
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let i = 0; i < 60; i += 1) {
          const { seq, entryHash } = await ledger.append(anEntry());
          if (seq % 31 !== 0) continue;
          looked += 1;
          const synced = Number(readFileSync(place, 'utf8'));
          const end = readFileSync(ledger.path).lastIndexOf(`"entry_hash":"${entryHash}"}`) + 80;
          expect(end).toBeGreaterThan(80);
          expect(synced).toBeGreaterThanOrEqual(end);
        }
      }),
    );
    expect(looked).toBeGreaterThan(50);
  });

  it('refuses all that was on its way when a sync of the thread fails, and loses nothing it answered', async () => {
    threads.execArgv = syncingWith(
      "(_, count) => { if (count === 3) throw new Error('the disk is broken'); }",
    );
    const ledger = await aLedger();
    const answered: LedgerRecord[] = [];
    let refused: unknown[] = [];
    for (let rounds = 0; rounds < 100 && refused.length === 0; rounds += 1) {
      const found = await load(ledger, (done) => done >= 1_000);
      answered.push(...found.records);
      refused = found.refused;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused) expect(error).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    await ledger.close();
    expectInLog(ledger, answered);
    expect(readFileSync(ledger.path, 'utf8').includes('"reason":"adopted"')).toBe(true);
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true });
  });

  it.each(MODES)('keeps no process alive that has not closed it (%s)', async (durability) => {
    const path = aPath();
    const child = spawn(
      process.execPath,
      ['--conditions=praxis-source', '--input-type=module', '--eval', PROGRAM],
      {
        cwd: import.meta.dirname,
        env: { ...process.env, LEDGER: path, DURABILITY: durability },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    // With a sync for each batch, it depends on the disk whether a thread is of use.
    const started = durability === 'os' ? ' threads: 1' : '';
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining(`12800${started}`) as string });
  });
});

/** Loads a ledger and ends without closing it. */
const PROGRAM = `import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
let started = 0;
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    started += 1;
  }
};
syncBuiltinESMExports();
const { systemClock } = await import('@praxis/core');
const { Ledger } = await import('@praxis/ledger');
const session = ${JSON.stringify(SESSION)};
const { LEDGER: path, DURABILITY: durability } = process.env;
const ledger = await Ledger.open({ path, clock: systemClock, session, durability });
let done = 0;
await Promise.all(
  Array.from({ length: 64 }, async () => {
    for (let i = 0; i < 200; i += 1) {
      await ledger.append({ kind: 'read', decision: 'allowed', reason: 'allowed', tool: 'query_facts' });
      done += 1;
    }
  }),
);
process.stdout.write(\`\${done} threads: \${started}\`);
`;
