import { type Instant, parseInstant } from '@praxis/core';
import type { FakeClock } from '@praxis/testkit';
import { expect } from 'vitest';

import type { Fact } from '../model.ts';
import type { FactStore, PutFact } from '../store.ts';

/** What each test of the contract starts with: an empty store, and the clock it goes by. */
export interface Setting {
  store: FactStore;
  clock: FakeClock;
}

export const MINUTE_MS = 60_000;

/** An instant of the day the contract plays on. */
export function at(time: string): Instant {
  return parseInstant(`2026-01-01T${time}:00Z`);
}

/** A put with what the contract does not care about filled in. */
export function aPut(fields: Partial<PutFact> = {}): PutFact {
  return { subject: 'host:web', predicate: 'os', value: 'v1', actor: 'test:anna', reason: 'seen', ...fields };
}

/** The value believed about `host:web`, asked for in both ways. */
export async function valueAt(the: Setting, validAt: Instant, recordedAt?: Instant): Promise<unknown> {
  const query = {
    subject: 'host:web',
    predicate: 'os',
    validAt,
    ...(recordedAt === undefined ? {} : { recordedAt }),
  };
  const { facts } = await the.store.query(query);
  expect(facts.length).toBeLessThanOrEqual(1);
  const point = await the.store.get(query);
  expect(point).toEqual(facts[0] ?? null);
  return facts[0]?.value;
}

/** All versions of what is said about `host:web`. */
export async function historyOf(the: Setting): Promise<Fact[]> {
  return (await the.store.history({ subject: 'host:web' })).facts;
}
