import type * as Fs from 'node:fs';
import { readFileSync, statSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Durability, type Ledger, type LedgerRecord, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry } from './a-ledger.ts';

type Sync = (fd: number, done: (error: Error | null) => void) => void;

/** What stands between the ledger and the disk's own sync. */
const disk = vi.hoisted<{ sync: (real: Sync) => Sync }>(() => ({ sync: (real) => real }));

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof Fs>();
  return {
    ...fs,
    fdatasync: (fd: number, done: (error: Error | null) => void) => disk.sync(fs.fdatasync)(fd, done),
  };
});

beforeEach(() => {
  disk.sync = (real) => real;
});

/** A disk whose syncs take so long; keeps what was synced, and how many syncs were under way at most. */
function watchedDisk(
  path: () => string,
  delayMs: number,
  failAt = -1,
): { durable: number; most: number; syncs: number } {
  const seen = { durable: 0, most: 0, syncs: 0 };
  let running = 0;
  disk.sync = (real) => (fd, done) => {
    const { size } = statSync(path());
    seen.syncs += 1;
    const failing = seen.syncs === failAt;
    running += 1;
    seen.most = Math.max(seen.most, running);
    setTimeout(() => {
      real(fd, (error) => {
        running -= 1;
        if (!failing && error === null) seen.durable = size;
        done(failing ? new Error('the disk is broken') : error);
      });
    }, delayMs);
  };
  return seen;
}

/** Many callers, each waiting for its record before the next. Answers what was acknowledged, and how many were refused. */
async function load(
  ledger: Ledger,
  callers: number,
  each: number,
  acknowledged: (record: LedgerRecord) => void = () => undefined,
): Promise<{ hashes: string[]; refused: number }> {
  const hashes: string[] = [];
  let refused = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let i = 0; i < each; i += 1) {
        try {
          const record = await ledger.append(anEntry({ args: { caller, i } }));
          acknowledged(record);
          hashes.push(record.entryHash);
        } catch {
          refused += 1;
        }
      }
    }),
  );
  return { hashes, refused };
}

describe('group commit', () => {
  it.each([0, 2])(
    'answers only what a sync has covered that began after the write (%i ms per sync)',
    async (delayMs) => {
      const ledger = await aLedger({ evidence: false });
      const seen = watchedDisk(() => ledger.path, delayMs);
      let uncovered = 0;
      let lastSeq = -1;
      const { hashes } = await load(ledger, 64, delayMs === 0 ? 25 : 12, (record) => {
        const log = readFileSync(ledger.path);
        const end = log.indexOf(`"entry_hash":"${record.entryHash}"}`) + 80;
        if (end < 80 || end > seen.durable) uncovered += 1;
        expect(record.seq).toBeGreaterThan(lastSeq);
        lastSeq = record.seq;
      });
      expect(uncovered).toBe(0);
      expect(seen.most).toBe(1);
      expect(hashes).toHaveLength(64 * (delayMs === 0 ? 25 : 12));
      if (delayMs > 0) expect(seen.syncs).toBeLessThan(12 * 2);
    },
  );

  it.each<Durability>(['group', 'each'])(
    'refuses all that was written when a sync fails, and loses nothing it answered (%s)',
    async (durability) => {
      for (const failAt of [1, 2, 7]) {
        const ledger = await aLedger({ evidence: false, durability });
        const seen = watchedDisk(() => ledger.path, 0, failAt);
        const { hashes, refused } = await load(ledger, 16, 10);
        expect(refused).toBeGreaterThan(0);
        expect(hashes.length + refused).toBe(160);
        expect(seen.most).toBe(1);
        await ledger.close();
        const log = readFileSync(ledger.path, 'utf8');
        for (const hash of hashes) expect(log).toContain(`"entry_hash":"${hash}"`);
        expect(log).toContain('"reason":"adopted"');
        expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true });
      }
    },
  );

  it('fails what is on its way when the sync of a checkpoint fails', async () => {
    const ledger = await aLedger();
    watchedDisk(() => ledger.path, 1, 1);
    const checkpoint = ledger.checkpoint();
    await expect(checkpoint).rejects.toThrow('the disk is broken');
    expect(ledger.status.writable).toBe(false);
    await ledger.append(anEntry());
    expect(ledger.status.writable).toBe(true);
  });
});
