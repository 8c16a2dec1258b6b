import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QUEUE_RECORDS_MAX, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry } from './a-ledger.ts';

describe('a ledger whose disk fails', () => {
  it('refuses while its file is gone and resumes when it is back', async () => {
    const ledger = await aLedger();
    await ledger.append(anEntry());
    renameSync(ledger.path, `${ledger.path}.away`);
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect(ledger.status).toMatchObject({ writable: false, failure: 'LEDGER_UNAVAILABLE' });
    renameSync(`${ledger.path}.away`, ledger.path);
    await ledger.append(anEntry());
    expect(ledger.status.writable).toBe(true);
    const report = await verifyLedger(ledger.path);
    expect(report).toMatchObject({ ok: true });
    // Header, first, the one refused but found on the disk, the record that says so, and the last.
    expect(report.records).toBe(5);
    expect(readFileSync(ledger.path, 'utf8')).toContain('"reason":"adopted"');
  });

  it('does not go on in a file that took its place', async () => {
    const ledger = await aLedger();
    const bytes = readFileSync(ledger.path);
    rmSync(ledger.path);
    writeFileSync(ledger.path, bytes, { mode: 0o600 });
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect(readFileSync(ledger.path).equals(bytes)).toBe(true);
  });

  it('does not acknowledge into a log that someone else wrote to', async () => {
    const ledger = await aLedger();
    appendFileSync(ledger.path, 'intruder\n');
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });

  it('takes as many records as its queue holds and refuses the next', async () => {
    const ledger = await aLedger({ durability: 'os' });
    const waiting = Array.from({ length: QUEUE_RECORDS_MAX }, () => ledger.append(anEntry({ args: null })));
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_BUSY' });
    await Promise.all(waiting);
    await ledger.append(anEntry());
    expect(ledger.status.records).toBe(QUEUE_RECORDS_MAX + 2);
  });
});
