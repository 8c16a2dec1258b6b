import { homedir } from 'node:os';
import { canonicalJson, type Clock, errorCode, type Json, sha256Hex } from '@praxis/core';
import type { PolicyInForce } from '@praxis/gate';
import type { ServerConfig } from '@praxis/mcp-server';
import {
  classifiedDenyList,
  loadPolicy,
  type OperatorDenyRule,
  type PolicyDocument,
  PolicyEngine,
  type RateMeter,
  SlidingRateMeter,
} from '@praxis/policy';

const VERSION_HEX_DIGITS = 32;

/** What a document is put in force with. */
export interface PolicyInForceOptions {
  readonly clock: Clock;
  readonly deny: readonly OperatorDenyRule[];
  /** Hears of the rules that only take note. */
  readonly log: (line: string) => void;
}

/**
 * The operator's policy document, or null where none was written. Throws `POLICY_UNREADABLE` for a file that was named and
 * cannot be read, `POLICY_INVALID` and `POLICY_TOO_LARGE`: praxis does not start on rules it cannot hold anyone to.
 */
export async function readPolicyFile({
  path,
  configured,
}: ServerConfig['policy']): Promise<PolicyDocument | null> {
  try {
    return await loadPolicy(path);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!configured && errorCode(error) === 'POLICY_UNREADABLE' && errorCode(cause) === 'ENOENT') return null;
    throw error;
  }
}

/** Names what a document says, whatever its comments and its layout: `sha256:` and 32 hex digits. */
export function policyVersion(document: PolicyDocument): string {
  // A JSON round trip drops what is undefined.
  const plain = JSON.parse(JSON.stringify(document)) as Json;
  return `sha256:${sha256Hex(canonicalJson(plain)).slice(0, VERSION_HEX_DIGITS)}`;
}

/** Compiles a document for the gate. Throws `POLICY_INVALID`. */
export function policyInForce(
  document: PolicyDocument,
  { clock, deny, log }: PolicyInForceOptions,
): PolicyInForce {
  const rates = new SlidingRateMeter(clock);
  let counts = false;
  const meter: RateMeter = {
    count: (key, seconds) => rates.count(key, seconds),
    take: (key, seconds) => {
      if (counts) rates.take(key, seconds);
    },
  };
  const engine = new PolicyEngine(document, {
    home: homedir(),
    cwd: '/',
    denyList: classifiedDenyList(deny),
    meter,
  });
  return {
    version: policyVersion(document),
    decide(request, options) {
      counts = options.counts;
      const decision = engine.decide(request, { now: clock.now() });
      for (const noted of decision.obligations) {
        if (noted.type === 'log_only')
          log(`policy: rule ${noted.rule} would refuse this, and only takes note`);
      }
      return decision;
    },
  };
}
