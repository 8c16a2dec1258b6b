import { maxTier, tierRank } from '@praxis/core';
import { modeAllows } from '@praxis/policy';
import { actionDigest, actionIdOf } from './action.ts';
import { judgeAction } from './policy-in-force.ts';
import type { GateRefusal } from './reasons.ts';
import { STOPPED } from './refuse.ts';
import type { ActState } from './state.ts';

/** One question about a call: `null` lets it go on. */
export type Step = <T>(state: ActState<T>) => GateRefusal | null | Promise<GateRefusal | null>;

/** Arguments that could not be made safe to record are not acted on. */
export const redactionStep: Step = ({ args }) =>
  args.ok ? null : { reason: 'redaction_failed', detail: 'the arguments could not be redacted' };

/** While everything is stopped no call goes on. */
export const killSwitchStep: Step = ({ deps }) => (deps.killSwitch.tripped() ? STOPPED : null);

/** Finds the tier: the adapter's floor or what the command itself would do, whichever is higher. */
export const classifyStep: Step = (state) => {
  const { call, deps } = state;
  const classification = deps.classify(call.subject.command, { shell: call.subject.shell });
  state.classification = classification;
  state.tier = maxTier(call.baseTier, classification.tier);
  return null;
};

/** The deny list comes first and holds in every mode; then the mode's ceiling, which no approval lifts. */
export const policyStep: Step = ({ classification, deps, tier }) => {
  if (classification?.denied) {
    const why = classification.reasons.map((reason) => reason.code).join(', ');
    return { reason: 'deny_list', detail: `the command is on the deny list: ${why}` };
  }
  if (modeAllows(deps.mode, tier)) return null;
  return { reason: 'mode_ceiling', detail: `mode ${deps.mode} does not allow ${tier}` };
};

/** The operator's document: it refuses what the mode would allow, or asks for a person. It never allows more. */
export const documentStep: Step = (state) => {
  const { refusal, approvalRules } = judgeAction(state);
  state.approvalRules = approvalRules;
  return refusal;
};

/** A session may have asked to be held lower than the mode. */
export const ceilingStep: Step = ({ context, tier }) => {
  const ceiling = context.session.consentCeiling;
  if (ceiling === null || tierRank(tier) <= tierRank(ceiling)) return null;
  return { reason: 'consent_ceiling', detail: `this session consented to ${ceiling} at most` };
};

/** Decides whether a person is needed: always from T2, from T1 once untrusted content was taken in, and where a rule says so. */
export const taintStep: Step = (state) => {
  const { tier, context } = state;
  const tainted = tierRank(tier) >= 1 && context.session.taint.tainted;
  state.gated = tierRank(tier) >= 2 || tainted || state.approvalRules.length > 0;
  return null;
};

/** Irreversible work has exactly one target. */
export const targetStep: Step = ({ call, tier }) => {
  const target = call.subject.target;
  if (target.trim() === '') return { reason: 'target_missing', detail: 'the action names no target' };
  if (tier !== 'T3' || !/[,;\s]/u.test(target)) return null;
  return { reason: 'target_not_single', detail: 'an irreversible action has exactly one target' };
};

/** Asks the preconditions in their order; the first refusal ends the call. */
export const preconditionStep: Step = async ({ call }) => {
  for (const precondition of call.preconditions) {
    const refusal = await precondition();
    if (refusal !== null) return refusal;
  }
  return null;
};

/** Gives the action its identity: what an approval binds and a person can name. */
export const identityStep: Step = (state) => {
  const { call, deps, tier } = state;
  const { command, target, destination, contentDigest } = call.subject;
  const digest = actionDigest({
    tool: call.tool,
    command,
    target,
    destination,
    contentDigest,
    args: identityArguments(call.args),
  });
  state.binding = { actionId: actionIdOf(digest), digest, target, tier, rulesetVersion: deps.rulesetVersion };
  return null;
};

/** Real runs only: may one more action start? Asked first, so that a refusal uses up no approval. */
export const budgetStep: Step = ({ call, context, tier }) => {
  if (call.dryRun || tierRank(tier) === 0) return null;
  const reason = context.session.budget.exhausted();
  return reason === null ? null : { reason, detail: 'the budget of this caller is used up' };
};

/** Real runs only: uses up the approval, by console token or by an operator's grant. */
export const approvalStep: Step = (state) => {
  const { call, context, deps, binding } = state;
  if (call.dryRun || !state.gated || binding === null) return null;
  const used =
    call.approvalToken === null
      ? deps.approvals.consumeGrant(binding, context.session.id)
      : deps.approvals.consumeToken(call.approvalToken, binding, context.session.id);
  if (used.ok) {
    state.approval = { id: used.id, approver: used.approver };
    return null;
  }
  return {
    reason: used.reason ?? requiredReason(state),
    detail: 'a person must approve this action after a dry run',
  };
};

/** Real runs only: takes the action's place in the budget. Check and charge are one step, so calls at the same time share one ceiling. */
export const chargeStep: Step = ({ call, context, tier }) => {
  if (call.dryRun || tierRank(tier) === 0) return null;
  const reason = context.session.budget.exhausted();
  if (reason !== null) return { reason, detail: 'the budget of this caller is used up' };
  context.session.budget.chargeAction();
  return null;
};

/** The order in which a call is admitted. The second look at the kill switch catches a stop during the first steps. */
export const ADMISSION_STEPS: readonly Step[] = [
  redactionStep,
  killSwitchStep,
  classifyStep,
  policyStep,
  documentStep,
  ceilingStep,
  taintStep,
  targetStep,
  preconditionStep,
  identityStep,
  budgetStep,
  approvalStep,
  chargeStep,
  killSwitchStep,
];

function requiredReason<T>({ tier, approvalRules }: ActState<T>): GateRefusal['reason'] {
  if (tierRank(tier) >= 2) return 'approval_required';
  return approvalRules.length > 0 ? 'approval_required_by_policy' : 'approval_required_untrusted_content';
}

/** The arguments without those two that differ between the preview and the run it previews. */
function identityArguments(args: unknown): Record<string, never> {
  if (typeof args !== 'object' || args === null) return {};
  const rest = { ...args } as Record<string, never>;
  delete rest['dry_run'];
  delete rest['approval_token'];
  return JSON.parse(JSON.stringify(rest).toWellFormed()) as Record<string, never>;
}
