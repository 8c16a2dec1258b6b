import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTier, maxTier, TIERS, tierRank, tierSchema } from './tier.ts';

const aTier = fc.constantFrom(...TIERS);

describe('tiers', () => {
  it('rank from 0 to 3', () => {
    expect(TIERS.map(tierRank)).toEqual([0, 1, 2, 3]);
  });

  it('are only ever rounded up', () => {
    fc.assert(
      fc.property(aTier, aTier, (a, b) => {
        expect(tierRank(maxTier(a, b))).toBe(Math.max(tierRank(a), tierRank(b)));
        expect(maxTier(a, b)).toBe(maxTier(b, a));
      }),
    );
  });

  it.each(['T4', 't1', 'T', '', ' T1', 1, null, undefined, {}, ['T1'], 'toString'])(
    'do not include %j',
    (value) => {
      expect(isTier(value)).toBe(false);
      expect(tierSchema.safeParse(value).success).toBe(false);
    },
  );
});
