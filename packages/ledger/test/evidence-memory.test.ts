import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { sha256Hex } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { evidenceEntry } from '../src/evidence/evidence-entry.ts';
import { aLedger, anEntry } from './a-ledger.ts';

const TOKEN_BYTES = 45_000;

/** A ledger with so many checkpoints, each of which was stamped with a large token. */
async function aStampedLedger(stamps: number): Promise<string> {
  const token = Buffer.alloc(TOKEN_BYTES, 't').toString('base64');
  const voucher = {
    name: 'test',
    vouch: (note: string) =>
      Promise.resolve(
        evidenceEntry('stamp', { note_sha256: sha256Hex(note), stamper: 'test', token_base64: token }),
      ),
  };
  const ledger = await aLedger({ evidence: { vouchers: [voucher] } });
  for (let i = 0; i < stamps; i += 1) {
    await ledger.append(anEntry({ args: { i } }));
    await ledger.checkpoint();
  }
  await ledger.close();
  return ledger.path;
}

describe('verifying a ledger that was stamped often', () => {
  it('holds no more stamps at a time than were read at a time', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heldWith = async (stamps: number): Promise<number> => {
      const path = await aStampedLedger(stamps);
      const held = (): number => {
        collect();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const before = held();
      let most = before;
      let seen = 0;
      const check = (): Promise<{ time: string }> => {
        seen += 1;
        if (seen % 25 === 0) most = Math.max(most, held());
        return Promise.resolve({ time: '2026-01-01T00:00:00.000000Z' });
      };
      const report = await verifyLedger(path, { stampVerifiers: { test: check } });
      expect(report).toMatchObject({ ok: true, evidence: { stamps: seen, stamped: report.records } });
      expect(seen).toBeGreaterThanOrEqual(stamps);
      return most - before;
    };
    await heldWith(100);
    const few = await heldWith(100);
    // All of them are 30 million bytes more, as texts.
    expect((await heldWith(600)) - few).toBeLessThan(10_000_000);
  });
});
