import * as fc from 'fast-check';

import type { FactType } from '../src/model.ts';
import type {
  AsOf,
  DiffQuery,
  FactFilter,
  FactQuery,
  NearestQuery,
  TraverseQuery,
  ValueCondition,
} from '../src/store.ts';
import { instant, PREDICATES, subject, value, vector, vectorModel } from './histories.ts';

const condition: fc.Arbitrary<ValueCondition> = fc
  .tuple(
    fc.constantFrom('', '/a', '/b/c', '/tags', '/0', '/tags/0', '/__proto__', '/length'),
    fc.constantFrom<ValueCondition['op'][]>('eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'exists'),
    fc.oneof(value, fc.constantFrom('x', 'fox', 'red', 'a', 'tags')),
  )
  .map(([path, op, wanted]) => (op === 'exists' ? { path, op } : { path, op, value: wanted }));

const filterFields = {
  subject: fc.oneof(subject, fc.constant('host:none')),
  kind: fc.constantFrom('host', 'pool', 'hos'),
  predicate: fc.constantFrom(...PREDICATES),
  factType: fc.constantFrom<FactType>('observed', 'desired'),
  valueKey: fc.constantFrom('', 'x'),
  target: subject,
  edge: fc.boolean(),
};
/** One field at a time or a few: most filters that name everything find nothing. */
const filter: fc.Arbitrary<FactFilter> = fc
  .tuple(fc.record(filterFields), fc.subarray(Object.keys(filterFields), { maxLength: 2 }))
  .map(([all, chosen]) => Object.fromEntries(Object.entries(all).filter(([name]) => chosen.includes(name))));

/** A point on both axes. */
export const asOf: fc.Arbitrary<AsOf> = fc.record(
  { validAt: instant, recordedAt: instant },
  { requiredKeys: [] },
);

const reader = fc.record({ allowRestricted: fc.boolean() }, { requiredKeys: [] });

/** What changes while pages are read is not part of the instants an answer is as of. */
const observed = fc.record(
  {
    observedSince: instant,
    observedBefore: instant,
    notObservedForUs: fc.integer({ min: 0, max: 20_000_000 }),
  },
  { requiredKeys: [] },
);

const timed: fc.Arbitrary<FactQuery> = fc
  .record(
    {
      where: fc.array(condition, { maxLength: 2 }),
      text: fc.constantFrom(
        'fox',
        'RED fox',
        'r*',
        'größe',
        'σίσυφος',
        'résumé',
        'ſ',
        's',
        '2',
        'host a',
        'x*',
      ),
      validAt: instant,
      validDuring: fc
        .tuple(instant, instant)
        .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) + 1 })),
      recordedAt: instant,
      becameValidSince: instant,
    },
    { requiredKeys: [] },
  )
  .map(({ validDuring, ...rest }) =>
    validDuring === undefined || rest.validAt !== undefined ? rest : { ...rest, validDuring },
  );

/** A question whose answer is the same however often it is observed meanwhile. */
export const steadyQuery: fc.Arbitrary<FactQuery> = fc
  .tuple(filter, timed, reader, fc.integer({ min: 1, max: 4 }))
  .map(([f, t, r, limit]) => ({ ...f, ...t, ...r, limit }));

/** Any question about facts. */
export const query: fc.Arbitrary<FactQuery> = fc
  .tuple(steadyQuery, observed, fc.boolean())
  .map(([q, o, also]) => (also ? { ...q, ...o } : q));

/** Any question about the difference of two points. */
export const diff: fc.Arbitrary<DiffQuery> = fc
  .tuple(filter, asOf, asOf, reader, fc.integer({ min: 1, max: 3 }))
  .map(([f, from, to, r, limit]) => ({ ...f, ...r, from, to, limit }));

/** Any walk over edges. */
export const traverse: fc.Arbitrary<TraverseQuery> = fc
  .tuple(
    subject,
    asOf,
    reader,
    fc.record(
      {
        direction: fc.constantFrom<('in' | 'out' | 'both')[]>('in', 'out', 'both'),
        relations: fc.constantFrom(['os'], ['runs_on'], ['os', 'runs_on'], ['none']),
        factType: fc.constantFrom<FactType>('observed', 'desired'),
        depthMax: fc.integer({ min: 1, max: 4 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([from, at, r, more]) => ({ from, ...at, ...r, ...more }));

/** Any question about what is near. */
export const nearest: fc.Arbitrary<NearestQuery> = fc
  .tuple(filter, asOf, reader, vectorModel, vector, fc.integer({ min: 1, max: 5 }))
  .map(([f, at, r, model, numbers, limit]) => ({
    ...f,
    ...at,
    ...r,
    model,
    vector: Float32Array.from(numbers),
    limit,
  }));
