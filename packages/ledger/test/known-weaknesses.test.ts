import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { systemClock } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { Ledger, type StoredRecord, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, SESSION } from './a-ledger.ts';

// Each of these broke the audit trail of an earlier system of this kind.
describe('what broke audit trails before', () => {
  it('an argument with a lone surrogate does not stop the log', async () => {
    const ledger = await aLedger();
    await ledger.append(anEntry({ args: { text: '\ud800', '\udc00': 1 }, target: 'host\udfff' }));
    await ledger.append(anEntry());
    expect(ledger.status.writable).toBe(true);
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: 3 });
  });

  it('Unicode line breaks in an argument do not break the chain', async () => {
    const ledger = await aLedger();
    await ledger.append(anEntry({ args: { text: 'a\u2028b\u2029c\u0085d\x0be\x0cf\rg\nh' } }));
    await ledger.append(anEntry());
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, records: 3 });
    expect(readFileSync(ledger.path, 'utf8').split('\n')).toHaveLength(4);
  });

  it('a refusal and a call with arguments that are no arguments each have a record', async () => {
    const ledger = await aLedger();
    await ledger.append(
      anEntry({ kind: 'refusal', decision: 'denied', reason: 'unknown_tool', tool: 'nope' }),
    );
    await ledger.append(
      anEntry({ kind: 'refusal', decision: 'error', reason: 'bad_arguments', args: Symbol('x') }),
    );
    await ledger.append(
      anEntry({ kind: 'refusal', decision: 'denied', reason: 'http_unauthorized', tool: null }),
    );
    expect((await verifyLedger(ledger.path)).records).toBe(4);
  });

  it('an action that was running when the machine died leaves its intent, and a record that its outcome is unknown', async () => {
    const ledger = await aLedger();
    await ledger.append(anEntry({ kind: 'intent', tool: 'run_action', target: 'web1' }));
    await ledger.close();
    const next = await aLedger({ path: ledger.path });
    const last = readFileSync(next.path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last) as StoredRecord).toMatchObject({
      kind: 'interrupted',
      target: 'web1',
      intent_seq: 1,
    });
  });

  it('a torn last line does not swallow the next record', async () => {
    const ledger = await aLedger({ evidence: false });
    await ledger.append(anEntry());
    await ledger.close();
    truncateSync(ledger.path, statSync(ledger.path).size - 100);
    const next = await aLedger({ path: ledger.path, evidence: false });
    await next.append(anEntry());
    expect(await verifyLedger(next.path)).toMatchObject({ ok: true, records: 5, recovered: [{ seq: 2 }] });
  });

  it('a log whose tail and evidence were deleted is not whole', async () => {
    const ledger = await aLedger();
    await ledger.append(anEntry());
    await ledger.close();
    const lines = readFileSync(ledger.path, 'utf8').split('\n');
    writeFileSync(ledger.path, `${lines[0]}\n`);
    rmSync(ledger.path.replace('.jsonl', '.evidence.jsonl'));
    expect(await verifyLedger(ledger.path)).toMatchObject({
      ok: false,
      first_bad: { code: 'evidence_missing' },
    });
  });

  it('records that no evidence covers are counted', async () => {
    const ledger = await aLedger();
    await ledger.append(anEntry());
    expect(await verifyLedger(ledger.path)).toMatchObject({ records: 2, unanchored_tail: 1 });
  });

  it('two processes cannot fork the chain', async () => {
    const ledger = await aLedger();
    const second = Ledger.open({ path: ledger.path, clock: systemClock, session: SESSION });
    await expect(second).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
  });
});
