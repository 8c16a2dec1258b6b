import { MODES } from '@praxis/policy';
import { describe, expect, it } from 'vitest';
import type { GateReason } from '../src/index.ts';
import {
  aContext,
  aGate,
  anAction,
  aRead,
  previewed,
  type TestAction,
  type TestGate,
  TTL_SECONDS,
} from './a-gate.ts';

const IRREVERSIBLE = 'rm -rf /srv/old';
const REVERSIBLE = 'mkdir /tmp/praxis-test';

/** Makes one call and expects it to be refused, recorded, and never run. */
async function expectRefused(
  test: TestGate,
  reason: GateReason,
  action: TestAction,
  context = aContext(test),
): Promise<void> {
  const before = test.records().length;
  const call = anAction(action);
  const result = await test.gate.act(call, context);
  expect(result).toMatchObject({ decision: 'denied', reason });
  expect(call.runs).toBe(0);
  const records = test.records();
  expect(records).toHaveLength(before + 1);
  expect(records.at(-1)).toMatchObject({
    kind: 'refusal',
    decision: 'denied',
    reason,
    seq: result.seq,
    output_sha256: null,
  });
}

describe('the deny list', () => {
  it.each(MODES)('holds in mode %s, before the mode and whatever was approved', async (mode) => {
    const test = await aGate({ mode });
    await expectRefused(test, 'deny_list', { command: 'rm -rf /' });
    await expectRefused(test, 'deny_list', { command: 'rm -rf /', dryRun: true });
    await expectRefused(test, 'deny_list', { command: 'rm -rf /', token: 'x'.repeat(22) });
    expect(test.approvals.list()).toEqual([]);
  });
});

describe('the mode', () => {
  it.each([
    ['readonly', REVERSIBLE],
    ['readonly', 'systemctl restart nginx'],
    ['guarded', IRREVERSIBLE],
  ] as const)('%s is a ceiling for %s that no dry run opens an approval for', async (mode, command) => {
    const test = await aGate({ mode });
    await expectRefused(test, 'mode_ceiling', { command, dryRun: true });
    await expectRefused(test, 'mode_ceiling', { command });
    expect(test.approvals.list()).toEqual([]);
    expect(test.console).toEqual([]);
  });

  it('is not lowered by what a tool declares of itself', async () => {
    const test = await aGate({ mode: 'guarded' });
    await expectRefused(test, 'mode_ceiling', { command: IRREVERSIBLE, baseTier: 'T0' });
    await expectRefused(test, 'mode_ceiling', { command: 'uptime', baseTier: 'T3' });
  });
});

describe('the consent ceiling', () => {
  it('holds a session lower than the mode', async () => {
    const test = await aGate({ mode: 'open' });
    await expectRefused(test, 'consent_ceiling', {}, aContext(test, { consentCeiling: 'T1' }));
    const reads = await test.gate.act(
      anAction({ command: 'uptime' }),
      aContext(test, { consentCeiling: 'T0' }),
    );
    expect(reads.decision).toBe('allowed');
  });
});

describe('the human gate', () => {
  it('stands before every real run from T2', async () => {
    const test = await aGate();
    await expectRefused(test, 'approval_required', {});
  });

  it('stands before a reversible run once untrusted content was taken in, and not before', async () => {
    const test = await aGate();
    const context = aContext(test);
    const first = anAction({ command: REVERSIBLE });
    expect(await test.gate.act(first, context)).toMatchObject({ decision: 'allowed', tier: 'T1' });
    await test.gate.read(aRead(), context);
    await expectRefused(test, 'approval_required_untrusted_content', { command: REVERSIBLE }, context);
  });

  it('is armed before the content exists, so that a read that fails half way arms it too', async () => {
    const test = await aGate();
    const context = aContext(test);
    await test.gate.read(aRead({ run: () => Promise.reject(new Error('half way')) }), context);
    await expectRefused(test, 'approval_required_untrusted_content', { command: REVERSIBLE }, context);
  });

  it('is armed by the content of an answer, and not by an empty one', async () => {
    const test = await aGate();
    const context = aContext(test);
    const answer = (value: string): ReturnType<typeof aRead> =>
      aRead({ untrusted: (shown) => shown !== '', run: () => Promise.resolve({ value, body: value }) });
    await test.gate.read(answer(''), context);
    expect(context.session.taint.tainted).toBe(false);
    await test.gate.read(answer('observed'), context);
    await expectRefused(test, 'approval_required_untrusted_content', { command: REVERSIBLE }, context);
  });

  it('cannot be shed with a new session of the same caller', async () => {
    const test = await aGate();
    await test.gate.read(aRead(), aContext(test, { id: 's1' }));
    const fresh = aContext(test, { id: 's2' });
    await expectRefused(test, 'approval_required_untrusted_content', { command: REVERSIBLE }, fresh);
  });

  it('lets a command that only observes through, tainted or not', async () => {
    const test = await aGate();
    const context = aContext(test);
    await test.gate.read(aRead(), context);
    expect(await test.gate.act(anAction({ command: 'uptime' }), context)).toMatchObject({
      decision: 'allowed',
      tier: 'T0',
    });
  });
});

describe('an approval', () => {
  it('lets the previewed action run once; a retry needs another one', async () => {
    const test = await aGate();
    const context = aContext(test);
    const token = await previewed(test, context);
    const call = anAction({ token });
    expect(await test.gate.act(call, context)).toMatchObject({ decision: 'allowed', reason: 'allowed' });
    expect(call.runs).toBe(1);
    await expectRefused(test, 'approval_used', { token }, context);
    await expectRefused(test, 'approval_required', {}, context);
  });

  it('is spent by a run that fails, too', async () => {
    const test = await aGate();
    const context = aContext(test);
    const token = await previewed(test, context);
    const failing = anAction({ token, execute: () => Promise.reject(new Error('no')) });
    expect(await test.gate.act(failing, context)).toMatchObject({ decision: 'error' });
    await expectRefused(test, 'approval_used', { token }, context);
  });

  it('cannot be made up by a caller', async () => {
    const test = await aGate();
    await expectRefused(test, 'approval_unknown', { token: 'A'.repeat(22) });
  });

  it.each([
    ['approval_other_target', { subject: { target: 'db1' } }],
    ['approval_other_action', { command: 'systemctl restart postgresql' }],
    ['approval_other_action', { subject: { destination: 'root@192.0.2.9:22' } }],
    ['approval_other_action', { subject: { contentDigest: 'd'.repeat(64) } }],
    ['approval_other_tier', { baseTier: 'T3' as const }],
  ] satisfies [GateReason, TestAction][])(
    'is refused with %s when the run differs by %j',
    async (reason, changed) => {
      const test = await aGate({ mode: 'open' });
      const context = aContext(test);
      const token = await previewed(test, context);
      await expectRefused(test, reason, { ...changed, token }, context);
    },
  );

  it('is void once the rules that rated the action are others', async () => {
    const before = await aGate({ rulesetVersion: 'rules-1' });
    const token = await previewed(before, aContext(before));
    const after = await aGate({ rulesetVersion: 'rules-2', approvals: before.approvals });
    await expectRefused(after, 'approval_ruleset_changed', { token });
  });

  it('does not outlive its time', async () => {
    const test = await aGate();
    const context = aContext(test);
    const token = await previewed(test, context);
    test.clock.advance(TTL_SECONDS * 1000);
    await expectRefused(test, 'approval_expired', { token }, context);
  });

  it('that a person denied stays denied', async () => {
    const test = await aGate();
    const context = aContext(test);
    const token = await previewed(test, context);
    const [waiting] = test.approvals.list();
    test.approvals.deny(waiting?.id ?? '', 'operator:anna');
    await expectRefused(test, 'approval_denied', {}, context);
    await expectRefused(test, 'approval_denied', { token }, context);
  });

  it('of another session is not known', async () => {
    const test = await aGate();
    const token = await previewed(test, aContext(test, { id: 's1' }));
    await expectRefused(test, 'approval_unknown', { token }, aContext(test, { id: 's2' }));
  });

  it('given by an operator out of band runs once, and names who gave it', async () => {
    const test = await aGate();
    const context = aContext(test);
    const shown = await test.gate.act(anAction({ dryRun: true }), context);
    test.approvals.grant(shown.approvalId ?? '', 'operator:anna', null);
    expect(await test.gate.act(anAction(), context)).toMatchObject({ decision: 'allowed' });
    expect(test.records().at(-1)).toMatchObject({
      kind: 'outcome',
      approver: 'operator:anna',
      approval_id: shown.approvalId,
    });
    await expectRefused(test, 'approval_required', {}, context);
  });
});

describe('an irreversible action', () => {
  it.each(['web1,web2', 'web1;web2', 'web1 web2', 'web1\tweb2', 'web1\nweb2'])(
    'does not take the targets %j',
    async (target) => {
      const test = await aGate({ mode: 'open' });
      await expectRefused(test, 'target_not_single', {
        command: IRREVERSIBLE,
        subject: { target },
        dryRun: true,
      });
      await expectRefused(test, 'target_not_single', { command: IRREVERSIBLE, subject: { target } });
      expect(test.approvals.list()).toEqual([]);
    },
  );

  it('runs once its one target was typed, and not before', async () => {
    const test = await aGate({ mode: 'open' });
    const context = aContext(test);
    const shown = await test.gate.act(anAction({ command: IRREVERSIBLE, dryRun: true }), context);
    expect(shown).toMatchObject({ decision: 'allowed', reason: 'preview', tier: 'T3' });
    const id = shown.approvalId ?? '';
    for (const typed of [null, 'web2', 'WEB1']) {
      expect(() => test.approvals.grant(id, 'operator:anna', typed)).toThrowError(
        expect.objectContaining({ code: 'OPERATOR_CONFIRMATION_NEEDED' }),
      );
    }
    await expectRefused(test, 'approval_required', { command: IRREVERSIBLE }, context);
    test.approvals.grant(id, 'operator:anna', 'web1');
    const call = anAction({ command: IRREVERSIBLE });
    expect(await test.gate.act(call, context)).toMatchObject({ decision: 'allowed', tier: 'T3' });
    expect(call.runs).toBe(1);
  });

  it('names its target', async () => {
    const test = await aGate({ mode: 'open' });
    await expectRefused(test, 'target_missing', { command: IRREVERSIBLE, subject: { target: ' ' } });
  });
});

describe('a precondition', () => {
  it('ends the call with its own reason', async () => {
    const test = await aGate();
    const preconditions = [() => null, () => ({ reason: 'host_type_refused' as const, detail: 'talos' })];
    await expectRefused(test, 'host_type_refused', { preconditions, dryRun: true });
  });

  it('that throws is one that refuses', async () => {
    const test = await aGate();
    const preconditions = [
      () => {
        throw new Error('secret path /root/x');
      },
    ];
    await expectRefused(test, 'internal_error', { preconditions });
    expect(test.text()).not.toContain('/root/x');
  });
});

describe('the budget', () => {
  it('refuses one action more than its ceiling, for any session of the caller', async () => {
    const test = await aGate({ budget: { actionsMax: 1, wallSecondsMax: null } });
    const context = aContext(test);
    expect(await test.gate.act(anAction({ command: REVERSIBLE }), context)).toMatchObject({
      decision: 'allowed',
    });
    await expectRefused(test, 'budget_actions', { command: REVERSIBLE }, context);
    await expectRefused(test, 'budget_actions', { command: REVERSIBLE }, aContext(test, { id: 's2' }));
  });

  it('refuses the next action once the wall time is used up', async () => {
    const test = await aGate({ budget: { actionsMax: null, wallSecondsMax: 1 } });
    const context = aContext(test);
    const execute = (): Promise<{ value: string; body: string }> => {
      test.clock.advance(1000);
      return Promise.resolve({ value: '', body: '' });
    };
    await test.gate.act(anAction({ command: REVERSIBLE, execute }), context);
    await expectRefused(test, 'budget_wall_seconds', { command: REVERSIBLE }, context);
  });

  it('does not use up an approval for an action it refuses', async () => {
    const test = await aGate({ budget: { actionsMax: 1, wallSecondsMax: null } });
    const context = aContext(test);
    const token = await previewed(test, context);
    await test.gate.act(anAction({ command: REVERSIBLE }), context);
    await expectRefused(test, 'budget_actions', { token }, context);
    expect(test.approvals.list()).toEqual([expect.objectContaining({ state: 'pending' })]);
  });

  it('does not count previews', async () => {
    const test = await aGate({ budget: { actionsMax: 1, wallSecondsMax: null } });
    const context = aContext(test);
    for (let n = 0; n < 3; n += 1) {
      const shown = await test.gate.act(anAction({ command: REVERSIBLE, dryRun: true }), context);
      expect(shown.decision).toBe('allowed');
    }
    expect(context.session.budget.spent.actions).toBe(0);
  });
});

describe('the stop', () => {
  it('refuses every kind of call', async () => {
    const test = await aGate();
    const context = aContext(test);
    test.killSwitch.trip('test');
    await expectRefused(test, 'kill_switch', { command: 'uptime' }, context);
    await expectRefused(test, 'kill_switch', { command: 'uptime', dryRun: true }, context);
    expect(await test.gate.read(aRead(), context)).toMatchObject({
      decision: 'denied',
      reason: 'kill_switch',
      value: null,
    });
    const refusal = { reason: 'unknown_tool' as const, detail: '' };
    const refused = await test.gate.refuse(
      { tool: 'x', args: {}, target: null, hostType: null, tier: 'T0', refusal },
      context,
    );
    expect(refused.reason).toBe('kill_switch');
    expect(test.records().map((record) => record['reason'])).toEqual(
      Array.from({ length: 4 }, () => 'kill_switch'),
    );
  });

  it('is heard before the deny list, and does not say what would have been decided', async () => {
    const test = await aGate();
    test.killSwitch.trip('test');
    await expectRefused(test, 'kill_switch', { command: 'rm -rf /' });
  });

  it('is looked at again after the first steps', async () => {
    const test = await aGate();
    const preconditions = [
      () => {
        test.killSwitch.trip('while it was being judged');
        return null;
      },
    ];
    await expectRefused(test, 'kill_switch', { command: REVERSIBLE, preconditions });
  });

  it('leaves the stop itself callable', async () => {
    const test = await aGate();
    test.killSwitch.trip('test');
    const again = await test.gate.read(
      aRead({ exemptFromKillSwitch: true, untrusted: false }),
      aContext(test),
    );
    expect(again.decision).toBe('allowed');
  });
});

describe('arguments that cannot be made safe to record', () => {
  it('are not acted on, and nothing of them is kept', async () => {
    const test = await aGate();
    const args = {
      toJSON(): never {
        throw new Error('password=hunter2');
      },
    };
    await expectRefused(test, 'redaction_failed', { command: 'uptime', args });
    expect(await test.gate.read(aRead({ args }), aContext(test))).toMatchObject({
      reason: 'redaction_failed',
    });
    expect(test.text()).not.toContain('hunter2');
  });
});
