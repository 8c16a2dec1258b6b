import type { Clock, Instant } from '@praxis/core';
import type { FakeClock } from '@praxis/testkit';
import { expect } from 'vitest';

import { FactError } from '../src/errors.ts';
import type { FactStore } from '../src/store.ts';
import type { Step } from './histories.ts';
import { NaiveModel, type Outcome, Refused, type Write } from './naive-model.ts';

/** A store and the model after the same history, and every instant at which something was recorded. */
export interface Played {
  store: FactStore;
  model: NaiveModel;
  clock: FakeClock;
  recorded: Instant[];
}

/** Opens an empty store. */
export type Open = (clock: Clock) => Promise<FactStore>;

/** An empty store and an empty model that go by one clock. */
export async function begin(open: Open, clock: FakeClock): Promise<Played> {
  return { store: await open(clock), model: new NaiveModel(clock), clock, recorded: [] };
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
