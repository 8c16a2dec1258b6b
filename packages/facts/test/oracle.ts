import type { Clock, Instant } from '@praxis/core';
import { fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openMemoryFactStore } from '../src/memory-store.ts';
import type { Fact } from '../src/model.ts';
import type { DiffQuery, FactQuery, FactStore, HistoryQuery } from '../src/store.ts';
import { asOf, drain, history, play, query, type Step } from './histories.ts';

/** Facts without their ids, which each backend gives as it likes. */
function withoutId(fact: Fact | null): object | null {
  if (fact === null) return null;
  const { factId: _factId, ...rest } = fact;
  return rest;
}

/** Both stores after the same history, and every instant at which something was recorded. */
interface Played {
  store: FactStore;
  model: FactStore;
  recorded: Instant[];
}

async function played(open: (clock: Clock) => Promise<FactStore>, steps: readonly Step[]): Promise<Played> {
  const clock = fakeClock();
  const store = await open(clock);
  const model = openMemoryFactStore({ clock });
  const recorded: Instant[] = [];
  for (const step of steps) {
    const expected = await play(model, clock, step);
    // A wait moves the clock they share once.
    if (step.do !== 'wait') expect(await play(store, clock, step)).toEqual(expected);
    if (Array.isArray(expected)) recorded.push(...expected.map((result) => result.recordedAt));
  }
  return { store, model, recorded };
}

const pages = (s: FactStore, question: FactQuery): Promise<unknown> =>
  drain((q: FactQuery) => s.query(q), question).then((all) => all.map((p) => p.facts.map(withoutId)));
const versions = (s: FactStore, question: HistoryQuery): Promise<unknown> =>
  drain((q: HistoryQuery) => s.history(q), question).then((all) => all.map((p) => p.facts.map(withoutId)));
const changes = (s: FactStore, question: DiffQuery): Promise<unknown> =>
  drain((q: DiffQuery) => s.diff(q), question).then((all) =>
    all.flatMap((p) => p.changes.map((c) => [c.change, withoutId(c.before), withoutId(c.after)])),
  );

/** Every question about random histories is answered as the naive model answers it. */
export function agreesWithTheModel(
  name: string,
  open: (clock: Clock) => Promise<FactStore>,
  runs: number,
): void {
  const queries = fc.array(query, { minLength: 1, maxLength: 12 });
  const points = fc.array(fc.tuple(asOf, asOf), { minLength: 1, maxLength: 6 });

  describe(`${name} compared with the naive model on random histories`, () => {
    it('answers queries, points and histories the same', async () => {
      const property = fc.asyncProperty(history, queries, async (steps, questions) => {
        const { store, model, recorded } = await played(open, steps);
        // Also exactly at, and just before, the instants of recording.
        const exact = questions.flatMap((question, n): FactQuery[] => {
          const instant = recorded[(n * 7) % Math.max(1, recorded.length)];
          return instant === undefined ? [] : [{ ...question, recordedAt: instant - (n % 2) }];
        });
        for (const question of [...questions, ...exact]) {
          expect(await pages(store, question)).toEqual(await pages(model, question));
          const point = { subject: 'host:a', predicate: 'os', ...question };
          expect(withoutId(await store.get(point))).toEqual(withoutId(await model.get(point)));
        }
        for (const subject of ['host:a', 'host:b', 'pool:p']) {
          const question = { subject, limit: 3 };
          expect(await versions(store, question)).toEqual(await versions(model, question));
        }
        await store.close();
      });
      await fc.assert(property, { numRuns: runs });
    });

    it('answers diffs the same', async () => {
      const property = fc.asyncProperty(history, points, async (steps, pairs) => {
        const { store, model, recorded } = await played(open, steps);
        for (const [n, [from, to]] of pairs.entries()) {
          const instant = recorded[(n * 7) % Math.max(1, recorded.length)];
          const exact = instant === undefined || n % 2 === 0 ? {} : { recordedAt: instant };
          const question = { from: { ...from, ...exact }, to, limit: 2 };
          expect(await changes(store, question)).toEqual(await changes(model, question));
        }
        await store.close();
      });
      await fc.assert(property, { numRuns: runs });
    });
  });
}
