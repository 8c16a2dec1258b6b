import { buildOpaqueEngine, type OpaqueDecision, type OpaqueRequest, type OpaqueRule } from '@praxis/policy';

/** The rule engine alone, over strings that are already normalised: what a comparison with other engines measures. */
export function build(rules: readonly OpaqueRule[]): (request: OpaqueRequest) => OpaqueDecision {
  return buildOpaqueEngine(rules);
}
