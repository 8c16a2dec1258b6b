import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { Ledger, type LedgerEntry, verifierKey, witnessVoucher } from '@praxis/ledger';
import { makeTempDir, type TempDir } from '@praxis/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { A_SESSION } from './a-runtime.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
const ENTRY: LedgerEntry = { kind: 'read', decision: 'allowed', reason: 'allowed', tool: 'query_facts' };
interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function praxis(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--conditions=praxis-source', MAIN, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly key: string;
}

/** Starts `praxis audit witness serve` and waits until it says where it is and who. */
async function aWitness(dir: string, logKey: string): Promise<Serving> {
  const args = ['audit', 'witness', 'serve', '--dir', dir, '--log-key', logKey, '--port', '0'];
  const child = spawn(process.execPath, ['--conditions=praxis-source', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const [, url, key] = /PRAXIS_WITNESSES='(\S+) (\S+)'/.exec(said) ?? [];
    if (url !== undefined && key !== undefined) return { child, url, key };
  }
  throw new Error(`the witness ended: ${said}`);
}

async function aPlace(): Promise<{ dir: TempDir; state: string; path: string }> {
  const dir = makeTempDir();
  onTestFinished(() => dir.remove());
  const state = join(dir.path, 'state');
  const path = join(state, 'audit.jsonl');
  await (await Ledger.open({ path, clock: systemClock, session: A_SESSION })).close();
  return { dir, state, path };
}

function reopen(path: string, { url, key }: Serving): Promise<Ledger> {
  const vouchers = [witnessVoucher({ url, verifierKey: key, path })];
  return Ledger.open({ path, clock: systemClock, session: A_SESSION, evidence: { vouchers } });
}

describe('praxis audit witness serve', () => {
  it('cosigns a ledger over a restart of its own, and shows the ledger rolled back and forked', async () => {
    const { dir, state, path } = await aPlace();
    const home = join(dir.path, 'witness');
    const first = await aWitness(home, join(state, 'audit.key.pub'));
    expect(statSync(join(home, 'witness.key')).mode & 0o777).toBe(0o600);
    const early = await reopen(path, first);
    await early.append(ENTRY);
    await early.close();
    cpSync(state, join(dir.path, 'early'), { recursive: true });
    first.child.kill('SIGTERM');
    expect(await once(first.child, 'close')).toEqual([0, null]);

    const again = await aWitness(home, join(state, 'audit.key.pub'));
    expect(again.key).toBe(first.key);
    const late = await reopen(path, again);
    for (let i = 0; i < 5; i += 1) await late.append(ENTRY);
    await late.close();
    const verify = (): Promise<Answer> =>
      praxis('audit', 'verify', path, '--json', '--witness-key', again.key, '--witnessed', again.url);
    const whole = await verify();
    expect(whole).toMatchObject({ code: 0 });
    const { records } = JSON.parse(whole.stdout) as { records: number };
    expect(JSON.parse(whole.stdout)).toMatchObject({ evidence: { anchored: records, witnessed: records } });

    const { stdout } = await praxis('audit', 'witness', 'export', '--dir', home);
    const held = dir.write('held', stdout);
    rmSync(state, { recursive: true });
    cpSync(join(dir.path, 'early'), state, { recursive: true });
    for (const answer of [
      await verify(),
      await praxis('audit', 'verify', state, '--json', '--witnessed', held),
    ]) {
      expect(answer.code).toBe(1);
      expect(answer.stdout).toContain('"code":"truncated"');
    }
    const fork = await reopen(path, again);
    for (let i = 0; i < 9; i += 1) await fork.append({ ...ENTRY, args: { forged: i } });
    await fork.close();
    const forked = await verify();
    expect(forked.code).toBe(1);
    expect(forked.stdout).toContain('"code":"anchor_mismatch"');
  }, 30_000);

  it('learns another ledger while it runs, and is one at a time on its directory', async () => {
    const { dir, state, path } = await aPlace();
    const other = await aPlace();
    const keys = dir.write('keys', readFileSync(join(other.state, 'audit.key.pub'), 'utf8'));
    const home = join(dir.path, 'witness');
    const serving = await aWitness(home, keys);
    const unknown = await reopen(path, serving);
    await unknown.close();
    expect(unknown.status.evidence?.lastFailure).toContain('404');
    const args = ['audit', 'witness', 'serve', '--dir', home, '--log-key', keys, '--port', '0'];
    expect((await praxis(...args)).stderr).toContain('DATA_DIR_LOCKED');
    writeFileSync(keys, readFileSync(join(state, 'audit.key.pub')));
    const known = await reopen(path, serving);
    await known.close();
    expect(known.status.evidence).toMatchObject({ waiting: 0 });
  }, 30_000);

  it('says what it cannot do with', async () => {
    const { dir, state, path } = await aPlace();
    const key = join(state, 'audit.key.pub');
    const serve = (...more: string[]): Promise<Answer> =>
      praxis('audit', 'witness', 'serve', '--dir', join(dir.path, 'w'), ...more);
    expect((await serve()).code).toBe(2);
    expect((await serve('--log-key', dir.write('empty', ''))).code).toBe(2);
    expect((await serve('--log-key', key, '--port', 'x')).code).toBe(2);
    expect((await serve('--log-key', key, '--name', 'a b')).code).toBe(2);
    expect((await serve('--log-key', key, '--host', '192.0.2.1', '--name', 'one')).code).toBe(3);
    expect((await serve('--log-key', key, '--name', 'two')).stderr).toContain('called `one`');
    mkdirSync(join(dir.path, 'nobody'));
    expect((await praxis('audit', 'witness', 'export', '--dir', join(dir.path, 'nobody'))).code).toBe(2);
    expect((await praxis('audit', 'verify', path, '--witnessed', 'http://127.0.0.1:9')).code).toBe(2);
    const asked = ['--witnessed', 'http://127.0.0.1:9', '--witness-key'];
    // The ledger's key is none of a witness.
    expect((await praxis('audit', 'verify', path, ...asked, key)).code).toBe(2);
    const witness = verifierKey('w', generateKeyPairSync('ed25519').publicKey, 'cosignature');
    expect((await praxis('audit', 'verify', path, ...asked, witness)).code).toBe(3);
  }, 30_000);
});
