import type { Clock, Instant, Json } from '@praxis/core';
import { type FactStore, openMemoryFactStore } from '@praxis/facts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blessBaseline } from './baseline.ts';
import { scanDrift, STALE_AFTER_US_DEFAULT } from './scan.ts';

let now: Instant = 1_700_000_000_000_000;
const clock: Clock = { now: () => (now += 1), monotonicMs: () => 0 };
let store: FactStore;

async function observe(subject: string, predicate: string, value: Json): Promise<void> {
  await store.put({ subject, predicate, value, actor: 'collector', reason: 'test', observedAt: clock.now() });
}

const bless = (subject: string, predicate?: string): ReturnType<typeof blessBaseline> =>
  blessBaseline(store, { subject, predicate, actor: 'operator', reason: 'looks right' });

const rows = (...names: string[]): Json => ({
  rows: names.map((username) => ({ username })),
  count: names.length,
});

beforeEach(() => {
  store = openMemoryFactStore({ clock });
});
afterEach(() => store.close());

describe('scanDrift', () => {
  it('says that a subject has no baseline instead of flagging everything', async () => {
    await observe('host:a', 'users', rows('root'));
    expect(await scanDrift(store, { clock })).toEqual({
      findings: [],
      scanned: 0,
      withoutBaseline: ['host:a'],
      stale: [],
      withheld: 0,
    });
  });

  it('finds nothing right after blessing, and exactly what changes then', async () => {
    await observe('host:a', 'users', rows('root'));
    await observe('host:a', 'sysctl', { a: '1' });
    expect(await bless('host:a')).toMatchObject({ added: ['sysctl', 'users'], changed: [], ended: [] });
    expect(await scanDrift(store, { clock })).toMatchObject({
      findings: [],
      scanned: 2,
      withoutBaseline: [],
    });
    await observe('host:a', 'users', rows('mallory', 'root'));
    await observe('host:a', 'cron', { x: '1' });
    expect((await scanDrift(store, { clock })).findings).toMatchObject([
      { predicate: 'cron', kind: 'unexpected', severity: 'info' },
      {
        predicate: 'users',
        kind: 'changed',
        severity: 'critical',
        detail: { added: [{ username: 'mallory' }] },
        stale: false,
      },
    ]);
  });

  it('finds a blessed fact that is no longer observed', async () => {
    await observe('host:a', 'mounts', rows('x'));
    await bless('host:a');
    await store.end({ subject: 'host:a', predicate: 'mounts', actor: 'collector', reason: 'gone' });
    expect((await scanDrift(store, { clock, subject: 'host:a' })).findings).toMatchObject([
      { predicate: 'mounts', kind: 'missing', severity: 'warning', observedAt: null },
    ]);
  });

  it('marks observations that are too old', async () => {
    await observe('host:a', 'users', rows('root'));
    await bless('host:a');
    now += STALE_AFTER_US_DEFAULT;
    expect((await scanDrift(store, { clock })).stale).toEqual([{ subject: 'host:a', predicate: 'users' }]);
  });

  it('leaves typed entities alone unless they are blessed', async () => {
    await observe('package:openssl@a', 'version', '1');
    expect((await scanDrift(store, { clock })).withoutBaseline).toEqual([]);
    await bless('package:openssl@a');
    await observe('package:openssl@a', 'version', '2');
    expect((await scanDrift(store, { clock })).findings).toHaveLength(1);
  });

  it('withholds restricted facts and counts them', async () => {
    await observe('host:a', 'users', rows('root'));
    await store.classify({ subject: 'host:a', classification: 'restricted', actor: 'op', reason: 'r' });
    expect(await scanDrift(store, { clock })).toMatchObject({ withoutBaseline: [], withheld: 1 });
    expect(await scanDrift(store, { clock, allowRestricted: true })).toMatchObject({
      withoutBaseline: ['host:a'],
      withheld: 0,
    });
  });
});

describe('blessBaseline', () => {
  it('supersedes what changed, ends what is gone and keeps the rest', async () => {
    await observe('host:a', 'users', rows('root'));
    await observe('host:a', 'mounts', rows('m'));
    await observe('host:a', 'cron', rows('c'));
    await bless('host:a');
    await observe('host:a', 'users', rows('root', 'new'));
    await store.end({ subject: 'host:a', predicate: 'mounts', actor: 'collector', reason: 'gone' });
    expect(await bless('host:a')).toEqual({
      subject: 'host:a',
      added: [],
      changed: ['users'],
      ended: ['mounts'],
      unchanged: ['cron'],
    });
    expect((await scanDrift(store, { clock })).findings).toEqual([]);
  });

  it('blesses one predicate alone', async () => {
    await observe('host:a', 'users', rows('root'));
    await observe('host:a', 'cron', rows('c'));
    expect((await bless('host:a', 'users')).added).toEqual(['users']);
    expect((await scanDrift(store, { clock })).findings).toMatchObject([
      { predicate: 'cron', kind: 'unexpected' },
    ]);
  });

  it('does not erase a baseline when nothing is observed', async () => {
    await observe('host:a', 'users', rows('root'));
    await bless('host:a');
    await store.end({ subject: 'host:a', predicate: 'users', actor: 'collector', reason: 'lost' });
    expect((await bless('host:a')).ended).toEqual([]);
    expect((await scanDrift(store, { clock })).findings).toMatchObject([{ kind: 'missing' }]);
  });

  it('keeps who decided and why', async () => {
    await observe('host:a', 'users', rows('root'));
    await bless('host:a');
    const { facts } = await store.query({ subject: 'host:a', factType: 'known_good' });
    expect(facts).toMatchObject([{ actor: 'operator', reason: 'looks right' }]);
  });
});
