import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@praxis/core';
import { checkProof, Ledger, proveRecord, verifyLedger } from '@praxis/ledger';
import { describe, expect, it } from 'vitest';
import {
  rfc3161Stamper,
  rfc3161Verifier,
  stamp,
  timestampRequest,
  tokenInResponse,
  verifyToken,
} from '../src/index.ts';
import { anOpensslTsa, issue, openssl, type OpensslTsa } from './openssl-tsa.ts';

const DATA = Buffer.from('the note of a checkpoint\n');
const SESSION = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:test',
};

function tokenFor(tsa: OpensslTsa, data = DATA): { token: Uint8Array; nonce: string } {
  const { der, nonce } = timestampRequest(data);
  return { token: tokenInResponse(tsa.reply(der)), nonce };
}

function options(tsa: OpensslTsa): Parameters<typeof stamp>[1] {
  const resolve = (): Promise<readonly string[]> => Promise.resolve([]);
  return {
    url: tsa.url,
    trust: { certificates: [tsa.root] },
    fetch: { resolve, allow: [new URL(tsa.url).host] },
  };
}

/** Signs a TSTInfo as openssl's own `ts` refuses to: with a certificate of another kind. */
function signedBy(
  tsa: OpensslTsa,
  kind: string,
  how: { readonly days?: number; readonly attribute?: boolean } = {},
): Uint8Array {
  const { directory } = tsa;
  issue(directory, kind, kind, how.days);
  const { token } = tokenFor(tsa);
  writeFileSync(join(directory, 'token'), token);
  openssl(directory, [
    'cms',
    '-verify',
    '-inform',
    'DER',
    '-in',
    'token',
    '-noverify',
    '-binary',
    '-out',
    'tstinfo',
  ]);
  openssl(directory, [
    'cms',
    '-sign',
    '-binary',
    '-nodetach',
    ...(how.attribute === false ? [] : ['-cades']),
    '-md',
    'sha256',
    '-econtent_type',
    'id-smime-ct-TSTInfo',
    '-in',
    'tstinfo',
    '-signer',
    `${kind}.pem`,
    '-inkey',
    `${kind}.key`,
    '-outform',
    'DER',
    '-out',
    'forged',
  ]);
  return readFileSync(join(directory, 'forged'));
}

describe('verifyToken', () => {
  it('accepts a token of a real authority, by its root or by its own certificate', async () => {
    const tsa = await anOpensslTsa();
    const { token, nonce } = tokenFor(tsa);
    const { time, policy } = await verifyToken(token, DATA, { certificates: [tsa.root] }, nonce);
    expect(Math.abs(Date.parse(time) - systemClock.now() / 1000)).toBeLessThan(60_000);
    expect(policy).toBe('1.2.3.4.1');
    await verifyToken(token, DATA, { certificates: [tsa.leaf], policies: ['1.2.3.4.1'] });
  });

  it('agrees with openssl', async () => {
    const tsa = await anOpensslTsa();
    const { token } = tokenFor(tsa);
    writeFileSync(join(tsa.directory, 'token'), token);
    writeFileSync(join(tsa.directory, 'data'), DATA);
    const said = openssl(tsa.directory, [
      'ts',
      '-verify',
      '-data',
      'data',
      '-token_in',
      '-in',
      'token',
      '-CAfile',
      'root.pem',
    ]);
    expect(said.toString()).toContain('OK');
  });

  it('refuses other data, another nonce, another policy, another root', async () => {
    const tsa = await anOpensslTsa();
    const other = await anOpensslTsa();
    const { token } = tokenFor(tsa);
    const trust = { certificates: [tsa.root] };
    await expect(verifyToken(token, Buffer.from('other'), trust)).rejects.toMatchObject({
      code: 'TIMESTAMP_IMPRINT',
    });
    await expect(verifyToken(token, DATA, trust, '40'.repeat(8))).rejects.toMatchObject({
      code: 'TIMESTAMP_NONCE',
    });
    await expect(verifyToken(token, DATA, { ...trust, policies: ['1.2.3.4.5'] })).rejects.toMatchObject({
      code: 'TIMESTAMP_POLICY',
    });
    await expect(verifyToken(token, DATA, { certificates: [other.root] })).rejects.toMatchObject({
      code: 'TIMESTAMP_CHAIN',
    });
    await expect(verifyToken(token, DATA, { certificates: [other.leaf] })).rejects.toMatchObject({
      code: 'TIMESTAMP_CHAIN',
    });
    await expect(verifyToken(token, DATA, { certificates: [] })).rejects.toMatchObject({
      code: 'TIMESTAMP_CHAIN',
    });
    await expect(verifyToken(token, DATA, { certificates: ['x'] })).rejects.toMatchObject({
      code: 'TSA_TRUST_UNREADABLE',
    });
  });

  it('accepts a token made as a forger would only when the certificate is one for time stamping alone', async () => {
    const tsa = await anOpensslTsa();
    const trust = { certificates: [tsa.root] };
    await verifyToken(signedBy(tsa, 'tsa'), DATA, trust);
    await expect(verifyToken(signedBy(tsa, 'codesigning'), DATA, trust)).rejects.toMatchObject({
      code: 'TIMESTAMP_USAGE',
    });
    await expect(verifyToken(signedBy(tsa, 'notcritical'), DATA, trust)).rejects.toMatchObject({
      code: 'TIMESTAMP_USAGE',
    });
  });

  it('refuses a token that does not name its certificate, and one of a certificate that had run out', async () => {
    const tsa = await anOpensslTsa();
    const trust = { certificates: [tsa.root] };
    await expect(verifyToken(signedBy(tsa, 'tsa', { attribute: false }), DATA, trust)).rejects.toMatchObject({
      code: 'TIMESTAMP_SIGNING_CERTIFICATE',
    });
    const expired = signedBy(tsa, 'tsa', { days: -1 });
    await expect(verifyToken(expired, DATA, trust)).rejects.toMatchObject({ code: 'TIMESTAMP_CHAIN' });
    const pinned = { certificates: [readFileSync(join(tsa.directory, 'tsa.pem'), 'utf8')] };
    await expect(verifyToken(expired, DATA, pinned)).rejects.toMatchObject({ code: 'TIMESTAMP_CHAIN' });
  });

  it('never accepts a changed byte in what is signed, and never fails without a code', async () => {
    const tsa = await anOpensslTsa();
    const { token } = tokenFor(tsa);
    const trust = { certificates: [tsa.root] };
    const { time, serialNumber } = await verifyToken(token, DATA, trust);
    for (let at = 0; at < token.length; at += 13) {
      const changed = Uint8Array.from(token);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const result = await verifyToken(changed, DATA, trust).catch((error: { code?: unknown }) =>
        String(error.code),
      );
      // Parts that nobody signed may change; what the token says may not.
      if (typeof result === 'object') expect(result).toMatchObject({ time, serialNumber });
      else expect(result).toMatch(/^TIMESTAMP_/);
    }
    await expect(verifyToken(Buffer.from('no token'), DATA, trust)).rejects.toMatchObject({
      code: 'TIMESTAMP_MALFORMED',
    });
    await expect(verifyToken(new Uint8Array(0), DATA, trust)).rejects.toMatchObject({
      code: 'TIMESTAMP_MALFORMED',
    });
  });
});

describe('tokenInResponse', () => {
  it('says when the authority refused', async () => {
    const tsa = await anOpensslTsa();
    const { der } = timestampRequest(DATA, '1.9.9.9');
    expect(() => tokenInResponse(tsa.reply(der))).toThrow(expect.objectContaining({ code: 'TSA_REFUSED' }));
    expect(() => tokenInResponse(Buffer.from('x'))).toThrow(
      expect.objectContaining({ code: 'TIMESTAMP_MALFORMED' }),
    );
  });
});

describe('stamp', () => {
  it('asks over the egress screen, which refuses a local authority that no operator allowed', async () => {
    const tsa = await anOpensslTsa();
    expect((await stamp(DATA, options(tsa))).length).toBeGreaterThan(500);
    const unlisted = { ...options(tsa), fetch: { resolve: () => Promise.resolve([]) } };
    await expect(stamp(DATA, unlisted)).rejects.toMatchObject({ code: 'TSA_BLOCKED' });
  });
});

describe('a ledger with a time-stamping authority', () => {
  it('has its checkpoints stamped, and its verifier checks the stamps', async () => {
    const tsa = await anOpensslTsa();
    const path = join(tsa.directory, 'ledger.jsonl');
    const ledger = await Ledger.open({
      path,
      clock: systemClock,
      session: SESSION,
      evidence: { vouchers: [rfc3161Stamper(options(tsa))] },
    });
    await ledger.append({ kind: 'read', decision: 'allowed', reason: 'allowed' });
    await ledger.close();
    const stampVerifiers = rfc3161Verifier({ certificates: [tsa.root] });
    const report = await verifyLedger(path, { stampVerifiers });
    expect(report).toMatchObject({ ok: true, evidence: { stamped: 3, stamps: 2 } });
    const other = await anOpensslTsa();
    const untrusting = rfc3161Verifier({ certificates: [other.root] });
    expect(await verifyLedger(path, { stampVerifiers: untrusting })).toMatchObject({
      ok: false,
      first_bad: { code: 'stamp_invalid' },
    });
    const proof = await proveRecord(path, 1);
    const publicKeys = [ledger.verifierKey ?? ''];
    const verdict = await checkProof(proof, { publicKeys, stampVerifiers });
    expect(verdict.stamped_at).toHaveLength(1);
  });

  it('keeps a queue while the authority is away, and has no hole when it is back', async () => {
    const tsa = await anOpensslTsa();
    const path = join(tsa.directory, 'ledger.jsonl');
    const away = rfc3161Stamper({
      ...options(tsa),
      url: 'http://127.0.0.1:9/',
      fetch: { resolve: () => Promise.resolve([]), allow: ['127.0.0.1:9'] },
    });
    const ledger = await Ledger.open({
      path,
      clock: systemClock,
      session: SESSION,
      evidence: { vouchers: [away] },
    });
    await ledger.append({ kind: 'read', decision: 'allowed', reason: 'allowed' });
    await ledger.close();
    expect(ledger.status.evidence).toMatchObject({ waiting: 2, checkpoints: 2 });
    const back = await Ledger.open({
      path,
      clock: systemClock,
      session: SESSION,
      evidence: { vouchers: [rfc3161Stamper(options(tsa))] },
    });
    await sleep(200);
    await back.close();
    const report = await verifyLedger(path, {
      stampVerifiers: rfc3161Verifier({ certificates: [tsa.root] }),
    });
    expect(report).toMatchObject({ ok: true, evidence: { stamps: 4 } });
  });
});
