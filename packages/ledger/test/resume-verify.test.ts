import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifierKey, verifyLedger } from '../src/index.ts';
import { REPORT_ITEMS_MAX, RESUME_INTENTS_MAX } from '../src/verify/report.ts';
import { aLedger, anEntry } from './a-ledger.ts';

/** How many records are appended at once. */
const BATCH = 500;

function otherKey(key: string): string {
  return verifierKey(key.split('+')[0] ?? '', generateKeyPairSync('ed25519').publicKey);
}

describe('verifying from where an earlier verification ended', () => {
  it('knows the intents that were open then, also where a later segment carries them', async () => {
    const ledger = await aLedger();
    const intent = await ledger.append(anEntry({ kind: 'intent', tool: 'run_action', actionId: 'a-1' }));
    await ledger.checkpoint();
    const { resume, interrupted } = await verifyLedger(ledger.path);
    expect(interrupted).toMatchObject([{ seq: intent.seq, closed_by: null }]);
    await ledger.rotate();
    await ledger.checkpoint();
    const goneOn = await verifyLedger(ledger.path, { resume: resume ?? undefined });
    expect(goneOn).toMatchObject({ ok: true, interrupted: [{ seq: intent.seq, action_id: 'a-1' }] });
    await ledger.append(anEntry({ kind: 'outcome', tool: 'run_action', intentSeq: intent.seq }));
    await ledger.close();
    const atLast = await verifyLedger(ledger.path, { resume: goneOn.resume ?? undefined });
    expect(atLast).toMatchObject({ ok: true, interrupted: [], records: 2 });
  });

  it('goes on from no place with more open intents than a place can carry', async () => {
    const ledger = await aLedger({ durability: 'os', evidence: false });
    const open = async (count: number): Promise<void> => {
      const entries = Array.from({ length: count }, (_, n) =>
        anEntry({ kind: 'intent', actionId: `a-${n}` }),
      );
      for (let n = 0; n < count; n += BATCH)
        await Promise.all(entries.slice(n, n + BATCH).map((entry) => ledger.append(entry)));
    };
    await open(RESUME_INTENTS_MAX);
    const atTheBound = await verifyLedger(ledger.path);
    expect(atTheBound.resume?.open_intents).toHaveLength(RESUME_INTENTS_MAX);
    await open(1);
    const onePast = await verifyLedger(ledger.path);
    expect(onePast).toMatchObject({ ok: true, resume: null, interrupted_count: RESUME_INTENTS_MAX + 1 });
    expect(onePast.interrupted).toHaveLength(REPORT_ITEMS_MAX);
    const { resume } = atTheBound;
    expect(await verifyLedger(ledger.path, { resume: resume ?? undefined })).toMatchObject({
      ok: true,
      resume: null,
      interrupted_count: RESUME_INTENTS_MAX + 1,
    });
  });

  it("knows the keys that were named then, and those that follow from the auditor's own", async () => {
    const ledger = await aLedger();
    const first = ledger.verifierKey ?? '';
    await ledger.rotateKey();
    await ledger.checkpoint();
    const publicKeys = [first];
    const before = await verifyLedger(ledger.path, { publicKeys });
    expect(before.ok).toBe(true);
    await ledger.append(anEntry());
    await ledger.checkpoint();
    const resume = before.resume ?? undefined;
    const after = await verifyLedger(ledger.path, { publicKeys, resume });
    expect(after).toMatchObject({ ok: true, records: 1 });
    expect(after.evidence.keys).toEqual(before.evidence.keys);
    expect(await verifyLedger(ledger.path, { resume })).toMatchObject({ ok: true });
    // A checkpoint by another key is no checkpoint of this ledger, although no record walked now names a key.
    const keys = resume?.keys?.map((change) => ({ ...change, verifier_key: otherKey(change.verifier_key) }));
    expect(
      await verifyLedger(ledger.path, { resume: { ...(resume as object), keys } as typeof resume }),
    ).toMatchObject({
      first_bad: { code: 'untrusted_key' },
    });
  });

  it('misses the evidence when it is gone', async () => {
    const ledger = await aLedger();
    await ledger.checkpoint();
    const { resume } = await verifyLedger(ledger.path);
    await ledger.append(anEntry());
    await ledger.close();
    const evidencePath = `${ledger.path}.none`;
    expect(await verifyLedger(ledger.path, { resume: resume ?? undefined, evidencePath })).toMatchObject({
      first_bad: { code: 'evidence_missing' },
    });
  });
});
