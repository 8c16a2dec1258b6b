import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { Ledger } from '@praxis/ledger';
import { describe, expect, it, onTestFinished } from 'vitest';

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function audit(...args: string[]): Promise<Answer> {
  const main = join(import.meta.dirname, '..', 'main.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=praxis-source', main, 'audit', ...args],
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

async function aLedger(): Promise<{ path: string; directory: string; key: string; anchor: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-audit-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'ledger.jsonl');
  const anchor = join(directory, 'elsewhere', 'anchor');
  const session = {
    version: '0.1.0',
    buildDigest: 'b'.repeat(64),
    mode: 'guarded',
    configDigest: 'c'.repeat(64),
    auditRetentionDays: 365,
    evidenceRetentionDays: 365,
    operator: 'operator:test',
  };
  const ledger = await Ledger.open({ path, clock: systemClock, session, evidence: { anchorPath: anchor } });
  await ledger.append({
    kind: 'read',
    decision: 'allowed',
    reason: 'allowed',
    tool: 'query_facts',
    principal: 'agent:one',
    tier: 'T0',
  });
  await ledger.append({
    kind: 'refusal',
    decision: 'denied',
    reason: 'mode_refused',
    tool: 'run_action',
    principal: 'agent:two',
    tier: 'T3',
  });
  await ledger.close();
  return { path, directory, key: join(directory, 'ledger.key.pub'), anchor };
}

describe('praxis audit verify', () => {
  it('exits 0 for a whole ledger and says what it found', async () => {
    const { path, key, anchor } = await aLedger();
    const { code, stdout } = await audit('verify', path, '--json', '--key', key, '--anchor', anchor);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      records: 4,
      first_bad: null,
      unanchored_tail: 0,
      evidence: { anchored: 4 },
    });
  });

  it('exits 1 and names the first bad byte of one that is not', async () => {
    const { path } = await aLedger();
    appendFileSync(path, 'x\n');
    const { code, stdout } = await audit('verify', path, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      records: 4,
      first_bad: { seq: 4, code: 'bad_json' },
    });
    expect((await audit('verify', path)).stdout).toContain('NOT whole');
  });

  it('exits 2 for wrong use and 3 for what cannot be read', async () => {
    expect((await audit('verify')).code).toBe(2);
    expect((await audit('verify', '/no/such/ledger.jsonl', '--key', '/no/such/key')).code).toBe(2);
    expect((await audit('verify', '/no/such/ledger.jsonl')).code).toBe(3);
  });

  it('never takes a key that is none for no key', async () => {
    const { path, directory, key } = await aLedger();
    const file = join(directory, 'keys');
    for (const text of ['', 'noise\n', readFileSync(key, 'utf8').replace(/\+[^+]+$/, '+AQ==')]) {
      writeFileSync(file, text);
      expect(await audit('verify', path, '--key', file)).toMatchObject({ code: 2, stdout: '' });
    }
    expect((await audit('verify', path, '--witness-key', key)).code).toBe(2);
    writeFileSync(file, '{"path":"x"}');
    expect((await audit('verify', path, '--resume', file)).code).toBe(2);
  });

  it('verifies a directory, and goes on from where it ended', async () => {
    const { path, directory } = await aLedger();
    expect((await audit('verify', directory)).code).toBe(0);
    const resume = join(directory, 'resume');
    expect((await audit('verify', path, '--resume', resume)).code).toBe(0);
    const { code, stdout } = await audit('verify', path, '--json', '--resume', resume);
    expect([code, (JSON.parse(stdout) as { records: number }).records]).toEqual([0, 0]);
  });
});

describe('praxis audit verify of a directory that lacks a ledger which the anchor speaks for', () => {
  it('exits 1 and says which, unless the anchor is said to be shared', async () => {
    const [kept, lost] = [await aLedger(), await aLedger()];
    appendFileSync(kept.anchor, readFileSync(lost.anchor));
    const asked = ['verify', kept.directory, '--anchor', kept.anchor];
    const { code, stdout } = await audit(...asked, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      ledgers: [{ report: { ok: true } }],
      missing_origins: [expect.stringMatching(/^praxis\/./)],
    });
    expect((await audit(...asked)).stdout).toContain('NOT here');
    expect((await audit(...asked, '--anchor-shared')).code).toBe(0);
    const empty = join(kept.directory, 'elsewhere');
    expect((await audit('verify', empty, '--anchor', kept.anchor)).code).toBe(1);
    expect((await audit('verify', empty)).code).toBe(3);
  });
});

describe('praxis audit prove and check-proof', () => {
  it('write a proof that holds with the key alone', async () => {
    const { path, directory, key } = await aLedger();
    const { stdout } = await audit('prove', '1', path);
    const proof = join(directory, 'proof');
    writeFileSync(proof, stdout);
    expect(await audit('check-proof', proof, '--key', key)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('holds'),
    });
    writeFileSync(proof, stdout.replace('agent:one', 'agent:two'));
    expect((await audit('check-proof', proof, '--key', key)).code).toBe(1);
    expect((await audit('prove', 'x', path)).code).toBe(2);
    expect((await audit('prove', '99', path)).code).toBe(3);
    writeFileSync(path, readFileSync(path, 'utf8').replace('agent:one', 'agent:two'));
    expect(await audit('prove', '1', path)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('LEDGER_CORRUPT'),
    });
  });
});

describe('praxis audit search, tail, export and report', () => {
  it('find, show and tell', async () => {
    const { path, directory } = await aLedger();
    expect((await audit('search', path, '--decision', 'denied')).stdout.split('\n')).toHaveLength(2);
    expect((await audit('search', path, '--tool', 'nope')).code).toBe(1);
    expect((await audit('search', path, '--decision', 'nope')).code).toBe(2);
    expect((await audit('tail', path, '-n', 'x')).code).toBe(2);
    expect((await audit('tail', join(directory, 'nope'))).code).toBe(3);
    expect((await audit('search', path, '--since', 'yesterday')).code).toBe(2);
    expect((await audit('tail', path, '-n', '2', '--json')).stdout.trim().split('\n')).toHaveLength(2);
    expect((await audit('export', path, '--format', 'csv')).stdout.split('\r\n')).toHaveLength(6);
    expect((await audit('report', path)).stdout).toContain('Denials: 1');
    expect((await audit('report', path, '--format', 'html')).stdout).toContain('<!doctype html>');
    expect(readdirSync(directory)).toContain('ledger.evidence.jsonl');
  });

  it.each([
    [['search', '--tier', 'T0'], 1],
    [['search', '--json'], 3],
    [['tail', '--json'], 3],
    [['export'], 3],
    [['export', '--format', 'csv'], 4],
    [['report', '--format', 'json'], 1],
  ])('say on standard error what they could not read, and exit 1: %j', async (args, linesOut) => {
    const { path, directory } = await aLedger();
    expect(await audit(...args, path)).toMatchObject({ code: 0, stderr: '' });
    const text = readFileSync(path, 'utf8');
    const at = text.indexOf('\n') + 1;
    const [first = '', , ...rest] = text.split('\n');
    writeFileSync(path, [first, 'x'.repeat(30), ...rest, '{"torn'].join('\n').replace('\n\n', '\n'));
    const { code, stdout, stderr } = await audit(...args, path);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `praxis: LEDGER_CORRUPT: 2 damaged lines are no records, the first at byte ${at} of ${path}\n`,
    );
    const lines = stdout.trimEnd().split(/\r?\n/);
    expect(lines.filter((line) => line !== '').length).toBe(args.includes('T0') ? lines.length : linesOut);
    if (args.includes('csv') || !stdout.startsWith('{')) return;
    for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object');
    if (args[0] === 'report')
      expect(JSON.parse(stdout)).toMatchObject({ damaged: { lines: 2, first: { path, offset: at } } });
    expect(readdirSync(directory)).toContain('ledger.key.pub');
  });
});
