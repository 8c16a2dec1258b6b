import { isJsonObject, type Json, type JsonObject } from '@praxis/core';
import type { PolicyDecision, PolicyRequest, ShellKind } from '@praxis/policy';
import type { ReadCall } from './call.ts';
import type { GateRefusal } from './reasons.ts';
import type { ActState, CallStart } from './state.ts';

/** The operator's policy document, compiled. Bound at start like everything the gate decides with. */
export interface PolicyInForce {
  /** Names the document in every record: a digest of what it says. */
  readonly version: string;
  /** Decides. Only a request that `counts` is charged to the rates of the rules. */
  decide(request: PolicyRequest, options: { readonly counts: boolean }): PolicyDecision;
}

/** What the document says of an action that the mode would allow. */
interface ActionJudgement {
  readonly refusal: GateRefusal | null;
  readonly approvalRules: readonly string[];
}

/** The actions that rules know a command by; the shell decides how the command is read. */
const SHELL_ACTIONS: Readonly<Record<ShellKind, string>> = {
  bash: 'shell.exec',
  powershell: 'shell.powershell',
  cmd: 'shell.cmd',
};

/** Asks for the command of an action: an allow must cover it, and what comes with the allow must be possible here. */
export function judgeAction<T>(state: ActState<T>): ActionJudgement {
  const { policy } = state.deps;
  if (policy === null) return { refusal: null, approvalRules: [] };
  const { call, context, tier } = state;
  const { subject } = call;
  const request: PolicyRequest = {
    principal: context.session.principal,
    action: SHELL_ACTIONS[subject.shell],
    resource: subject.command,
    context: {
      tool: call.tool,
      adapter: subject.adapter,
      host: subject.target,
      host_type: subject.hostType,
      destination: subject.destination,
      tier,
      dry_run: call.dryRun,
      tainted: context.session.taint.tainted,
    },
    args: argumentsOf(call.args),
  };
  const decision = policy.decide(request, { counts: !call.dryRun });
  const refusal = decision.allowed ? unsupported(decision) : refusalOf(decision);
  const approvalRules = decision.obligations.flatMap((one) =>
    one.type === 'require_approval' ? [one.rule] : [],
  );
  return { refusal, approvalRules };
}

/**
 * A tool that only looks is refused by a deny that names it (`tool.NAME`), and needs no allow: a document about
 * commands does not blind the agent.
 */
export function judgeRead<T>(start: CallStart, call: ReadCall<T>): GateRefusal | null {
  const { policy } = start.deps;
  if (policy === null) return null;
  const { session } = start.context;
  const decision = policy.decide(
    {
      principal: session.principal,
      action: `tool.${call.tool}`,
      resource: call.target ?? '',
      context: { tool: call.tool, tier: 'T0', tainted: session.taint.tainted },
      args: argumentsOf(call.args),
    },
    { counts: false },
  );
  return decision.reason === 'explicit_deny' ? refusalOf(decision) : null;
}

function refusalOf({ reason, violatedRule, missingLabels }: PolicyDecision): GateRefusal {
  if (reason === 'allowed') return { reason: 'no_matching_policy', detail: 'the policy does not allow it' };
  const rule = violatedRule === null ? 'no rule of the policy allows it' : `by rule ${violatedRule}`;
  const missing = missingLabels.length === 0 ? '' : `; labels missing: ${missingLabels.join(', ')}`;
  return { reason, detail: `the policy refuses it: ${rule}${missing}` };
}

/** What an allow asks for and this path cannot do is as good as no allow. */
function unsupported({ obligations }: PolicyDecision): GateRefusal | null {
  const found = obligations.find((one) => one.type === 'redact');
  if (found === undefined) return null;
  return { reason: 'obligation_unsupported', detail: `rule ${found.rule} asks for ${found.type}` };
}

function argumentsOf(args: unknown): JsonObject {
  const json = args as Json;
  return isJsonObject(json) ? json : {};
}
