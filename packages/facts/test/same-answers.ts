import type { Instant } from '@praxis/core';
import { expect } from 'vitest';

import type { Fact } from '../src/model.ts';
import type { AsOf, DiffQuery, FactQuery, HistoryQuery, NearestQuery, TraverseQuery } from '../src/store.ts';
import { type Step, SUBJECTS } from './histories.ts';
import type { NaiveModel, Version } from './naive-model.ts';
import * as naive from './naive-questions.ts';
import { play, type Played } from './play.ts';

/** The question as it is, and exactly at, or just before, an instant of recording. */
export function exactly<Q extends object>(
  { recorded }: Played,
  question: Q,
  n: number,
): (Q & { recordedAt?: Instant })[] {
  const at = recorded[(n * 7) % Math.max(1, recorded.length)];
  return at === undefined ? [question] : [question, { ...question, recordedAt: at - (n % 2) }];
}

/** Pages and the stream of a question. */
export async function sameQuery({ store, model }: Played, question: FactQuery): Promise<void> {
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

/** All versions of every subject. */
export async function sameHistories(
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

/** What can be reached, and shortest paths, which may go another way of the same length. */
export async function sameWalk({ store, model }: Played, question: TraverseQuery): Promise<void> {
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

/** One key at a point. */
export async function samePoint({ store, model }: Played, at: AsOf): Promise<void> {
  for (const subject of SUBJECTS) {
    const key = { subject, predicate: 'os', factType: 'observed', valueKey: 'x' } as const;
    const { all } = naive.query(model, { ...key, ...at });
    expect(plain(await store.get({ ...key, ...at }))).toEqual(said(model, all[0]));
  }
}

/** All pages of a difference. */
export async function sameDifference({ store, model }: Played, question: DiffQuery): Promise<void> {
  const pages = await drain((q: DiffQuery) => store.diff(q), question);
  const { all, withheld } = naive.diff(model, question);
  expect(pages.flatMap((p) => p.changes.map((c) => [c.change, plain(c.before), plain(c.after)]))).toEqual(
    all.map((c) => [c.change, said(model, c.before), said(model, c.after)]),
  );
  expect(sum(pages)).toBe(withheld);
}

/** The neighbours of a vector; equal ones may come in any order. */
export async function sameNeighbours({ store, model }: Played, question: NearestQuery): Promise<void> {
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

/** Pages between which something is written: all of them as of the first. */
export async function sameMeanwhile(
  played: Played,
  question: FactQuery,
  writes: readonly Step[],
): Promise<void> {
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
