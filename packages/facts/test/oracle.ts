import type { Clock, Instant } from '@praxis/core';
import { type FakeClock, fakeClock } from '@praxis/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Fact } from '../src/model.ts';
import { FactError } from '../src/errors.ts';
import type { DiffQuery, FactQuery, FactStore, HistoryQuery, TraverseQuery } from '../src/store.ts';
import { history, type Step, SUBJECTS, writeStep } from './histories.ts';
import { NaiveModel, type Outcome, Refused, type Version, type Write } from './naive-model.ts';
import * as naive from './naive-questions.ts';
import { asOf, diff, nearest, query, steadyQuery, traverse } from './questions.ts';

/** A store and the model after the same history, and every instant at which something was recorded. */
export interface Played {
  store: FactStore;
  model: NaiveModel;
  clock: FakeClock;
  recorded: Instant[];
}

/** Opens an empty store. */
export type Open = (clock: Clock) => Promise<FactStore>;

/** Every question about random histories is answered as the naive model answers it. */
export function agreesWithTheModel(name: string, open: Open, runs: number): void {
  const check = <T>(
    arbitrary: fc.Arbitrary<T>,
    ask: (p: Played, questions: T) => Promise<void>,
  ): Promise<void> =>
    fc.assert(
      fc.asyncProperty(history, arbitrary, async (steps, questions) => {
        const clock = fakeClock();
        const played = { store: await open(clock), model: new NaiveModel(clock), clock, recorded: [] };
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
        for (const question of questions.flatMap((q, n) => exactly(played, q, n)))
          await sameQuery(played, question);
      }));

    it('answers points the same', () =>
      check(some(asOf), async ({ store, model }, points) => {
        for (const at of points) {
          for (const subject of SUBJECTS) {
            const key = { subject, predicate: 'os', factType: 'observed', valueKey: 'x' } as const;
            const { all } = naive.query(model, { ...key, ...at });
            expect(plain(await store.get({ ...key, ...at }))).toEqual(said(model, all[0]));
          }
        }
      }));

    it('answers histories the same', () =>
      check(
        fc.record({ limit: fc.integer({ min: 1, max: 9 }), allowRestricted: fc.boolean() }),
        sameHistories,
      ));

    it('answers differences the same, on either axis', () =>
      check(some(diff), async (played, questions) => {
        const { store, model } = played;
        for (const [n, asked] of questions.entries()) {
          const [question = asked] = exactly(played, asked.from, n)
            .slice(1)
            .map((from) => ({ ...asked, from }));
          const pages = await drain((q: DiffQuery) => store.diff(q), question);
          const { all, withheld } = naive.diff(model, question);
          expect(
            pages.flatMap((p) => p.changes.map((c) => [c.change, plain(c.before), plain(c.after)])),
          ).toEqual(all.map((c) => [c.change, said(model, c.before), said(model, c.after)]));
          expect(sum(pages)).toBe(withheld);
        }
      }));

    it('walks edges the same, whatever the cycles', () =>
      check(some(traverse), async (played, questions) => {
        for (const question of questions) await sameWalk(played, question);
      }));

    it('ranks by vectors the same', () =>
      check(some(nearest), async ({ store, model }, questions) => {
        for (const question of questions) {
          const { facts, withheld } = await store.nearest(question);
          const ranked = naive.nearest(model, question);
          expect(withheld).toBe(ranked.withheld);
          expect(facts).toHaveLength(Math.min(question.limit ?? 10, ranked.all.length));
          for (const [n, { fact, similarity }] of facts.entries()) {
            const same = ranked.all.find(({ v }) => isVersion(fact, v));
            expect(same?.similarity).toBeCloseTo(similarity, 5);
            expect(ranked.all[n]?.similarity).toBeCloseTo(similarity, 5);
          }
          expect(new Set(facts.map(({ fact }) => fact.factId)).size).toBe(facts.length);
        }
      }));

    it('keeps the pages of an answer as of its first, whatever is written meanwhile', () =>
      check(fc.tuple(steadyQuery, some(writeStep)), async (played, [question, writes]) => {
        const { store, model } = played;
        const { all, withheld } = naive.query(model, question);
        const expected = all.map((v) => steady(said(model, v)));
        const pages = [await store.query(question)];
        for (let next = pages[0]?.next ?? null, n = 0; next !== null; n += 1) {
          const step = writes[n];
          if (step !== undefined) await play(played, step);
          const page = await store.query({ ...question, cursor: next });
          pages.push(page);
          next = page.next;
        }
        expect(pages.flatMap((p) => p.facts.map((fact) => steady(plain(fact))))).toEqual(expected);
        expect(sum(pages)).toBe(withheld);
      }));
  });
}

/** Plays a step on both; they must come to the same. */
export async function play(played: Played, step: Step): Promise<void> {
  const { store, model, clock, recorded } = played;
  if (step.do === 'wait') return clock.advance(step.ms);
  if (step.do === 'stepBack') return clock.step(-step.ms);
  if (step.do === 'classify') {
    model.rules.push(step.rule);
    return store.classify(step.rule);
  }
  if (step.do === 'embed') {
    const { contentHash } = model.versions[step.pick % model.versions.length] ?? {};
    if (contentHash === undefined) return;
    model.vectors.push({ model: step.model, contentHash, vector: step.vector });
    return store.embed(step.model, [{ contentHash, vector: Float32Array.from(step.vector) }]);
  }
  const writes = writesOf(model, step);
  const expected = refusedAsCode(() => model.write(writes));
  expect(await write(store, writes).catch(codeOf)).toEqual(expected);
  if (Array.isArray(expected)) recorded.push(...expected.map((one) => one.recordedAt));
}

/** The writes of a step, with what they expect filled in. */
function writesOf(model: NaiveModel, step: Extract<Step, { do: 'put' | 'end' | 'putMany' }>): Write[] {
  if (step.do === 'putMany') return step.facts.map((put) => ({ put }));
  const said = step.do === 'put' ? step.fact : step.end;
  const { factType = 'observed', valueKey = '' } = said;
  const current = model.believed({ ...said, factType, valueKey }, said.validFrom ?? model.next);
  const expected = {
    nothing: null,
    current: current?.contentHash ?? null,
    other: 'f'.repeat(64),
    whatever: undefined,
  }[step.expectation ?? 'whatever'];
  const more = expected === undefined ? {} : { expected };
  return step.do === 'put' ? [{ put: { ...step.fact, ...more } }] : [{ end: { ...step.end, ...more } }];
}

async function write(store: FactStore, writes: readonly Write[]): Promise<Outcome[]> {
  const [first] = writes;
  const puts = writes.flatMap((one) => ('put' in one ? [one.put] : []));
  const results =
    first !== undefined && 'end' in first
      ? [await store.end(first.end)]
      : puts.length === 1 && puts[0] !== undefined
        ? [await store.put(puts[0])]
        : await store.putMany(puts);
  return results.map(({ changed, contentHash, recordedAt }) => ({ changed, contentHash, recordedAt }));
}

function refusedAsCode(work: () => Outcome[]): Outcome[] | { code: string } {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused) return { code: error.code };
    throw error;
  }
}

/** Refusals as their code. */
function codeOf(error: unknown): { code: string } {
  if (error instanceof FactError) return { code: error.code };
  throw error;
}

/** The question as it is, and exactly at, or just before, an instant of recording. */
function exactly<Q extends object>(
  { recorded }: Played,
  question: Q,
  n: number,
): (Q & { recordedAt?: Instant })[] {
  const at = recorded[(n * 7) % Math.max(1, recorded.length)];
  return at === undefined ? [question] : [question, { ...question, recordedAt: at - (n % 2) }];
}

async function sameQuery({ store, model }: Played, question: FactQuery): Promise<void> {
  const { all, withheld } = naive.query(model, question);
  const expected = all.map((v) => said(model, v));
  const pages = await drain((q: FactQuery) => store.query(q), question);
  expect(pages.flatMap((p) => p.facts.map(plain))).toEqual(expected);
  expect(sum(pages)).toBe(withheld);
  for (const page of pages.slice(0, -1)) expect(page.facts).toHaveLength(question.limit ?? 0);
  const streamed: Fact[] = [];
  for await (const fact of store.stream(question)) streamed.push(fact);
  expect(streamed.map(plain)).toEqual(expected);
}

async function sameHistories(
  { store, model }: Played,
  options: { limit: number; allowRestricted: boolean },
): Promise<void> {
  for (const subject of SUBJECTS) {
    for (const narrowed of [{ subject }, { subject, predicate: 'os', valueKey: 'x' }]) {
      const question = { ...narrowed, ...options };
      const pages = await drain((q: HistoryQuery) => store.history(q), question);
      const { all, withheld } = naive.history(model, question);
      expect(pages.flatMap((p) => p.facts.map(plain))).toEqual(all.map((v) => said(model, v)));
      expect(sum(pages)).toBe(withheld);
    }
  }
}

async function sameWalk({ store, model }: Played, question: TraverseQuery): Promise<void> {
  const { edges, depths, withheld } = naive.walk(model, question);
  const isPath = (path: readonly Fact[], to: string): void => {
    let here = question.from;
    for (const step of path) {
      const edge = edges.find(({ v, from }) => from === here && isVersion(step, v));
      expect(edge).toBeDefined();
      here = edge?.to ?? '';
    }
    expect(here).toBe(to);
  };
  const result = await store.traverse(question);
  expect(result.withheld).toBe(withheld);
  const reached = [...depths].filter(([, depth]) => depth > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  const found = result.reached.map((one) => [one.subject, one.depth] as const);
  expect(found.map(([, depth]) => depth)).toEqual(found.map(([, depth]) => depth).sort((a, b) => a - b));
  expect(found.sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(reached);
  for (const { subject, depth, path } of result.reached) {
    expect(path).toHaveLength(depth);
    isPath(path, subject);
  }
  for (const to of [...SUBJECTS, 'host:none']) {
    const { path } = await store.shortestPath({ ...question, to });
    expect(path?.length).toBe(depths.get(to));
    if (path !== null) isPath(path, to);
  }
}

/** A fact without its id, which each backend gives as it likes. */
function plain(fact: Fact | null): object | null {
  if (fact === null) return null;
  const { factId: _factId, ...rest } = fact;
  return rest;
}

/** What the model says, in the same form. */
function said(model: NaiveModel, version: Version | null | undefined): object | null {
  if (version === null || version === undefined) return null;
  const { seq: _seq, ...rest } = version;
  return { ...rest, classification: model.classification(version) };
}

/** What of a fact stays as it was on the first page: not what happens to it later. */
function steady(fact: object | null): object {
  const {
    lastObservedAt: _observed,
    observationCount: _count,
    supersededAt: _at,
    supersededActor: _actor,
    supersededReason: _reason,
    ...rest
  } = (fact ?? {}) as Partial<Fact>;
  return rest;
}

function isVersion(fact: Fact, v: Version): boolean {
  return (
    fact.subject === v.subject &&
    fact.predicate === v.predicate &&
    fact.factType === v.factType &&
    fact.valueKey === v.valueKey &&
    fact.validFrom === v.validFrom &&
    fact.recordedAt === v.recordedAt &&
    fact.contentHash === v.contentHash
  );
}

function sum(pages: readonly { withheld: number }[]): number {
  return pages.reduce((total, page) => total + page.withheld, 0);
}

/** All pages of an answer. */
async function drain<Q extends { cursor?: string }, P extends { next: string | null }>(
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
