import { fakeClock } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { builtInKinds } from './built-in-kinds.ts';
import { aPut } from './contract/setting.contract.ts';
import type { KindViolation } from './kinds.ts';
import { type KindsMode, withKinds } from './kinds-on-write.ts';
import { openMemoryFactStore } from './memory-store.ts';
import type { FactStore, PutFact } from './store.ts';

const port = (value: unknown, more: Partial<PutFact> = {}): PutFact =>
  aPut({ subject: 'service:web', predicate: 'port', value: value as number, ...more });

function opened(mode: KindsMode): { store: FactStore; told: string[] } {
  const told: string[] = [];
  const onViolation = (violation: KindViolation): void => void told.push(violation.code);
  const policy = { mode, registry: builtInKinds(), onViolation };
  return { store: withKinds(openMemoryFactStore({ clock: fakeClock() }), policy), told };
}

describe('kinds when facts are put', () => {
  const unfit: [string, PutFact, string][] = [
    ['a value of another type', port('eighty'), 'VALUE'],
    ['a value out of bounds', port(65_536), 'VALUE'],
    [
      'a second value where there is one',
      aPut({ subject: 'service:web', predicate: 'state', value: 'failed', valueKey: 'x' }),
      'NOT_MULTI_VALUED',
    ],
    [
      'an edge to another kind',
      aPut({ subject: 'host:web', predicate: 'mounts', value: {}, target: 'host:b' }),
      'EDGE_TARGET',
    ],
    ['a kind nobody knows', aPut({ subject: 'ghost:a' }), 'UNKNOWN_KIND'],
  ];

  it.each(unfit)('refuse %s under enforce, with what is wrong', async (_what, fact, code) => {
    const { store } = opened('enforce');
    const refusal = { code: 'FACT_KIND_INVALID', fields: { violations: [{ code }] } };
    await expect(store.put(fact)).rejects.toMatchObject(refusal);
    await expect(store.putMany([port(80), fact])).rejects.toMatchObject(refusal);
    expect((await store.query({})).facts).toEqual([]);
  });

  it.each(unfit)('tell of %s under warn, and put it', async (_what, fact, code) => {
    const { store, told } = opened('warn');
    expect(await store.put(fact)).toMatchObject({ changed: true });
    expect(told).toEqual([code]);
  });

  it.each(unfit)('do not matter for %s under off', async (_what, fact) => {
    const { store, told } = opened('off');
    expect(await store.put(fact)).toMatchObject({ changed: true });
    expect(told).toEqual([]);
  });

  it('let what fits through, and leave what is no fact to the store', async () => {
    const { store } = opened('enforce');
    await store.putMany([port(80, { valueKey: 'http' }), port(443, { valueKey: 'https' })]);
    await store.put(aPut({ predicate: 'anything', value: [1] }));
    await expect(store.put(aPut({ subject: 7 as never }))).rejects.toMatchObject({ code: 'FACT_INVALID' });
    expect((await store.query({})).facts).toHaveLength(3);
  });
});
