import { PraxisError } from '@praxis/core';
import type { PolicyDocument, PolicyRequest } from '../document/policy-types.ts';
import type { PolicyErrorCode } from './errors.ts';
import {
  type DecideOptions,
  type PolicyDecision,
  PolicyEngine,
  type PolicyEngineOptions,
} from './policy-engine.ts';

/** A decision with the policy that took it, so that it can be replayed. */
export interface VersionedDecision extends PolicyDecision {
  readonly policyId: string | null;
  readonly policyRevision: number | null;
}

/**
 * The policy in force. A new one is compiled in full before it takes over, in one step: every decision is taken by exactly
 * one version, and a document with a fault changes nothing.
 */
export class ActivePolicy {
  readonly #options: PolicyEngineOptions;
  #engine: PolicyEngine;

  /** Throws `POLICY_INVALID`. */
  constructor(document: PolicyDocument, options: PolicyEngineOptions) {
    this.#options = options;
    this.#engine = new PolicyEngine(document, options);
  }

  get engine(): PolicyEngine {
    return this.#engine;
  }

  /** Puts another version in force. Throws `POLICY_INVALID`, or `POLICY_ROLLBACK` when its revision is lower or missing. */
  replace(document: PolicyDocument): void {
    const inForce = this.#engine.document.revision;
    if (inForce !== undefined && (document.revision ?? -1) < inForce) {
      const found = document.revision === undefined ? 'no revision' : `revision ${document.revision}`;
      throw new PraxisError<PolicyErrorCode>(
        'POLICY_ROLLBACK',
        `${found}, but revision ${inForce} is in force`,
      );
    }
    this.#engine = new PolicyEngine(document, this.#options);
  }

  decide(request: PolicyRequest, options: DecideOptions = {}): VersionedDecision {
    const engine = this.#engine;
    const { id, revision } = engine.document;
    return { ...engine.decide(request, options), policyId: id ?? null, policyRevision: revision ?? null };
  }
}
