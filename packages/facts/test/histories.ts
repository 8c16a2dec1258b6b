import type { Instant } from '@praxis/core';
import type { FakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';

import type { FactType } from '../src/model.ts';
import type { EndFact, FactQuery, FactStore, PutFact } from '../src/store.ts';

/** One step of a random history. */
export type Step =
  | { do: 'put'; fact: PutFact }
  | { do: 'end'; end: EndFact }
  | { do: 'putMany'; facts: PutFact[] }
  | { do: 'wait'; ms: number };

/** What a step came to: the same on every backend. */
export type StepResult =
  | { changed: boolean; contentHash: string | null; recordedAt: Instant }[]
  | { code: string }
  | null;

// Few keys, few instants and few values: histories that meet themselves.
const START: Instant = 1_767_225_600_000_000;
const instant: fc.Arbitrary<Instant> = fc.integer({ min: -10, max: 30 }).map((n) => START + n * 1_000_000);
const key = fc.record({
  subject: fc.constantFrom('host:a', 'host:b', 'pool:p'),
  predicate: fc.constantFrom('os', 'runs_on'),
  factType: fc.constantFrom<FactType>('observed', 'desired'),
  valueKey: fc.constantFrom('', 'x'),
});
const period = fc.record(
  { validFrom: instant, validTo: fc.oneof(instant, fc.constant('infinity' as const)) },
  { requiredKeys: [] },
);
const by = fc.record({ actor: fc.constantFrom('test:a', 'test:b'), reason: fc.constantFrom('', 'r') });
const put: fc.Arbitrary<PutFact> = fc
  .tuple(
    key,
    period,
    by,
    fc.record({ value: fc.constantFrom(1, 2, 3) }),
    fc.record(
      {
        expected: fc.constant(null),
        confidence: fc.constantFrom(0.5, 1),
        observedAt: instant,
        target: fc.constantFrom('pool:p', 'pool:q'),
      },
      { requiredKeys: [] },
    ),
    fc.nat(9),
  )
  .map(([k, p, b, v, extra, dice]) => {
    // Compare-and-set refuses most of the time: keep it rare.
    const { expected, ...rest } = extra;
    return { ...k, ...p, ...b, ...v, ...rest, ...(expected === null && dice === 0 ? { expected } : {}) };
  });
const end: fc.Arbitrary<EndFact> = fc.tuple(key, period, by).map(([k, p, b]) => ({ ...k, ...p, ...b }));

export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant('put' as const), fact: put }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), end }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('putMany' as const),
        facts: fc.array(put, { minLength: 2, maxLength: 4 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
    },
  ),
  { minLength: 1, maxLength: 40 },
);

export const query: fc.Arbitrary<FactQuery> = fc
  .record(
    {
      subject: fc.constantFrom('host:a', 'pool:p', 'host:none'),
      kind: fc.constantFrom('host', 'pool'),
      predicate: fc.constantFrom('os', 'runs_on'),
      factType: fc.constantFrom<FactType>('observed', 'desired'),
      valueKey: fc.constantFrom('', 'x'),
      target: fc.constantFrom('pool:p', 'pool:q'),
      edge: fc.boolean(),
      where: fc.constant([{ path: '', op: 'gte' as const, value: 2 }]),
      validAt: instant,
      validDuring: fc
        .tuple(instant, instant)
        .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) + 1 })),
      recordedAt: instant,
      becameValidSince: instant,
      observedSince: instant,
      observedBefore: instant,
      limit: fc.integer({ min: 1, max: 4 }),
    },
    { requiredKeys: [] },
  )
  .map(({ validDuring, ...rest }) =>
    validDuring === undefined || rest.validAt !== undefined ? rest : { ...rest, validDuring },
  );

export const asOf: fc.Arbitrary<{ validAt?: Instant; recordedAt?: Instant }> = fc.record(
  { validAt: instant, recordedAt: instant },
  { requiredKeys: [] },
);

/** Runs a step; refusals come back as their code. */
export async function play(store: FactStore, clock: FakeClock, step: Step): Promise<StepResult> {
  if (step.do === 'wait') {
    clock.advance(step.ms);
    return null;
  }
  try {
    const results =
      step.do === 'put'
        ? [await store.put(step.fact)]
        : step.do === 'end'
          ? [await store.end(step.end)]
          : await store.putMany(step.facts);
    return results.map(({ changed, contentHash, recordedAt }) => ({ changed, contentHash, recordedAt }));
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error) return { code: String(error.code) };
    throw error;
  }
}

/** All items of all pages of an answer. */
export async function drain<Q extends { cursor?: string }, P extends { next: string | null }>(
  ask: (question: Q) => Promise<P>,
  question: Q,
): Promise<P[]> {
  const pages = [await ask(question)];
  for (let next = pages[0]?.next ?? null; next !== null && pages.length < 10_000; ) {
    const page = await ask({ ...question, cursor: next });
    pages.push(page);
    next = page.next;
  }
  return pages;
}
