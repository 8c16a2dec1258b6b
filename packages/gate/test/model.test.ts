import fc from 'fast-check';
import { type Tier, TIERS } from '@praxis/core';
import { type Mode, MODES } from '@praxis/policy';
import { describe, expect, it } from 'vitest';
import { aContext, aGate, anAction, aRead, lastToken, type TestGate } from './a-gate.ts';

/** A command of each tier, and one that is denied. */
const COMMANDS: Readonly<Record<Tier | 'denied', string>> = {
  T0: 'uptime',
  T1: 'mkdir /tmp/praxis-test',
  T2: 'systemctl restart nginx',
  T3: 'rm -rf /srv/old',
  denied: 'rm -rf /',
};

/** Everything that decides about a call, in one place. */
interface Situation {
  readonly mode: Mode;
  readonly command: Tier | 'denied';
  readonly baseTier: Tier;
  readonly ceiling: Tier | null;
  readonly stopped: boolean;
  readonly tainted: boolean;
  readonly targets: 1 | 2;
  readonly budgetUsedUp: boolean;
  readonly approved: boolean;
  readonly dryRun: boolean;
}

const aSituation: fc.Arbitrary<Situation> = fc.record({
  mode: fc.constantFrom(...MODES),
  command: fc.constantFrom(...TIERS, 'denied' as const),
  baseTier: fc.constantFrom(...TIERS),
  ceiling: fc.option(fc.constantFrom(...TIERS)),
  // Rare, because it hides everything else.
  stopped: fc.constantFrom(false, false, false, false, true),
  tainted: fc.boolean(),
  targets: fc.constantFrom(1, 1, 1, 2),
  budgetUsedUp: fc.constantFrom(false, false, true),
  approved: fc.boolean(),
  dryRun: fc.boolean(),
});

const RUNS = 150;
const LIMIT: Readonly<Record<Mode, number>> = { readonly: 0, guarded: 2, open: 3 };

/** What must be answered, told from the rules alone. */
function expected(situation: Situation): string {
  const { mode, command, baseTier, ceiling, stopped, tainted, targets, budgetUsedUp, approved, dryRun } =
    situation;
  if (stopped) return 'kill_switch';
  if (command === 'denied') return 'deny_list';
  const tier = Math.max(TIERS.indexOf(command), TIERS.indexOf(baseTier));
  if (tier > LIMIT[mode]) return 'mode_ceiling';
  if (ceiling !== null && tier > TIERS.indexOf(ceiling)) return 'consent_ceiling';
  if (tier === 3 && targets === 2) return 'target_not_single';
  if (dryRun) return 'preview';
  if (tier > 0 && budgetUsedUp) return 'budget_actions';
  if (tier >= 2 && !approved) return 'approval_required';
  if (tier === 1 && tainted && !approved) return 'approval_required_untrusted_content';
  return 'allowed';
}

/** Brings a gate into a situation and makes the call. */
async function answered(situation: Situation): Promise<{ reason: string; runs: number; test: TestGate }> {
  const { mode, command, baseTier, ceiling, stopped, tainted, targets, budgetUsedUp, dryRun } = situation;
  const test = await aGate({ mode, budget: { actionsMax: 1, wallSecondsMax: null } });
  const context = aContext(test, ceiling === null ? {} : { consentCeiling: ceiling });
  const action = {
    command: COMMANDS[command],
    baseTier,
    subject: { target: targets === 1 ? 'web1' : 'web1,web2' },
  };
  if (tainted) await test.gate.read(aRead(), context);
  const token = situation.approved ? await approvalFor(test, action, context) : null;
  if (budgetUsedUp) context.session.budget.chargeAction();
  if (stopped) test.killSwitch.trip('model');
  const call = anAction({ ...action, dryRun, token: dryRun ? null : token });
  const { reason } = await test.gate.act(call, context);
  return { reason, runs: call.runs, test };
}

/** The token of a preview, or none when the preview opened no approval. */
async function approvalFor(
  test: TestGate,
  action: Parameters<typeof anAction>[0],
  context: ReturnType<typeof aContext>,
): Promise<string | null> {
  const { approvalId } = await test.gate.act(anAction({ ...action, dryRun: true }), context);
  return approvalId === null ? null : lastToken(test);
}

describe('the gate', () => {
  it('answers what the rules say in every situation, runs nothing it refuses, and records all of it', async () => {
    await fc.assert(
      fc.asyncProperty(aSituation, async (situation) => {
        const { reason, runs, test } = await answered(situation);
        expect(reason).toBe(expected(situation));
        expect(runs).toBe(reason === 'allowed' ? 1 : 0);
        const last = test.records().at(-1);
        const kind = reason === 'allowed' ? 'outcome' : reason === 'preview' ? 'read' : 'refusal';
        expect(last).toMatchObject({ kind, reason, mode: situation.mode });
      }),
      { numRuns: RUNS },
    );
  });
});
