import type { GateReason } from './reasons.ts';

/** Ceilings on what a caller may set in motion; `null` is no ceiling. */
export interface BudgetLimits {
  readonly actionsMax: number | null;
  readonly wallSecondsMax: number | null;
}

/**
 * Counts real runs and the wall time they took. A budget may have a parent, the caller's: a session starts
 * with what its caller has already spent, and the ceiling holds for all sessions of a caller together.
 */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #parent: Budget | null;
  #actions: number;
  #wallMs: number;

  constructor(limits: BudgetLimits, parent: Budget | null = null) {
    this.#limits = limits;
    this.#parent = parent;
    this.#actions = parent?.spent.actions ?? 0;
    this.#wallMs = parent?.spent.wallMs ?? 0;
  }

  get spent(): { readonly actions: number; readonly wallMs: number } {
    return { actions: this.#actions, wallMs: this.#wallMs };
  }

  /** Why one more action may not start, or `null` when it may. Charges nothing. */
  exhausted(): Extract<GateReason, 'budget_actions' | 'budget_wall_seconds'> | null {
    const { actionsMax, wallSecondsMax } = this.#limits;
    if (actionsMax !== null && this.#actions >= actionsMax) return 'budget_actions';
    if (wallSecondsMax !== null && this.#wallMs >= wallSecondsMax * 1000) return 'budget_wall_seconds';
    return this.#parent?.exhausted() ?? null;
  }

  chargeAction(): void {
    this.#actions += 1;
    this.#parent?.chargeAction();
  }

  chargeWall(durationMs: number): void {
    this.#wallMs += durationMs;
    this.#parent?.chargeWall(durationMs);
  }
}
