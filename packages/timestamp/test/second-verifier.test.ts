import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { Ledger, verifyLedger } from '@praxis/ledger';
import { describe, expect, it } from 'vitest';
import { rfc3161Stamper, rfc3161Verifier } from '../src/index.ts';
import { anOpensslTsa, type OpensslTsa } from './openssl-tsa.ts';

const PROGRAM = join(import.meta.dirname, '../../../tools/verify_ledger.py');
const SESSION = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:test',
};

interface Said {
  readonly exit: number;
  readonly ok: boolean;
  readonly stamped: number | null;
  readonly checked: readonly string[];
  readonly not_checked: readonly string[];
  readonly first_bad: { readonly code: string } | null;
}

function second(...args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    execFile('python3', [PROGRAM, '--json', ...args], (error, stdout, stderr) => {
      if (stderr !== '') return reject(new Error(stderr));
      const exit = typeof error?.code === 'number' ? error.code : 0;
      resolve({ ...(JSON.parse(stdout) as Omit<Said, 'exit'>), exit });
    });
  });
}

async function aStampedLedger(tsa: OpensslTsa): Promise<string> {
  const path = join(tsa.directory, 'ledger.jsonl');
  const stamper = rfc3161Stamper({
    url: tsa.url,
    trust: { certificates: [tsa.root] },
    fetch: { resolve: () => Promise.resolve([]), allow: [new URL(tsa.url).host] },
  });
  const evidence = { vouchers: [stamper] };
  const ledger = await Ledger.open({ path, clock: systemClock, session: SESSION, evidence });
  await ledger.append({ kind: 'read', decision: 'allowed', reason: 'allowed' });
  await ledger.close();
  return path;
}

describe('the second verifier, on stamps', () => {
  it('has openssl check them, against a root or the authority itself, and says what it did not check', async () => {
    const tsa = await anOpensslTsa();
    const path = await aStampedLedger(tsa);
    for (const name of ['root.pem', 'tsa.pem']) {
      const said = await second(path, '--tsa-cert', join(tsa.directory, name));
      expect(said).toMatchObject({ ok: true, stamped: 3, checked: ['2 of 2 stamps, by openssl'] });
    }
    const unasked = await second(path);
    expect(unasked).toMatchObject({ ok: true, stamped: null, checked: [] });
    expect(unasked.not_checked[0]).toContain('2 stamps: no certificate was given; 2 fit');
  });

  it('cannot tell without openssl, and says no to a wrong root', async () => {
    const tsa = await anOpensslTsa();
    const other = await anOpensslTsa();
    const path = await aStampedLedger(tsa);
    const root = join(tsa.directory, 'root.pem');
    expect(await second(path, '--tsa-cert', root, '--openssl', '/no/such/program')).toMatchObject({
      exit: 3,
      ok: false,
      first_bad: { code: 'stamp_unchecked' },
    });
    expect(await second(path, '--tsa-cert', join(other.directory, 'root.pem'))).toMatchObject({
      exit: 1,
      first_bad: { code: 'stamp_invalid' },
    });
    expect(await second(path, '--tsa-cert', path)).toMatchObject({
      exit: 3,
      first_bad: { code: 'unreadable' },
    });
  });

  it('agrees that a last stamp was taken away', async () => {
    const tsa = await anOpensslTsa();
    const path = await aStampedLedger(tsa);
    const evidence = path.replace('.jsonl', '.evidence.jsonl');
    const lines = readFileSync(evidence, 'utf8').split('\n');
    writeFileSync(evidence, `${lines.slice(0, -2).join('\n')}\n`);
    const said = await second(path, '--tsa-cert', join(tsa.directory, 'root.pem'));
    const stampVerifiers = rfc3161Verifier({ certificates: [tsa.root] });
    expect((await verifyLedger(path, { stampVerifiers })).first_bad?.code).toBe('unstamped');
    expect(said.first_bad?.code).toBe('unstamped');
  });
});
