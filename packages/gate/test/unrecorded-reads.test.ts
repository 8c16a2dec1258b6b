import { renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aContext, aGate, anAction, aRead } from './a-gate.ts';

describe('reads while the ledger is away, when the operator allows them', () => {
  it('are answered without a number, counted, and the count is recorded when the ledger is back', async () => {
    const test = await aGate({ unrecordedReads: 'allow' });
    const context = aContext(test);
    renameSync(test.ledger.path, `${test.ledger.path}.away`);
    for (let n = 0; n < 2; n += 1) {
      expect(await test.gate.read(aRead(), context)).toMatchObject({ decision: 'allowed', seq: null });
    }
    const call = anAction({ command: 'uptime' });
    expect(await test.gate.act(call, context)).toMatchObject({ reason: 'ledger_unavailable' });
    expect(call.runs).toBe(0);
    renameSync(`${test.ledger.path}.away`, test.ledger.path);
    expect(await test.gate.read(aRead(), context)).toMatchObject({
      decision: 'allowed',
      seq: expect.any(Number),
    });
    expect(test.records().at(-1)).toMatchObject({
      kind: 'control',
      reason: 'records_missed',
      args: { read: 2, intent: 1 },
    });
  });
});
