import { describe, expect, it } from 'vitest';
import { aContext, aGate, anAction } from './a-gate.ts';

/** Reversible, so that no approval is needed and only the budget limits it. */
const REVERSIBLE = 'touch notes.txt';

describe('calls at the same time', () => {
  it('share one budget, however many there are', async () => {
    const test = await aGate({ budget: { actionsMax: 3, wallSecondsMax: null } });
    const context = aContext(test);
    const calls = Array.from({ length: 20 }, () => anAction({ command: REVERSIBLE }));
    const results = await Promise.all(calls.map((call) => test.gate.act(call, context)));
    expect(results.filter((result) => result.decision === 'allowed')).toHaveLength(3);
    expect(calls.reduce((runs, call) => runs + call.runs, 0)).toBe(3);
    expect(results.filter((result) => result.reason === 'budget_actions')).toHaveLength(17);
  });

  it('share one grant', async () => {
    const test = await aGate();
    const context = aContext(test);
    await test.gate.act(anAction({ dryRun: true }), context);
    test.approvals.grant(test.approvals.list()[0]?.id ?? '', 'operator:anna', null);
    const calls = Array.from({ length: 10 }, () => anAction());
    const results = await Promise.all(calls.map((call) => test.gate.act(call, context)));
    expect(results.filter((result) => result.decision === 'allowed')).toHaveLength(1);
    expect(calls.reduce((runs, call) => runs + call.runs, 0)).toBe(1);
  });

  it('each leave their records, in one whole chain', async () => {
    const test = await aGate();
    const context = aContext(test);
    await Promise.all(
      Array.from({ length: 50 }, () => test.gate.act(anAction({ command: REVERSIBLE }), context)),
    );
    const records = test.records();
    expect(records.filter((record) => record['kind'] === 'intent')).toHaveLength(50);
    expect(records.filter((record) => record['kind'] === 'outcome')).toHaveLength(50);
  });
});
