import { describe, expect, it, vi } from 'vitest';
import { checkProof, proveRecord, verifyLedger } from '../src/index.ts';
import { BATCHED_AFTER_LEAVES } from '../src/tree/batched-tree.ts';
import { aLedger, anEntry } from './a-ledger.ts';

describe('a ledger where no WebAssembly may be compiled', () => {
  it('is verified and proven all the same', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const ledger = await aLedger({ durability: 'os' });
    const records = BATCHED_AFTER_LEAVES + 1_000;
    await Promise.all(Array.from({ length: records }, (_, i) => ledger.append(anEntry({ args: { i } }))));
    await ledger.close();
    // The session's first and last record are among them.
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: records + 2 });
    const proof = await proveRecord(ledger.path, 77);
    expect(await checkProof(proof, { publicKeys: [ledger.verifierKey ?? ''] })).toMatchObject({ ok: true });
  });
});
