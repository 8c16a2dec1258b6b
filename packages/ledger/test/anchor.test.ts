import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, aPath, scratch } from './a-ledger.ts';

describe('an anchor', () => {
  it('keeps a ledger from opening when it cannot be written, unless that is allowed', async () => {
    const anchorPath = join(scratch(), 'file', 'anchor');
    writeFileSync(join(anchorPath, '..'), '');
    await expect(aLedger({ evidence: { anchorPath } })).rejects.toMatchObject({
      code: 'LEDGER_ANCHOR_UNWRITABLE',
    });
    const ledger = await aLedger({ evidence: { anchorPath, anchorOutage: 'allow' } });
    expect(ledger.status.evidence?.lastFailure).toContain('anchor');
  });

  it('that was away while the ledger went on is made up for by the next checkpoint', async () => {
    const place = scratch();
    const anchorPath = join(place, 'mount', 'anchor');
    const ledger = await aLedger({ evidence: { anchorPath } });
    renameSync(join(place, 'mount'), join(place, 'away'));
    writeFileSync(join(place, 'mount'), '');
    for (let i = 0; i < 3; i += 1) {
      await ledger.append(anEntry());
      await ledger.checkpoint();
    }
    expect(ledger.status).toMatchObject({
      writable: true,
      evidence: { lastFailure: expect.stringContaining('anchor') },
    });
    const away = join(place, 'away', 'anchor');
    expect(await verifyLedger(ledger.path, { anchorPath: away })).toMatchObject({
      first_bad: { code: 'anchor_truncated' },
    });
    renameSync(join(place, 'mount'), join(place, 'file'));
    renameSync(join(place, 'away'), join(place, 'mount'));
    await ledger.append(anEntry());
    await ledger.checkpoint();
    expect(ledger.status.evidence?.lastFailure).toBeNull();
    expect(await verifyLedger(ledger.path, { anchorPath })).toMatchObject({
      ok: true,
      evidence: { anchored: 5 },
    });
  });

  it('may lack the last checkpoint while a session goes on, and none after it ended', async () => {
    const anchorPath = aPath();
    const ledger = await aLedger({ evidence: { anchorPath } });
    await ledger.append(anEntry());
    await ledger.checkpoint();
    const lines = readFileSync(anchorPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    const without = (count: number): string => {
      const cut = aPath();
      writeFileSync(cut, lines.slice(0, lines.length - count).join('\n'));
      return cut;
    };
    const codeWith = async (anchor: string): Promise<string | undefined> =>
      (await verifyLedger(ledger.path, { anchorPath: anchor })).first_bad?.code;
    expect(lines).toHaveLength(2);
    expect(await codeWith(without(1))).toBeUndefined();
    expect(await codeWith(without(2))).toBe('anchor_missing');
    await ledger.close();
    expect(await codeWith(without(0))).toBe('anchor_truncated');
    expect(await codeWith(anchorPath)).toBeUndefined();
  });

  it('reads past lines that are damaged', async () => {
    const anchorPath = aPath();
    mkdirSync(join(anchorPath, '..'), { recursive: true });
    writeFileSync(anchorPath, 'noise\n"noise"\n{}\n', { mode: 0o600 });
    const ledger = await aLedger({ evidence: { anchorPath } });
    appendFileSync(anchorPath, '"torn');
    await ledger.append(anEntry());
    await ledger.close();
    expect(await verifyLedger(ledger.path, { anchorPath })).toMatchObject({ ok: true });
  });

  it('may be shared by several ledgers, and holds each to its own checkpoints', async () => {
    const anchorPath = aPath();
    const made: string[] = [];
    for (const [originId, records] of [
      ['one', 3],
      ['two', 5],
    ] as const) {
      const ledger = await aLedger({ originId, evidence: { anchorPath } });
      for (let i = 0; i < records; i += 1) await ledger.append(anEntry({ args: { originId } }));
      await ledger.checkpoint();
      await ledger.append(anEntry());
      await ledger.close();
      made.push(ledger.path);
    }
    const [one = '', two = ''] = made;
    expect(await verifyLedger(one, { anchorPath })).toMatchObject({ ok: true, evidence: { anchored: 6 } });
    expect(await verifyLedger(two, { anchorPath })).toMatchObject({ ok: true, evidence: { anchored: 8 } });
    const ofTwo = aPath();
    mkdirSync(join(ofTwo, '..'), { recursive: true });
    writeFileSync(
      ofTwo,
      readFileSync(anchorPath, 'utf8')
        .split('\n')
        .filter((line) => line.includes('/two'))
        .join('\n'),
    );
    expect(await verifyLedger(two, { anchorPath: ofTwo })).toMatchObject({ ok: true });
    const codeOf = async (path: string): Promise<string | undefined> =>
      (await verifyLedger(path, { anchorPath: ofTwo })).first_bad?.code;
    expect(await codeOf(one)).toBe('anchor_missing');
    // Without evidence of its own, an anchor of another ledger alone is no reason to believe it either.
    rmSync(one.replace('.jsonl', '.evidence.jsonl'));
    expect(await codeOf(one)).toBe('evidence_missing');
    const bare = await aLedger({ originId: 'bare', evidence: false });
    await bare.close();
    expect(await codeOf(bare.path)).toBe('anchor_missing');
    const emptied = aPath();
    mkdirSync(join(emptied, '..'), { recursive: true });
    writeFileSync(emptied, '');
    expect(await codeOf(emptied)).toBe('truncated');
  });
});
