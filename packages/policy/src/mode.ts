import { type Tier, tierRank } from '@praxis/core';

/** How far a server may go, bound at start. Nothing raises it at run time. */
export type Mode = 'readonly' | 'guarded' | 'open';

/** Every mode, lowest ceiling first. */
export const MODES: readonly Mode[] = ['readonly', 'guarded', 'open'];

/** The mode of a server that was told none, or one that does not exist. */
export const MODE_DEFAULT: Mode = 'guarded';

/** The highest tier a mode lets through: readonly observes, guarded stops short of the irreversible. */
export const MODE_CEILING: Readonly<Record<Mode, Tier>> = { readonly: 'T0', guarded: 'T2', open: 'T3' };

/** Whether a mode lets an action of this tier through at all. No approval lifts a refusal. */
export function modeAllows(mode: Mode, tier: Tier): boolean {
  return tierRank(tier) <= tierRank(MODE_CEILING[mode]);
}

/** Reads a mode; anything unknown is `guarded`, the reference's rule. */
export function parseMode(text: string | undefined): Mode {
  const mode = (text ?? '').trim().toLowerCase();
  return MODES.find((known) => known === mode) ?? MODE_DEFAULT;
}
