import { parsePolicy, PolicyEngine } from '@praxis/policy';
import { describe, expect, it } from 'vitest';
import type { GateReason, PolicyInForce } from '../src/index.ts';
import { aContext, aGate, anAction, aRead, previewed, type TestAction, type TestGate } from './a-gate.ts';

/** A document in force that answers what its rules say and counts what it was asked to count. */
function inForce(rules: string, counted: boolean[] = []): PolicyInForce {
  const options = { home: '/root', cwd: '/', denyList: () => null };
  const engine = new PolicyEngine(parsePolicy(`rules:\n${rules}`), options);
  return {
    version: 'sha256:document',
    decide(request, { counts }) {
      counted.push(counts);
      return engine.decide(request);
    },
  };
}

const ALLOW_ALL =
  "  - { name: all, effect: allow, principals: ['*'], actions: ['shell.*'], resources: ['*'] }\n";
const WITH_PERSON =
  "  - { name: person, effect: allow, principals: ['*'], actions: ['shell.*'], resources: ['*'], obligations: { require_approval: true } }\n";

async function reasonOf(test: TestGate, action: TestAction): Promise<GateReason> {
  return (await test.gate.act(anAction(action), aContext(test))).reason;
}

describe('a policy document', () => {
  it('refuses what no rule allows and what a rule denies, and stands in the record', async () => {
    const deny =
      "  - { name: not-here, effect: deny, principals: ['*'], actions: ['shell.*'], resources: ['systemctl*'] }\n";
    const nothing = await aGate({ policy: inForce('  []\n') });
    expect(await reasonOf(nothing, { command: 'uptime', baseTier: 'T0' })).toBe('no_matching_policy');
    const test = await aGate({ policy: inForce(ALLOW_ALL + deny) });
    expect(await reasonOf(test, { command: 'systemctl restart nginx', dryRun: true })).toBe('explicit_deny');
    expect(await reasonOf(test, { command: 'uptime', dryRun: true, baseTier: 'T0' })).toBe('preview');
    expect(test.approvals.list()).toEqual([]);
    expect(test.records().map((record) => record['policy_version'])).toEqual([
      'sha256:document',
      'sha256:document',
    ]);
  });

  it('never allows what the deny list or the mode refuses', async () => {
    const test = await aGate({ mode: 'readonly', policy: inForce(ALLOW_ALL) });
    expect(await reasonOf(test, { command: 'rm -rf /', dryRun: true })).toBe('deny_list');
    expect(await reasonOf(test, { command: 'systemctl restart nginx', dryRun: true })).toBe('mode_ceiling');
  });

  it('never spares the approval that the tier asks for', async () => {
    const test = await aGate({ policy: inForce(ALLOW_ALL) });
    expect(await reasonOf(test, { command: 'systemctl restart nginx' })).toBe('approval_required');
  });

  it('asks for a person where a rule says so, whatever the tier', async () => {
    const test = await aGate({ policy: inForce(WITH_PERSON) });
    const action: TestAction = { command: 'uptime', baseTier: 'T0' };
    expect(await reasonOf(test, action)).toBe('approval_required_by_policy');
    const token = await previewed(test, aContext(test), action);
    const [card] = test.approvals.list();
    expect(card?.card.reasons).toContain('policy: person');
    expect(await reasonOf(test, { ...action, token })).toBe('allowed');
    expect(await reasonOf(test, { ...action, token })).toBe('approval_used');
  });

  it('is told where, how and by whom', async () => {
    const rule = (field: string, value: string): string =>
      `  - { name: '${field}', effect: deny, principals: ['*'], actions: ['shell.*'], resources: ['*'], conditions: [{ field: ${field}, op: eq, value: ${value} }] }\n`;
    for (const [field, value] of [
      ['context.host', 'web1'],
      ['context.tier', 'T0'],
      ['context.dry_run', 'true'],
      ['context.tainted', 'false'],
      ['context.tool', 'run_action'],
    ] as const) {
      const test = await aGate({ policy: inForce(ALLOW_ALL + rule(field, value)) });
      const result = await test.gate.act(
        anAction({ command: 'uptime', baseTier: 'T0', dryRun: true }),
        aContext(test),
      );
      expect(result, field).toMatchObject({ reason: 'explicit_deny' });
    }
  });

  it('counts real runs and no previews', async () => {
    const counted: boolean[] = [];
    const test = await aGate({ policy: inForce(ALLOW_ALL, counted) });
    await reasonOf(test, { command: 'uptime', baseTier: 'T0', dryRun: true });
    await reasonOf(test, { command: 'uptime', baseTier: 'T0' });
    expect(counted).toEqual([false, true]);
  });

  it('refuses an allow that asks for what this path cannot do', async () => {
    const redact = WITH_PERSON.replace('require_approval: true', 'redact: [args.action]');
    const test = await aGate({ policy: inForce(redact) });
    expect(await reasonOf(test, { command: 'uptime', baseTier: 'T0' })).toBe('obligation_unsupported');
  });

  it('refuses a reading tool by a deny alone, and never the stop', async () => {
    const deny =
      "  - { name: blind, effect: deny, principals: ['*'], actions: ['tool.*'], resources: ['*'] }\n";
    const open = await aGate({ policy: inForce('  []\n') });
    expect((await open.gate.read(aRead(), aContext(open))).reason).toBe('allowed');
    const test = await aGate({ policy: inForce(deny) });
    expect((await test.gate.read(aRead(), aContext(test))).reason).toBe('explicit_deny');
    const stop = { ...aRead(), exemptFromKillSwitch: true };
    expect((await test.gate.read(stop, aContext(test))).reason).toBe('allowed');
  });

  it('that cannot be asked refuses, with a record', async () => {
    const policy: PolicyInForce = {
      version: 'sha256:broken',
      decide: () => {
        throw new Error('broken');
      },
    };
    const test = await aGate({ policy });
    expect(await reasonOf(test, { command: 'uptime', baseTier: 'T0' })).toBe('internal_error');
    expect((await test.gate.read(aRead(), aContext(test))).reason).toBe('internal_error');
    expect(test.records()).toHaveLength(2);
  });
});
