import { fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';

import { history, writeStep } from './histories.ts';
import { begin, type Open, play, type Played } from './play.ts';
import { asOf, diff, nearest, query, steadyQuery, traverse } from './questions.ts';
import * as same from './same-answers.ts';

/** Every question about random histories is answered as the naive model answers it. */
export function agreesWithTheModel(name: string, open: Open, runs: number): void {
  const check = <T>(
    arbitrary: fc.Arbitrary<T>,
    ask: (p: Played, questions: T) => Promise<void>,
  ): Promise<void> =>
    fc.assert(
      fc.asyncProperty(history, arbitrary, async (steps, questions) => {
        const played = await begin(open, fakeClock());
        try {
          for (const step of steps) await play(played, step);
          await ask(played, questions);
        } finally {
          await played.store.close();
        }
      }),
      { numRuns: runs },
    );
  const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: 1, maxLength: 10 });

  describe(`${name} compared with the naive model on random histories`, () => {
    it('answers queries and streams the same, on every page', () =>
      check(some(query), async (played, questions) => {
        for (const question of questions.flatMap((q, n) => same.exactly(played, q, n)))
          await same.sameQuery(played, question);
      }));

    it('answers points the same', () =>
      check(some(asOf), async (played, points) => {
        for (const at of points) await same.samePoint(played, at);
      }));

    it('answers histories the same', () =>
      check(
        fc.record({ limit: fc.integer({ min: 1, max: 9 }), allowRestricted: fc.boolean() }),
        same.sameHistories,
      ));

    it('answers differences the same, on either axis', () =>
      check(some(diff), async (played, questions) => {
        for (const [n, asked] of questions.entries()) {
          for (const from of same.exactly(played, asked.from, n))
            await same.sameDifference(played, { ...asked, from });
        }
      }));

    it('walks edges the same, whatever the cycles', () =>
      check(some(traverse), async (played, questions) => {
        for (const question of questions) await same.sameWalk(played, question);
      }));

    it('ranks by vectors the same', () =>
      check(some(nearest), async (played, questions) => {
        for (const question of questions) await same.sameNeighbours(played, question);
      }));

    it('keeps the pages of an answer as of its first, whatever is written meanwhile', () =>
      check(fc.tuple(steadyQuery, some(writeStep)), async (played, [question, writes]) =>
        same.sameMeanwhile(played, question, writes),
      ));
  });
}
