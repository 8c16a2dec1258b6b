import { fakeClock } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import { openMemoryFactStore, openSqliteFactStore } from '../src/index.ts';

const observed = {
  subject: 'host:web1',
  predicate: 'os',
  value: { id: 'debian' },
  actor: 'server:praxis',
  reason: 'seen',
};

describe.each([
  ['sqlite', () => openSqliteFactStore({ path: ':memory:', clock: fakeClock() })],
  ['memory', () => openMemoryFactStore({ clock: fakeClock() })],
])('a fact observed again and again (%s)', (_name, open) => {
  it('stays one fact and counts every observation', async () => {
    const store = await open();
    await store.put(observed);
    for (let again = 0; again < 4; again += 1) expect((await store.put(observed)).changed).toBe(false);
    const { facts } = await store.query({ subject: 'host:web1' });
    expect(facts).toHaveLength(1);
    expect(facts[0]?.observationCount).toBe(5);
    await store.close();
  });
});
