import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { replaceKey } from '../src/evidence/signing-key.ts';
import { aLedger, anEntry } from './a-ledger.ts';

const keyOf = (path: string): string => path.replace('.jsonl', '.key');

describe('a signing key that is replaced', () => {
  it('stays in force when the new one cannot be announced, and can be replaced later', async () => {
    const ledger = await aLedger();
    const before = ledger.verifierKey ?? '';
    renameSync(ledger.path, `${ledger.path}.away`);
    await expect(ledger.rotateKey()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect(ledger.verifierKey).toBe(before);
    expect(readFileSync(`${keyOf(ledger.path)}.pub`, 'utf8').trim()).toBe(before);
    renameSync(`${ledger.path}.away`, ledger.path);
    await ledger.append(anEntry());
    const after = await ledger.rotateKey();
    await ledger.close();
    expect(after).not.toBe(before);
    expect(existsSync(`${keyOf(ledger.path)}.new`)).toBe(false);
    for (const key of [before, after])
      expect(await verifyLedger(ledger.path, { publicKeys: [key] })).toMatchObject({ ok: true });
  });

  it('stays in force when a crash came right after the announcement', async () => {
    const ledger = await aLedger();
    const before = ledger.verifierKey ?? '';
    const path = keyOf(ledger.path);
    const crash = new Error('crash');
    const key = replaceKey(path, before.split('+')[0] ?? '', () => Promise.reject(crash));
    await expect(key).rejects.toBe(crash);
    expect(existsSync(`${path}.new`)).toBe(true);
    writeFileSync(`${path}.new`, 'torn');
    await ledger.rotateKey();
    await ledger.close();
    expect(await verifyLedger(ledger.path, { publicKeys: [before] })).toMatchObject({ ok: true });
  });
});
