// By path, not by package name: a comparison runs this file as it is, without our resolution conditions.
import {
  buildOpaqueEngine,
  type OpaqueDecision,
  type OpaqueRequest,
  type OpaqueRule,
} from '../packages/policy/src/rules/opaque-engine.ts';

/** The rule engine alone, over strings that are already normalised: what a comparison with other engines measures. */
export function build(rules: readonly OpaqueRule[]): (request: OpaqueRequest) => OpaqueDecision {
  return buildOpaqueEngine(rules);
}
