import { describe, expect, it } from 'vitest';

import { RecentMap } from './recent-map.ts';

describe('RecentMap', () => {
  it('keeps what is used and forgets the rest', () => {
    const map = new RecentMap<number>(10);
    for (let n = 0; n < 100; n += 1) {
      map.set(`k${n}`, n);
      expect(map.get('k0')).toBe(0);
    }
    expect(map.get('k99')).toBe(99);
    expect(map.get('k50')).toBeUndefined();
  });

  it('is empty after clear', () => {
    const map = new RecentMap<number>(1);
    map.set('a', 1);
    map.set('b', 2);
    map.clear();
    expect([map.get('a'), map.get('b')]).toEqual([undefined, undefined]);
  });
});
