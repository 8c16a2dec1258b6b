import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { sha256Hex } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { checkProof, type Ledger, proveConsistency, proveRecord } from '../src/index.ts';
import { nodeFromBase64, nodeFromHex } from '../src/tree/node-hash.ts';
import { verifyConsistency } from '../src/tree/proof.ts';
import { evidenceEntry } from '../src/evidence/evidence-entry.ts';
import { evidencePathOf } from '../src/evidence/evidence.ts';
import { tilesPathOf } from '../src/open-log.ts';
import { verifyLedger } from '../src/index.ts';
import { aLedger, anEntry } from './a-ledger.ts';

async function aLongLedger(records: number): Promise<Ledger> {
  const ledger = await aLedger({ durability: 'os' });
  await Promise.all(
    Array.from({ length: records }, (_, i) =>
      ledger.append(anEntry({ args: { i, text: 'x'.repeat(i % 300) } })),
    ),
  );
  await ledger.rotate();
  await Promise.all(Array.from({ length: 300 }, (_, i) => ledger.append(anEntry({ args: { late: i } }))));
  await ledger.close();
  return ledger;
}

describe('proveRecord', () => {
  it('makes a proof that holds with the public key alone, with and without tiles', async () => {
    const ledger = await aLongLedger(1_500);
    const publicKeys = [ledger.verifierKey ?? ''];
    for (const tiles of [true, false]) {
      if (!tiles) rmSync(tilesPathOf(ledger.path), { recursive: true });
      for (const seq of [0, 1, 255, 256, 777, 1_500, 1_501, 1_502, 1_802]) {
        const proof = await proveRecord(ledger.path, seq);
        expect(await checkProof(JSON.parse(JSON.stringify(proof)), { publicKeys })).toMatchObject({
          ok: true,
          seq,
          tree_size: 1_803,
        });
      }
    }
  });

  it('reveals one record and none of the others', async () => {
    const ledger = await aLedger();
    for (const secret of ['first', 'second', 'third']) await ledger.append(anEntry({ args: { secret } }));
    await ledger.close();
    const proof = JSON.stringify(await proveRecord(ledger.path, 2));
    expect(proof).toContain('second');
    expect(proof).not.toContain('first');
    expect(proof).not.toContain('third');
  });

  it('finds the last checkpoint however much vouches for it', async () => {
    const token = Buffer.alloc(45_000, 't').toString('base64');
    const vouchers = ['one', 'two'].map((stamper) => ({
      name: stamper,
      vouch: (note: string) =>
        Promise.resolve(
          evidenceEntry('stamp', { note_sha256: sha256Hex(note), stamper, token_base64: token }),
        ),
    }));
    const ledger = await aLedger({ evidence: { vouchers } });
    await ledger.append(anEntry());
    await ledger.close();
    const { stamps } = await proveRecord(ledger.path, 1);
    expect(stamps.map(({ stamper }) => stamper)).toEqual(['one', 'two']);
  });

  it('needs the end of the evidence alone, whatever a crash left there', async () => {
    const ledger = await aLedger();
    for (let i = 0; i < 40; i += 1) {
      await ledger.append(anEntry());
      await ledger.checkpoint();
    }
    await ledger.close();
    const evidence = evidencePathOf(ledger.path);
    const bytes = readFileSync(evidence);
    bytes.fill('x', 0, bytes.length >> 1);
    writeFileSync(evidence, Buffer.concat([bytes, Buffer.from('{"args":{"note":"torn')]));
    const proof = await proveRecord(ledger.path, 3);
    expect(await checkProof(proof, { publicKeys: [ledger.verifierKey ?? ''] })).toMatchObject({
      ok: true,
      tree_size: 42,
    });
  });

  it('says when a record is not there, or not covered', async () => {
    const ledger = await aLedger();
    await ledger.append(anEntry());
    await expect(proveRecord(ledger.path, 1)).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
    await expect(proveRecord(ledger.path, 99)).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
  });
});

describe('checkProof', () => {
  it('refuses what was changed in any part', async () => {
    const ledger = await aLongLedger(20);
    const other = await aLongLedger(20);
    const publicKeys = [ledger.verifierKey ?? ''];
    const proof = await proveRecord(ledger.path, 7);
    const foreign = await proveRecord(other.path, 7);
    const problem = async (change: object): Promise<string | null> =>
      (await checkProof({ ...proof, ...change }, { publicKeys })).problem;
    expect(await problem({})).toBeNull();
    expect(await problem({ seq: 8 })).toBe('bad_record');
    expect(await problem({ record: proof.record.replace('query', 'other') })).toBe('bad_record');
    expect(await problem({ record: foreign.record })).toBe('bad_checkpoint');
    expect(await problem({ record: `${proof.record} ` })).toBe('bad_record');
    expect(await problem({ audit_path: proof.audit_path.slice(1) })).toBe('root_mismatch');
    expect(await problem({ audit_path: foreign.audit_path })).toBe('root_mismatch');
    expect(await problem({ checkpoint: foreign.checkpoint })).toBe('bad_checkpoint');
    expect(await problem({ checkpoint: proof.checkpoint.replace('\n', '\nx') })).toBe('bad_checkpoint');
    expect(await problem({ extra: 1 })).toBe('bad_proof');
    expect((await checkProof(proof, { publicKeys: [] })).problem).toBe('untrusted_key');
    expect((await checkProof(proof, { publicKeys: [other.verifierKey ?? ''] })).problem).toBe(
      'untrusted_key',
    );
    expect((await checkProof('text', { publicKeys })).problem).toBe('bad_proof');
  });
});

describe('proveConsistency', () => {
  it('shows that an earlier log is a prefix of the later one', async () => {
    const ledger = await aLedger();
    for (let i = 0; i < 10; i += 1) await ledger.append(anEntry());
    const early = await verifyLedger(ledger.path);
    for (let i = 0; i < 900; i += 1) await ledger.append(anEntry());
    const late = await verifyLedger(ledger.path);
    const proof = (await proveConsistency(ledger.path, early.records, late.records)).map(nodeFromBase64);
    const old = { size: early.records, root: nodeFromHex(early.root) };
    const now = { size: late.records, root: nodeFromHex(late.root) };
    expect(verifyConsistency(old, now, proof)).toBe(true);
    expect(verifyConsistency({ ...old, root: now.root }, now, proof)).toBe(false);
  });
});
