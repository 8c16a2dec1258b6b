import type { Json } from '@praxis/core';
import { fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ClassifyFacts, FactQuery, PutFact } from '../src/store.ts';
import { history, type Step, SUBJECTS } from './histories.ts';
import { begin, type Open, play, type Played } from './play.ts';
import { asOf, diff, nearest, steadyQuery, traverse } from './questions.ts';

const SECRET = 'topsecret';

/** Questions that ask for what is only in one of the two, about all times. */
const ALWAYS = { validDuring: { from: 0, to: Number.MAX_SAFE_INTEGER }, limit: 100 };
const PROBES: readonly FactQuery[] = [
  { ...ALWAYS, text: SECRET },
  { ...ALWAYS, text: 'fox' },
  { ...ALWAYS, where: [{ path: `/${SECRET}`, op: 'exists' }] },
  { ...ALWAYS, where: [{ path: '', op: 'gte', value: 0 }] },
];

/** Everything about hosts is restricted; everything else may be read. */
const RULE: ClassifyFacts = {
  subject: 'host:*',
  classification: 'restricted',
  actor: 'operator:anna',
  reason: 'policy',
};

/** The step with other values in what is restricted: equal ones stay equal, different ones stay different. */
function disguised(step: Step): Step {
  const other = <F extends { subject: string; value: Json }>(fact: F): F =>
    fact.subject.startsWith('host:') ? { ...fact, value: { [SECRET]: [fact.value, 'fox', 9] } } : fact;
  if (step.do === 'put') return { ...step, fact: other(step.fact) };
  return step.do === 'putMany' ? { ...step, facts: step.facts.map(other) } : step;
}

/** The step with other ends and value keys in what is restricted: equal ones stay equal, different ones stay different. */
function redirected(step: Step): Step {
  const keyed = <K extends { subject: string; valueKey?: string }>(key: K): K =>
    key.subject.startsWith('host:') ? { ...key, valueKey: `${SECRET}${key.valueKey ?? ''}` } : key;
  const other = ({ target, ...fact }: PutFact): PutFact => {
    if (!fact.subject.startsWith('host:')) return target === undefined ? fact : { ...fact, target };
    return target === 'pool:p' ? keyed(fact) : { ...keyed(fact), target: `${SECRET}:${target ?? ''}.` };
  };
  switch (step.do) {
    case 'put':
      return { ...step, fact: other(step.fact) };
    case 'putMany':
      return { ...step, facts: step.facts.map(other) };
    case 'end':
      return { ...step, end: keyed(step.end) };
    default:
      return step;
  }
}

const questions = fc.record({
  queries: fc.array(steadyQuery, { minLength: 1, maxLength: 6 }),
  points: fc.array(asOf, { maxLength: 3 }),
  diffs: fc.array(diff, { maxLength: 4 }),
  walks: fc.array(traverse, { maxLength: 4 }),
  near: fc.array(nearest, { maxLength: 4 }),
});
type Questions = typeof questions extends fc.Arbitrary<infer Q> ? Q : never;

/** Every way to read, as a reader who may not read what is restricted. */
async function answers({ store }: Played, asked: Omit<Questions, 'walks'>): Promise<unknown[]> {
  const found: unknown[] = [];
  const reader = { allowRestricted: false };
  for (const query of [...PROBES, ...asked.queries]) {
    found.push(await store.query({ ...query, ...reader }));
    for await (const fact of store.stream({ ...query, ...reader })) found.push(fact);
  }
  for (const at of asked.points) {
    for (const subject of SUBJECTS)
      found.push(await store.get({ subject, predicate: 'os', ...at, ...reader }));
  }
  for (const subject of SUBJECTS)
    for (const key of [{}, { valueKey: '' }, { valueKey: 'x' }])
      found.push(await store.history({ subject, ...key, ...reader }));
  for (const one of asked.diffs) found.push(await store.diff({ ...one, ...reader }));
  for (const one of asked.near) found.push(await store.nearest({ ...one, ...reader }));
  return found;
}

/** The same for walks: they tell how many restricted edges there are at a subject, but not what those say. */
async function arrivals({ store }: Played, walks: Questions['walks']): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const walk of walks) {
    found.push(await store.traverse({ ...walk, allowRestricted: false }));
    for (const to of SUBJECTS) found.push(await store.shortestPath({ ...walk, allowRestricted: false, to }));
  }
  return found;
}

/** Whatever is asked, nothing that is withheld can be told from the answers: not even that it is something else. */
export function leaksNothing(name: string, open: Open, runs: number): void {
  const played = async (steps: readonly Step[]): Promise<Played> => {
    const one = await begin(open, fakeClock());
    for (const step of steps) if (step.do !== 'classify') await play(one, step);
    await one.store.classify(RULE);
    return one;
  };
  const sameAnswers = async <Q>(
    asked: fc.Arbitrary<Q>,
    other: (step: Step) => Step,
    answer: (one: Played, asked: Q) => Promise<unknown[]>,
  ): Promise<void> =>
    fc.assert(
      fc.asyncProperty(history, asked, async (steps, questions) => {
        const [one, two] = [await played(steps), await played(steps.map(other))];
        try {
          const found = await answer(two, questions);
          expect(found).toEqual(await answer(one, questions));
          expect(JSON.stringify(found)).not.toContain(SECRET);
        } finally {
          await one.store.close();
          await two.store.close();
        }
      }),
      { numRuns: runs },
    );

  describe(`what is restricted in ${name}`, () => {
    it('shows on no way of reading, neither by itself nor by a count', async () => {
      await sameAnswers(questions, disguised, async (one, asked) => [
        ...(await answers(one, asked)),
        ...(await arrivals(one, asked.walks)),
      ]);
    });

    it('does not show where its edges lead, or its value keys, by a count', async () => {
      await sameAnswers(questions, redirected, answers);
    });
  });
}
