import {
  classifiedDenyList,
  type OpaqueRequest,
  type OpaqueRule,
  type PolicyDecision,
  PolicyEngine,
} from '@praxis/policy';

/**
 * The whole decision: resources read by their kind, commands taken apart and held against the deny list. Its answers may
 * differ from those over plain strings, because it reads paths, URLs and commands for what they are.
 */
export function build(rules: readonly OpaqueRule[]): (request: OpaqueRequest) => PolicyDecision {
  const engine = new PolicyEngine(
    { rules },
    { home: '/home/a', cwd: '/work', denyList: classifiedDenyList() },
  );
  return (request) => engine.decide(request);
}
