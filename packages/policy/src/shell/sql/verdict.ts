import { maxTier, type Tier } from '@praxis/core';
import { SQL_REASONS_MAX } from './dialect.ts';

/** Why a text got its tier. */
export interface SqlReason {
  readonly code: string;
  readonly detail: string;
}

/** The tier of a text given to a database client, and why. */
export interface SqlAnalysis {
  readonly tier: Tier;
  readonly reasons: readonly SqlReason[];
}

/** Longest piece of the text repeated in a reason, in UTF-16 units. */
const DETAIL_LENGTH_MAX = 80;

/** Collects findings; the tier can only rise. */
export class SqlVerdict {
  #tier: Tier = 'T0';
  readonly #reasons: SqlReason[] = [];

  add(tier: Tier, code: string, detail: string): void {
    this.#tier = maxTier(this.#tier, tier);
    if (this.#reasons.length >= SQL_REASONS_MAX) return;
    this.#reasons.push({ code, detail: detail.slice(0, DETAIL_LENGTH_MAX) });
  }

  merge(other: SqlAnalysis): void {
    this.#tier = maxTier(this.#tier, other.tier);
    for (const reason of other.reasons) {
      if (this.#reasons.length < SQL_REASONS_MAX) this.#reasons.push(reason);
    }
  }

  analysis(): SqlAnalysis {
    return { tier: this.#tier, reasons: this.#reasons };
  }
}
