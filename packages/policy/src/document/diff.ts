import type { DecideOptions, PolicyDecision, PolicyEngine } from '../rules/policy-engine.ts';
import type { PolicyRequest } from './policy-types.ts';

/** One request that two versions of a policy answer differently. */
export interface DecisionChange {
  readonly request: PolicyRequest;
  readonly before: PolicyDecision;
  readonly after: PolicyDecision;
  readonly kind: 'now_allowed' | 'now_denied' | 'other_reason' | 'other_obligations';
}

/** How many requests were replayed, and those that are answered differently. */
export interface PolicyDiff {
  readonly replayed: number;
  readonly changes: readonly DecisionChange[];
}

/** Replays requests through two versions of a policy and reports every answer that changes. */
export function diffPolicies(
  before: PolicyEngine,
  after: PolicyEngine,
  requests: Iterable<PolicyRequest>,
  options: DecideOptions = {},
): PolicyDiff {
  const changes: DecisionChange[] = [];
  let replayed = 0;
  for (const request of requests) {
    replayed += 1;
    const old = before.decide(request, options);
    const now = after.decide(request, options);
    const kind = kindOfChange(old, now);
    if (kind !== null) changes.push({ request, before: old, after: now, kind });
  }
  return { replayed, changes };
}

function kindOfChange(before: PolicyDecision, after: PolicyDecision): DecisionChange['kind'] | null {
  if (before.allowed !== after.allowed) return after.allowed ? 'now_allowed' : 'now_denied';
  if (before.reason !== after.reason) return 'other_reason';
  const duties = (decision: PolicyDecision): string =>
    JSON.stringify(decision.obligations.map(({ rule: _rule, ...duty }) => duty));
  return duties(before) === duties(after) ? null : 'other_obligations';
}
