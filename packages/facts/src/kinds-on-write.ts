import { FactError } from './errors.ts';
import type { KindRegistry, KindViolation } from './kinds.ts';
import type { FactStore, PutFact } from './store.ts';

/** What happens to a put that does not fit the kind of its subject. */
export type KindsMode = 'off' | 'warn' | 'enforce';

/** From lenient to strict. */
export const KINDS_MODES: readonly KindsMode[] = ['off', 'warn', 'enforce'];

/** Which kinds there are, and how much they matter when facts are put. */
export interface KindsPolicy {
  /**
   * `off`: kinds are not looked at. `warn`: everything is put, and what does not fit is told. `enforce`: it is refused
   * with `FACT_KIND_INVALID`, also when the kind itself is not known.
   */
  readonly mode: KindsMode;
  readonly registry: KindRegistry;
  /** Told of every violation under `warn`. */
  readonly onViolation?: (violation: KindViolation) => void;
}

/**
 * The store with a look at kinds before every put: value types, edges and their targets, several values at once. That
 * an entity lacks a required predicate cannot be told from one put; `KindRegistry.checkComplete` tells it.
 */
export function withKinds(store: FactStore, policy: KindsPolicy): FactStore {
  if (policy.mode === 'off') return store;
  const look = (fact: PutFact): void => judge(fact, policy);
  return {
    ...store,
    put: async (fact) => {
      look(fact);
      return store.put(fact);
    },
    putMany: async (facts) => {
      for (const fact of facts) look(fact);
      return store.putMany(facts);
    },
  };
}

function judge(fact: PutFact, { mode, registry, onViolation }: KindsPolicy): void {
  // What is no fact at all is the store's to refuse.
  if (typeof fact.subject !== 'string' || typeof fact.predicate !== 'string') return;
  const violations = registry.check(fact);
  const [first] = violations;
  if (first === undefined) return;
  if (mode === 'warn') for (const violation of violations) onViolation?.(violation);
  else throw new FactError('FACT_KIND_INVALID', first.message, { fields: { violations } });
}
