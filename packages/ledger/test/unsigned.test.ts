import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseResumePoint, type StampVerifier, verifyLedger, type VerifyOptions } from '../src/index.ts';
import { aLedger, anEntry } from './a-ledger.ts';

async function codeOf(path: string, options: VerifyOptions): Promise<string | undefined> {
  return (await verifyLedger(path, options)).first_bad?.code;
}

async function aClosedLedger(evidence: false | object): Promise<{ path: string; key: string }> {
  const ledger = await aLedger({ originId: 'one', evidence });
  await ledger.append(anEntry());
  await ledger.close();
  return { path: ledger.path, key: ledger.verifierKey ?? '' };
}

describe('a ledger that nobody signed', () => {
  it('is not what an auditor with a key asked for, also when its header promises no evidence', async () => {
    const { key } = await aClosedLedger({});
    const forged = await aClosedLedger(false);
    expect(await codeOf(forged.path, {})).toBeUndefined();
    expect(await codeOf(forged.path, { publicKeys: [key] })).toBe('untrusted_key');
    writeFileSync(forged.path, '');
    expect(await codeOf(forged.path, { publicKeys: [key] })).toBe('untrusted_key');
  });

  it('is one that has just begun when it names the key', async () => {
    const ledger = await aLedger({ evidence: {} });
    expect(await codeOf(ledger.path, { publicKeys: [ledger.verifierKey ?? ''] })).toBeUndefined();
    await ledger.close();
  });

  it('is told by its last checkpoint also when nothing new is there to walk', async () => {
    const { path, key } = await aClosedLedger({});
    const other = await aClosedLedger({});
    const resume = (await verifyLedger(path)).resume ?? undefined;
    expect(await codeOf(path, { resume, publicKeys: [key] })).toBeUndefined();
    expect(await codeOf(path, { resume, publicKeys: [other.key] })).toBe('untrusted_key');
  });
});

describe('a ledger whose evidence was turned off', () => {
  it('is whole, and its earlier evidence is still missed', async () => {
    const { path } = await aClosedLedger({});
    await (await aLedger({ path, evidence: false })).close();
    const report = await verifyLedger(path);
    expect(report).toMatchObject({ ok: true, unanchored_tail: 2 });
    const resume = report.resume ?? undefined;
    const bare = await aLedger({ path, evidence: false });
    await bare.append(anEntry());
    await bare.close();
    expect(await codeOf(path, { resume })).toBeUndefined();
    const evidence = path.replace('.jsonl', '.evidence.jsonl');
    const lines = readFileSync(evidence, 'utf8').split('\n');
    writeFileSync(evidence, `${lines.slice(0, -2).join('\n')}\n`);
    expect(await codeOf(path, {})).toBe('evidence_truncated');
    rmSync(evidence);
    expect(await codeOf(path, {})).toBe('evidence_missing');
  });
});

describe('a ledger that nobody vouched for', () => {
  const stampVerifiers: Record<string, StampVerifier> = { rfc3161: () => Promise.reject(new Error('none')) };
  const witnessKeys = ['witness+00000000+AAAA'];

  it('is not content for an auditor who can check what others vouch for, once it was closed in order', async () => {
    const { path } = await aClosedLedger({});
    expect(await codeOf(path, { stampVerifiers })).toBe('unstamped');
    expect(await codeOf(path, { witnessKeys })).toBe('unwitnessed');
    const running = await aLedger({ evidence: {} });
    await running.append(anEntry());
    await running.checkpoint();
    expect(await codeOf(running.path, { stampVerifiers, witnessKeys })).toBeUndefined();
    await running.close();
    rmSync(running.path.replace('.jsonl', '.evidence.jsonl'));
    expect(await codeOf(running.path, { stampVerifiers, witnessKeys })).toBe('evidence_missing');
  });
});

describe('a place to resume from', () => {
  it('is what a verification answered, and nothing else', async () => {
    const { path } = await aClosedLedger({});
    const { resume } = await verifyLedger(path);
    expect(parseResumePoint(JSON.parse(JSON.stringify(resume)))).toEqual(resume);
    const wrong = [null, 5, [], {}, { path }, { ...resume, offset: -5 }, { ...resume, size: 1.5 }];
    for (const value of [...wrong, { ...resume, edge: ['zz'] }, { ...resume, keys: 5 }])
      expect(parseResumePoint(value)).toBeNull();
  });
});
