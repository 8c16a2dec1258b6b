import { renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aContext, aGate, anAction, aRead } from './a-gate.ts';

const REVERSIBLE = 'mkdir /tmp/praxis-test';

describe('a ledger that cannot be written', () => {
  it('lets nothing run, and says so', async () => {
    const test = await aGate();
    const context = aContext(test);
    renameSync(test.ledger.path, `${test.ledger.path}.away`);
    const call = anAction({ command: REVERSIBLE });
    expect(await test.gate.act(call, context)).toMatchObject({
      decision: 'denied',
      reason: 'ledger_unavailable',
      seq: null,
    });
    expect(call.runs).toBe(0);
    const read = await test.gate.read(aRead(), context);
    expect(read).toMatchObject({
      decision: 'denied',
      reason: 'ledger_unavailable',
      value: null,
      output: null,
    });
    const refused = await test.gate.act(anAction({ command: 'rm -rf /' }), context);
    expect(refused).toMatchObject({ decision: 'denied', reason: 'ledger_unavailable' });
  });

  it('makes no clean success of an action whose outcome it lost', async () => {
    const test = await aGate();
    const execute = (): Promise<{ value: string; body: string }> => {
      renameSync(test.ledger.path, `${test.ledger.path}.away`);
      return Promise.resolve({ value: 'done', body: 'ran' });
    };
    const call = anAction({ command: REVERSIBLE, execute });
    expect(await test.gate.act(call, aContext(test))).toMatchObject({
      decision: 'error',
      reason: 'ledger_unavailable',
      seq: null,
    });
    expect(call.runs).toBe(1);
  });
});
