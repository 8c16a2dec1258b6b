import { z } from 'zod';

/** What an action may do, from harmless to final: observe, reversible, stateful, irreversible. */
export type Tier = 'T0' | 'T1' | 'T2' | 'T3';

/** All tiers, lowest first. */
export const TIERS: readonly Tier[] = ['T0', 'T1', 'T2', 'T3'];

/** Reads a tier, to the letter. */
export const tierSchema: z.ZodType<Tier> = z.enum(['T0', 'T1', 'T2', 'T3']);

/** 0 for T0 … 3 for T3. */
export function tierRank(tier: Tier): number {
  return TIERS.indexOf(tier);
}

/** The higher of two tiers: classification only ever rounds up. */
export function maxTier(a: Tier, b: Tier): Tier {
  return tierRank(a) >= tierRank(b) ? a : b;
}

/** Whether a value is the name of a tier. */
export function isTier(value: unknown): value is Tier {
  return typeof value === 'string' && (TIERS as readonly string[]).includes(value);
}
