import type { Instant, Json } from '@praxis/core';
import * as fc from 'fast-check';

import type { FactClassification, FactType } from '../src/model.ts';
import type { ClassifyFacts, EndFact, PutFact } from '../src/store.ts';

/** What compare-and-set expects, found out when the step is played. */
export type Expectation = 'nothing' | 'current' | 'other';

/** One step of a random history. */
export type Step =
  | { do: 'put'; fact: PutFact; expectation?: Expectation }
  | { do: 'end'; end: EndFact; expectation?: Expectation }
  | { do: 'putMany'; facts: PutFact[] }
  | { do: 'embed'; model: string; pick: number; vector: readonly number[] }
  | { do: 'classify'; rule: ClassifyFacts }
  | { do: 'wait'; ms: number }
  | { do: 'stepBack'; ms: number };

// Few keys, few instants and few values: histories that meet themselves.
const START: Instant = 1_767_225_600_000_000;
export const instant: fc.Arbitrary<Instant> = fc
  .integer({ min: -10, max: 30 })
  .map((n) => START + n * 1_000_000);
export const SUBJECTS = ['host:a', 'host:b', 'pool:p', 'pool:q'] as const;
export const PREDICATES = ['os', 'runs_on'] as const;
export const subject: fc.Arbitrary<string> = fc.constantFrom(...SUBJECTS);
export const value: fc.Arbitrary<Json> = fc.constantFrom<Json[]>(
  1,
  2,
  2.5,
  null,
  true,
  'red fox',
  'Größe ΣΊΣΥΦΟΣ',
  're\u0301sume\u0301 ſ 2',
  { a: 1, tags: ['fox', 'x'] },
  { a: 2, b: { c: 'red' }, tags: [] },
  [1, 'x', { a: 1 }],
);

const key = fc.record({
  subject,
  predicate: fc.constantFrom(...PREDICATES),
  factType: fc.constantFrom<FactType>('observed', 'observed', 'desired'),
  valueKey: fc.constantFrom('', 'x'),
});
const period = fc.record(
  { validFrom: instant, validTo: fc.oneof(instant, fc.constant('infinity' as const)) },
  { requiredKeys: [] },
);
const by = fc.record({ actor: fc.constantFrom('test:a', 'test:b'), reason: fc.constantFrom('', 'r') });
/** Compare-and-set and idempotency keys refuse a lot: they are kept rare. */
const rarely = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(one, { nil: undefined, freq: 1 });
const put: fc.Arbitrary<PutFact> = fc
  .tuple(
    key,
    period,
    by,
    value,
    fc.record(
      {
        confidence: fc.constantFrom(0.5, 1),
        observedAt: instant,
        source: fc.constantFrom('probe', 'osquery'),
        target: subject,
      },
      { requiredKeys: [] },
    ),
    rarely(fc.constantFrom('k1', 'k2')),
    fc.nat(7),
  )
  .map(([k, p, b, said, more, idempotencyKey, dice]) => ({
    ...k,
    ...p,
    ...b,
    ...more,
    value: said,
    ...(idempotencyKey === undefined || dice > 0 ? {} : { idempotencyKey }),
  }));
const end: fc.Arbitrary<EndFact> = fc.tuple(key, period, by).map(([k, p, b]) => ({ ...k, ...p, ...b }));
const expectation = fc
  .tuple(fc.constantFrom<Expectation>('nothing', 'current', 'current', 'other'), fc.nat(5))
  .map(([expected, dice]) => (dice === 0 ? { expectation: expected } : {}));

const rule: fc.Arbitrary<ClassifyFacts> = fc.record({
  subject: fc.constantFrom('host:*', 'pool:p', '*:a', '*', 'pool:*p'),
  predicate: fc.constantFrom('*', 'os', '*_on'),
  classification: fc.constantFrom<FactClassification>('public', 'internal', 'restricted', 'restricted'),
  actor: fc.constant('operator:anna'),
  reason: fc.constant('policy'),
});
/** Small whole numbers: their cosines are far apart or the same. */
export const vector: fc.Arbitrary<readonly number[]> = fc
  .array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 3 })
  .filter((numbers) => numbers.some((n) => n !== 0));
export const vectorModel: fc.Arbitrary<string> = fc.constantFrom('m1', 'm2');

/** A step that may come after any other, also between two pages of an answer. */
export const writeStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(put, expectation).map(([fact, expected]): Step => ({ do: 'put', fact, ...expected })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(end, expectation)
      .map(([one, expected]): Step => ({ do: 'end', end: one, ...expected })),
  },
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
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('stepBack' as const), ms: fc.integer({ min: 1, max: 5000 }) }),
  },
);

/** A random history of one store. */
export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 21, arbitrary: writeStep },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('embed' as const),
        model: vectorModel,
        pick: fc.nat(99),
        vector,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('classify' as const), rule }) },
  ),
  { minLength: 1, maxLength: 40 },
);
