import type { Clock } from '@praxis/core';
import type { GateReason, RefusedCall } from '@praxis/gate';

/** How many refusals of one reason are recorded one by one before the rate counts. */
export const REFUSALS_BURST_MAX = 64;
/** How long it takes until one more may be recorded by itself, in milliseconds. */
export const REFUSAL_REFILL_MS = 10_000;
/** How long refusals are only counted before one record says how many they were, in milliseconds. */
export const LEFT_OUT_REPORT_MS = 10_000;
/** How much of a refused request's path is recorded, in UTF-16 code units. */
export const RECORDED_PATH_LENGTH_MAX = 128;

/** A request that is answered with an error status, and what of it is recorded. */
export interface RefusedRequest {
  readonly reason: GateReason;
  readonly detail: string;
  /** Small and bounded by whoever makes it: no header, no query, no byte of a body. */
  readonly args: Readonly<Record<string, string | number>>;
}

/** Writes one refusal and tells whether its record is durable. Never rejects. */
export type WriteRefusal = (call: RefusedCall) => Promise<boolean>;

interface Allowance {
  left: number;
  refilledAtMs: number;
  leftOut: number;
}

/**
 * Records refused requests, and bounds what a flood of them can make the ledger grow by: of each reason
 * `REFUSALS_BURST_MAX` at once and then one every `REFUSAL_REFILL_MS`. The others are counted, and a record of
 * the same reason says how many they were (`left_out`), at most one every `LEFT_OUT_REPORT_MS` and one at the
 * end. Each reason has its own allowance: whoever holds no token cannot use up that of whoever does.
 */
export class RefusalRecords {
  readonly #write: WriteRefusal;
  readonly #clock: Clock;
  // INVARIANT: at most one entry for each reason that the endpoint knows.
  readonly #allowances = new Map<GateReason, Allowance>();
  #report: NodeJS.Timeout | null = null;

  constructor(write: WriteRefusal, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  /** Resolves when the refusal is recorded, or counted. */
  async record(refused: RefusedRequest): Promise<void> {
    const allowance = this.#allowanceOf(refused.reason);
    if (allowance.left >= 1) {
      allowance.left -= 1;
      await this.#write(callOf(refused));
      return;
    }
    allowance.leftOut += 1;
    this.#armReport();
  }

  /** Records what was only counted so far. For the end, when no request comes any more. */
  async close(): Promise<void> {
    await this.#reportLeftOut();
    if (this.#report !== null) clearTimeout(this.#report);
  }

  #allowanceOf(reason: GateReason): Allowance {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#allowances.get(reason);
    if (known === undefined) {
      const fresh = { left: REFUSALS_BURST_MAX, refilledAtMs: nowMs, leftOut: 0 };
      this.#allowances.set(reason, fresh);
      return fresh;
    }
    const refilled = known.left + (nowMs - known.refilledAtMs) / REFUSAL_REFILL_MS;
    known.left = Math.min(REFUSALS_BURST_MAX, refilled);
    known.refilledAtMs = nowMs;
    return known;
  }

  #armReport(): void {
    if (this.#report !== null) return;
    this.#report = setTimeout(() => {
      this.#report = null;
      void this.#reportLeftOut();
    }, LEFT_OUT_REPORT_MS);
    this.#report.unref();
  }

  async #reportLeftOut(): Promise<void> {
    for (const [reason, allowance] of this.#allowances) {
      const count = allowance.leftOut;
      if (count === 0) continue;
      allowance.leftOut = 0;
      const detail = 'more were refused than are recorded one by one';
      const written = await this.#write(callOf({ reason, detail, args: { left_out: count } }));
      if (written) continue;
      // The count is still owed: a ledger that comes back gets it with the next report.
      allowance.leftOut += count;
      this.#armReport();
    }
  }
}

function callOf({ reason, detail, args }: RefusedRequest): RefusedCall {
  return { tool: 'http', args, target: null, hostType: null, tier: 'T0', refusal: { reason, detail } };
}
