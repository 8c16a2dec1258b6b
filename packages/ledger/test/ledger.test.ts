import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { Ledger, type StoredRecord, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, aPath, scratch, SESSION } from './a-ledger.ts';

function records(path: string): (StoredRecord & { entry_hash: string })[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as StoredRecord & { entry_hash: string });
}

/** Without evidence: what is cut off and changed here would be found out otherwise. */
function reopen(path: string): Promise<Ledger> {
  return aLedger({ path, evidence: false });
}

describe('a ledger', () => {
  it('is owner-only, in a directory that is owner-only when it had to be made', async () => {
    const path = join(scratch(), 'new', 'ledger.jsonl');
    await aLedger({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it('takes back access that others had to an existing log', async () => {
    const path = aPath();
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    await aLedger({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('begins each session with a header that binds version, build, mode, configuration, retention and operator', async () => {
    const ledger = await aLedger();
    const [header] = records(ledger.path);
    expect(header).toMatchObject({
      seq: 0,
      kind: 'session',
      decision: 'session',
      prev_hash: '0'.repeat(64),
      args: {
        praxis_version: '0.1.0',
        binary_sha256: 'b'.repeat(64),
        mode: 'guarded',
        config_sha256: 'c'.repeat(64),
        audit_retention_days: 365,
        evidence_retention_days: 365,
        operator: 'operator:test',
      },
    });
  });

  it('numbers records in the order of the calls and answers with what it stored', async () => {
    const ledger = await aLedger();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => ledger.append(anEntry({ args: { i } }))),
    );
    const stored = records(ledger.path).slice(1);
    expect(answers.map((answer) => answer.seq)).toEqual(stored.map((_, i) => i + 1));
    expect(answers.map((answer) => answer.entryHash)).toEqual(stored.map((record) => record.entry_hash));
    expect(stored.map((record) => (record.args as { i: number }).i)).toEqual(stored.map((_, i) => i));
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: 101, first_bad: null });
  });

  it.each(['group', 'each', 'os'] as const)(
    'has the record on the file when append resolves (%s)',
    async (durability) => {
      const ledger = await aLedger({ durability });
      for (let i = 0; i < 20; i += 1) {
        const { entryHash } = await ledger.append(anEntry());
        expect(readFileSync(ledger.path, 'utf8').endsWith(`"entry_hash":"${entryHash}"}\n`)).toBe(true);
      }
    },
  );

  it('goes on with its chain and its origin after being closed', async () => {
    const first = await aLedger({ evidence: false });
    await first.append(anEntry());
    await first.close();
    const second = await reopen(first.path);
    const { seq } = await second.append(anEntry());
    expect(seq).toBe(4);
    expect(second.originId).toBe(first.originId);
    expect(await verifyLedger(first.path)).toMatchObject({ ok: true, records: 5 });
  });

  it('refuses an entry that only the ledger may write, or that is none', async () => {
    const ledger = await aLedger();
    for (const entry of [
      { kind: 'recovery' },
      { kind: 'segment' },
      { kind: 'other' },
      { decision: 'maybe' },
    ]) {
      await expect(ledger.append(anEntry(entry as never))).rejects.toMatchObject({
        code: 'LEDGER_ENTRY_INVALID',
      });
    }
  });

  it('refuses what comes after it is closed, and keeps what came before', async () => {
    const ledger = await aLedger();
    const last = ledger.append(anEntry());
    await ledger.close();
    expect((await last).seq).toBe(1);
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_CLOSED' });
  });
});

describe('opening a ledger', () => {
  const open = (path: string): Promise<Ledger> => Ledger.open({ path, clock: systemClock, session: SESSION });
  const refused = (reason: string): object => ({ code: 'LEDGER_UNWRITABLE', fields: { reason } });

  it('refuses symbolic links, hard links, directories and devices', async () => {
    const directory = scratch();
    const real = join(directory, 'real');
    writeFileSync(real, '');
    symlinkSync(real, join(directory, 'link'));
    await expect(open(join(directory, 'link'))).rejects.toMatchObject(refused('symbolic_link'));
    linkSync(real, join(directory, 'second-name'));
    await expect(open(real)).rejects.toMatchObject(refused('hard_link'));
    mkdirSync(join(directory, 'directory'));
    await expect(open(join(directory, 'directory'))).rejects.toMatchObject(refused('not_a_file'));
    await expect(open('/dev/null')).rejects.toMatchObject(refused('not_a_file'));
  });

  it('refuses a directory where anyone may replace files', async () => {
    const directory = join(scratch(), 'open');
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    await expect(open(join(directory, 'log'))).rejects.toMatchObject(refused('exposed_directory'));
  });

  it('refuses a path that cannot be written', async () => {
    await expect(open('/proc/no-such/ledger.jsonl')).rejects.toMatchObject({ code: 'LEDGER_UNWRITABLE' });
  });

  it('refuses a second writer, in this process or another, and lets the next in after a close', async () => {
    const ledger = await aLedger();
    await expect(open(ledger.path)).rejects.toMatchObject({
      code: 'LEDGER_LOCKED',
      fields: { pid: process.pid },
    });
    expect(await inAnotherProcess(ledger.path, 'close')).toBe('LEDGER_LOCKED');
    await ledger.close();
    expect(await inAnotherProcess(ledger.path, 'close')).toBe('opened');
  });

  it('takes over from a holder that was killed', async () => {
    const path = aPath();
    expect(await inAnotherProcess(path, 'kill')).toBe('opened');
    const ledger = await reopen(path);
    expect((await ledger.append(anEntry())).seq).toBe(2);
  });

  it('refuses a file that is no ledger', async () => {
    const path = aPath();
    writeFileSync(path, '127.0.0.1 localhost\n');
    await expect(open(path)).rejects.toMatchObject({ code: 'LEDGER_CORRUPT', fields: { offset: 0 } });
    expect(readFileSync(path, 'utf8')).toBe('127.0.0.1 localhost\n');
  });

  it('refuses the ledger of another origin', async () => {
    const ledger = await aLedger({ originId: 'one' });
    await ledger.close();
    const other = Ledger.open({ path: ledger.path, clock: systemClock, session: SESSION, originId: 'two' });
    await expect(other).rejects.toMatchObject(refused('foreign_origin'));
  });
});

describe('recovery', () => {
  async function aClosedLedger(): Promise<string> {
    const ledger = await aLedger({ evidence: false });
    for (let i = 0; i < 3; i += 1) await ledger.append(anEntry());
    await ledger.close();
    return ledger.path;
  }

  it('keeps a torn last line, wherever it was torn, and commits to its bytes', async () => {
    const whole = readFileSync(await aClosedLedger());
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (const cut of [lastLine + 1, lastLine + 5, lastLine + 200, whole.length - 3, whole.length - 2]) {
      const path = aPath();
      writeFileSync(path, whole.subarray(0, cut), { mode: 0o600 });
      expect(await verifyLedger(path)).toMatchObject({
        ok: false,
        first_bad: { offset: lastLine, seq: 4, code: 'torn_tail' },
      });
      const ledger = await reopen(path);
      await ledger.append(anEntry());
      const report = await verifyLedger(path);
      expect(report).toMatchObject({ ok: true, records: 7, recovered: [{ offset: lastLine, seq: 4 }] });
      expect(readFileSync(path).subarray(0, cut).equals(whole.subarray(0, cut))).toBe(true);
    }
  });

  it('recovers again when the recovery itself was cut short', async () => {
    const path = await aClosedLedger();
    truncateSync(path, statSync(path).size - 40);
    appendFileSync(path, '\n{"action_id":"0');
    const ledger = await reopen(path);
    await ledger.append(anEntry());
    expect(await verifyLedger(path)).toMatchObject({ ok: true, recovered: [{ seq: 4 }] });
  });

  it('notices when recovered bytes are changed or removed later', async () => {
    const path = await aClosedLedger();
    truncateSync(path, statSync(path).size - 40);
    await (await reopen(path)).close();
    const whole = readFileSync(path);
    const recovery = whole.lastIndexOf('\n', whole.indexOf('"kind":"recovery"'));
    const torn = whole.lastIndexOf('\n', recovery - 1) + 1;
    const flipped = Buffer.from(whole);
    flipped[torn + 30] = (flipped[torn + 30] ?? 0) ^ 1;
    writeFileSync(path, flipped);
    expect(await verifyLedger(path)).toMatchObject({ ok: false });
    const lines = whole.toString('latin1').split('\n');
    writeFileSync(path, lines.filter((line) => line === '' || line.endsWith('"}')).join('\n'), 'latin1');
    expect(await verifyLedger(path)).toMatchObject({ ok: false, first_bad: { code: 'recovery_mismatch' } });
  });

  it('refuses to write after a whole record that does not verify, and names the offset', async () => {
    const path = await aClosedLedger();
    const bytes = readFileSync(path);
    const at = bytes.lastIndexOf('query_facts');
    bytes[at] = 0x51;
    writeFileSync(path, bytes);
    const offset = bytes.lastIndexOf('\n', at) + 1;
    await expect(reopen(path)).rejects.toMatchObject({ code: 'LEDGER_CORRUPT', fields: { offset, seq: 3 } });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    await expect(aLedger({ path, evidence: false, setAsideFrom: offset + 1 })).rejects.toMatchObject({
      code: 'LEDGER_CORRUPT',
    });
    await aLedger({ path, evidence: false, setAsideFrom: offset });
    expect(await verifyLedger(path)).toMatchObject({ ok: true, recovered: [{ offset }] });
  });

  it('closes an intent without an outcome as interrupted, once', async () => {
    const first = await aLedger({ evidence: false });
    const intent = await first.append(
      anEntry({ kind: 'intent', tool: 'run_action', target: 'web1', tier: 'T2' }),
    );
    const done = await first.append(
      anEntry({ kind: 'intent', tool: 'run_action', target: 'web2', tier: 'T2' }),
    );
    await first.append(anEntry({ kind: 'outcome', intentSeq: done.seq }));
    await first.close();
    expect(await verifyLedger(first.path)).toMatchObject({
      ok: true,
      interrupted_count: 1,
      interrupted: [{ seq: intent.seq, target: 'web1', closed_by: null }],
    });
    const second = await reopen(first.path);
    await second.close();
    await reopen(first.path);
    const closing = records(first.path).filter((record) => record.kind === 'interrupted');
    expect(closing).toMatchObject([
      { intent_seq: intent.seq, target: 'web1', tier: 'T2', reason: 'outcome_unknown' },
    ]);
    expect(await verifyLedger(first.path)).toMatchObject({
      ok: true,
      interrupted_count: 1,
      interrupted: [{ seq: intent.seq, closed_by: closing[0]?.seq }],
    });
  });
});

/** Opens the ledger from a process of its own, then closes it or dies holding it. */
function inAnotherProcess(path: string, end: 'close' | 'kill'): Promise<string> {
  const script = `
    const { Ledger } = await import('@praxis/ledger');
    const { systemClock } = await import('@praxis/core');
    const { SESSION } = JSON.parse(process.env.INPUT);
    try {
      const ledger = await Ledger.open({ path: process.env.LEDGER, clock: systemClock, session: SESSION });
      process.stdout.write('opened');
      if (process.env.END === 'kill') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
      else await ledger.close();
    } catch (error) { process.stdout.write(error.code); }`;
  const env = { ...process.env, LEDGER: path, END: end, INPUT: JSON.stringify({ SESSION }) };
  return new Promise((resolve) => {
    const args = ['--conditions=praxis-source', '--input-type=module', '--eval', script];
    execFile(process.execPath, args, { env, cwd: import.meta.dirname }, (_error, stdout) => resolve(stdout));
  });
}
