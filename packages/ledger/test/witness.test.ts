import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  checkProof,
  fileWitnessStore,
  type Ledger,
  proveRecord,
  serveWitness,
  verifierKey,
  verifyLedger,
  Witness,
  witnessVoucher,
} from '../src/index.ts';
import { aLedger, anEntry, scratch } from './a-ledger.ts';

interface Running {
  readonly url: string;
  readonly key: string;
  readonly witness: Witness;
  /** What the witness said on the side. */
  readonly said: string[];
}

async function aWitness(logKeys: string[]): Promise<Running> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const witness = new Witness({
    name: 'witness.example/w1',
    privateKey,
    logKeys,
    store: fileWitnessStore(scratch()),
    clock: systemClock,
  });
  const said: string[] = [];
  const running = await serveWitness(witness, {
    host: '127.0.0.1',
    port: 0,
    log: (line) => said.push(line),
  });
  onTestFinished(() => running.close());
  return {
    url: running.url,
    key: verifierKey('witness.example/w1', publicKey, 'cosignature'),
    witness,
    said,
  };
}

/** A ledger whose key the witness knows, and which asks the witness. */
async function aWitnessedLedger(): Promise<{
  ledger: Ledger;
  running: Running;
  path: string;
  directory: string;
}> {
  const directory = scratch();
  const path = join(directory, 'ledger.jsonl');
  const first = await aLedger({ path });
  await first.close();
  const running = await aWitness([first.verifierKey ?? '']);
  const vouchers = [witnessVoucher({ url: running.url, verifierKey: running.key, path })];
  const ledger = await aLedger({ path, evidence: { vouchers } });
  return { ledger, running, path, directory };
}

describe('a witnessed ledger', () => {
  it('keeps cosignatures that verify, and proofs carry them', async () => {
    const { ledger, running, path } = await aWitnessedLedger();
    for (let i = 0; i < 300; i += 1) await ledger.append(anEntry());
    await ledger.checkpoint();
    await ledger.append(anEntry());
    await ledger.close();
    expect(ledger.status.evidence).toMatchObject({ waiting: 0, lastFailure: null });
    const report = await verifyLedger(path, { witnessKeys: [running.key] });
    expect(report).toMatchObject({ ok: true, evidence: { witnessed: report.records } });
    const proof = await proveRecord(path, 5);
    const keys = { publicKeys: [ledger.verifierKey ?? ''], witnessKeys: [running.key] };
    expect(await checkProof(proof, keys)).toMatchObject({ ok: true, witnesses: ['witness.example/w1'] });
    // Who asks what others say of it is not content with nothing.
    expect(await checkProof({ ...proof, cosignatures: [] }, keys)).toMatchObject({ problem: 'unwitnessed' });
    expect(await checkProof(proof, { ...keys, stampVerifiers: {} })).toMatchObject({ problem: 'unstamped' });
  });

  it('cannot be rolled back or forked without the witness noticing', async () => {
    const { ledger, running, path, directory } = await aWitnessedLedger();
    const early = scratch();
    await ledger.append(anEntry());
    await ledger.checkpoint();
    for (const name of readdirSync(directory))
      if (!name.includes('lock')) cpSync(join(directory, name), join(early, name), { recursive: true });
    await ledger.append(anEntry());
    await ledger.close();
    const seen = [running.witness.latest(`praxis/${ledger.originId}`) ?? ''];
    expect(await verifyLedger(path, { witnessedNotes: seen })).toMatchObject({ ok: true });
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    cpSync(early, directory, { recursive: true });
    expect(await verifyLedger(path, { witnessedNotes: seen })).toMatchObject({
      ok: false,
      first_bad: { code: 'truncated' },
    });
    const vouchers = [witnessVoucher({ url: running.url, verifierKey: running.key, path })];
    const fork = await aLedger({ path, evidence: { vouchers } });
    for (let i = 0; i < 9; i += 1) await fork.append(anEntry({ args: { forged: i } }));
    await fork.checkpoint();
    await vi.waitFor(() => expect(fork.status.evidence?.lastFailure).toContain('422'));
    await fork.close();
    expect(await verifyLedger(path, { witnessedNotes: seen })).toMatchObject({
      ok: false,
      first_bad: { code: 'anchor_mismatch' },
    });
  });

  it('shows a last cosignature that was taken away', async () => {
    const { ledger, running, path } = await aWitnessedLedger();
    await ledger.append(anEntry());
    await ledger.close();
    const evidence = path.replace('.jsonl', '.evidence.jsonl');
    const lines = readFileSync(evidence, 'utf8').split('\n');
    writeFileSync(evidence, `${lines.slice(0, -2).join('\n')}\n`);
    const report = await verifyLedger(path, { witnessKeys: [running.key] });
    expect(report).toMatchObject({ ok: false, first_bad: { code: 'unwitnessed' } });
  });

  it("is told about a cosignature that is not the witness's", async () => {
    const { ledger, running, path } = await aWitnessedLedger();
    await ledger.append(anEntry());
    await ledger.close();
    const { publicKey } = generateKeyPairSync('ed25519');
    const other = verifierKey('witness.example/w1', publicKey, 'cosignature');
    expect(await verifyLedger(path, { witnessKeys: [other] })).toMatchObject({
      first_bad: { code: 'unwitnessed' },
      evidence: { witnessed: 0 },
    });
    expect(await verifyLedger(path, { witnessKeys: [running.key] })).toMatchObject({ ok: true });
  });
});

describe('a voucher that never answers', () => {
  it('does not hold closing up for long, and is asked again next time', async () => {
    const silent = { name: 'silent', vouch: () => new Promise<never>(() => undefined) };
    const ledger = await aLedger({ evidence: { vouchers: [silent] } });
    await ledger.append(anEntry());
    const from = performance.now();
    await ledger.close();
    expect(performance.now() - from).toBeLessThan(6_000);
    const asked: number[] = [];
    const asking = {
      name: 'asking',
      vouch: (_note: string, size: number) => (asked.push(size), Promise.resolve(null)),
    };
    const next = await aLedger({ path: ledger.path, evidence: { vouchers: [asking] } });
    await next.close();
    expect(asked).toEqual([1, 3, 4, 5]);
  });
});

describe('a witness', () => {
  it('answers requests that are none, unknown logs and bad signatures', async () => {
    const { ledger, running, path } = await aWitnessedLedger();
    await ledger.close();
    const { checkpoint } = await proveRecord(path, 0);
    const { witness } = running;
    const known = (await verifyLedger(path)).records;
    expect(witness.addCheckpoint('').status).toBe(400);
    expect(witness.addCheckpoint(`old 0\n\nnothing`).status).toBe(400);
    expect(witness.addCheckpoint(`old 0\n\n${checkpoint.replace('praxis/', 'other/')}`).status).toBe(404);
    expect(witness.addCheckpoint(`old 0\n\n${checkpoint.replace(/\n\d+\n/, '\n9\n')}`).status).toBe(403);
    expect(witness.addCheckpoint(`old 0\n\n${checkpoint}`)).toMatchObject({
      status: 409,
      body: `${known}\n`,
      contentType: 'text/x.tlog.size',
    });
    expect(witness.addCheckpoint(`old ${known}\n\n${checkpoint}`).status).toBe(200);
    expect(witness.addCheckpoint(`old ${known}\nAAAA\n\n${checkpoint}`).status).toBe(400);
  });
});
