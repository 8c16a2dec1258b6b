import { systemClock } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, aPath } from './a-ledger.ts';

const LAST = Number.MAX_SAFE_INTEGER;

describe('a ledger whose clock is odd', () => {
  it('records instants that step back, lie before 1970, or are the first and the last there are', async () => {
    const instants = [1.7e15, 1.6e15, 0, -5e12, LAST, -LAST, 1.5];
    let at = 0;
    const clock = { ...systemClock, now: () => instants[at++ % instants.length] ?? 0 };
    const ledger = await aLedger({ clock });
    for (let i = 0; i < 8; i += 1) await ledger.append(anEntry());
    await ledger.close();
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: 10 });
  });

  it('refuses what no verifier would take for an instant, and goes on when the clock is right again', async () => {
    let now: number | null = null;
    const clock = { ...systemClock, now: () => now ?? systemClock.now() };
    const ledger = await aLedger({ clock });
    for (now of [LAST + 1, -LAST - 1, Number.NaN, Infinity])
      await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    now = null;
    await ledger.append(anEntry());
    await ledger.close();
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: 3 });
    const path = aPath();
    await expect(aLedger({ path, clock: { ...systemClock, now: () => LAST + 1 } })).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    });
    expect(await verifyLedger(path)).toMatchObject({ ok: true, records: 0 });
    await (await aLedger({ path })).close();
  });
});
