import type { Json } from '@praxis/core';
import { fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ClassifyFacts, FactQuery } from '../src/store.ts';
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

const questions = fc.record({
  queries: fc.array(steadyQuery, { minLength: 1, maxLength: 6 }),
  points: fc.array(asOf, { maxLength: 3 }),
  diffs: fc.array(diff, { maxLength: 4 }),
  walks: fc.array(traverse, { maxLength: 4 }),
  near: fc.array(nearest, { maxLength: 4 }),
});
type Questions = typeof questions extends fc.Arbitrary<infer Q> ? Q : never;

/** Every way to read, as a reader who may not read what is restricted. */
async function answers({ store }: Played, asked: Questions): Promise<unknown[]> {
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
  for (const subject of SUBJECTS) found.push(await store.history({ subject, ...reader }));
  for (const one of asked.diffs) found.push(await store.diff({ ...one, ...reader }));
  for (const walk of asked.walks) {
    found.push(await store.traverse({ ...walk, ...reader }));
    for (const to of SUBJECTS) found.push(await store.shortestPath({ ...walk, ...reader, to }));
  }
  for (const one of asked.near) found.push(await store.nearest({ ...one, ...reader }));
  return found;
}

/** Whatever is asked, nothing that is withheld can be told from the answers: not even that it is something else. */
export function leaksNothing(name: string, open: Open, runs: number): void {
  describe(`what is restricted in ${name}`, () => {
    it('shows on no way of reading, neither by itself nor by a count', async () => {
      const played = async (steps: readonly Step[]): Promise<Played> => {
        const one = await begin(open, fakeClock());
        for (const step of steps) if (step.do !== 'classify') await play(one, step);
        await one.store.classify(RULE);
        return one;
      };
      await fc.assert(
        fc.asyncProperty(history, questions, async (steps, asked) => {
          const [one, other] = [await played(steps), await played(steps.map(disguised))];
          try {
            const found = await answers(one, asked);
            expect(await answers(other, asked)).toEqual(found);
            expect(JSON.stringify(await answers(other, asked))).not.toContain(SECRET);
          } finally {
            await one.store.close();
            await other.store.close();
          }
        }),
        { numRuns: runs },
      );
    });
  });
}
