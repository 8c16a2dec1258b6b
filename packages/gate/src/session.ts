import type { Principal, Tier } from '@praxis/core';
import { Budget, type BudgetLimits } from './budget.ts';
import { TaintLatch } from './taint.ts';

/** What one caller has done so far, as far as it limits what it may do next. */
export interface Session {
  readonly id: string;
  readonly principal: Principal;
  readonly clientId: string | null;
  readonly taint: TaintLatch;
  readonly budget: Budget;
  /** A ceiling that the session chose for itself; it can only lower what the mode allows. */
  readonly consentCeiling: Tier | null;
}

interface CallerState {
  readonly taint: TaintLatch;
  readonly budget: Budget;
}

/** How many callers are remembered before the least recently seen clean one is forgotten. */
export const CALLERS_MAX = 4096;

/**
 * Opens sessions. Sessions are isolated from each other while they run, but taint and spent budget
 * belong to the caller: opening a fresh session sheds neither.
 */
export class Sessions {
  readonly #limits: BudgetLimits;
  readonly #callers = new Map<Principal, CallerState>();

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  open(options: {
    id: string;
    principal: Principal;
    clientId?: string | null;
    consentCeiling?: Tier | null;
  }): Session {
    const caller = this.#caller(options.principal);
    return {
      id: options.id,
      principal: options.principal,
      clientId: options.clientId ?? null,
      taint: new TaintLatch(caller.taint),
      budget: new Budget(this.#limits, caller.budget),
      consentCeiling: options.consentCeiling ?? null,
    };
  }

  #caller(principal: Principal): CallerState {
    const known = this.#callers.get(principal) ?? {
      taint: new TaintLatch(),
      budget: new Budget(this.#limits),
    };
    this.#callers.delete(principal);
    this.#callers.set(principal, known);
    if (this.#callers.size > CALLERS_MAX) this.#forgetOne();
    return known;
  }

  #forgetOne(): void {
    for (const [principal, state] of this.#callers) {
      if (state.taint.tainted || state.budget.spent.actions > 0) continue;
      this.#callers.delete(principal);
      return;
    }
  }
}
