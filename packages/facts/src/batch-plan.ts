import type { Instant } from '@praxis/core';
import type { Settled } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { FactError, factInvalid } from './errors.ts';
import type { FactKey } from './model.ts';
import { type Believed, planWrite } from './plan.ts';
import type { Period } from './timeline.ts';
import type { Write, WriteContent } from './validate.ts';

/** One text for a key, without ambiguity: none of its parts holds a control character. */
export function keyText(key: FactKey): string {
  return `${key.subject}\n${key.predicate}\n${key.factType}\n${key.valueKey}`;
}

/** A version as a batch sees it: a row that exists, or one that the batch adds. */
export interface BatchRow extends Believed {
  /** The row's number; null until the batch numbers it. */
  seq: number | null;
  readonly content: WriteContent;
  readonly actor: string;
  readonly reason: string;
  readonly source: string | null;
  observedAt: Instant;
  observationCount: number;
}

/** What was observed of a row by the time it is written; the row itself may be observed again later. */
interface Observed {
  readonly at: Instant;
  readonly count: number;
}

/** A change of rows. Steps of one wave touch different keys and may be made at once. */
export type BatchStep = { readonly wave: number } & (
  | { do: 'insert'; key: FactKey; row: BatchRow; recordedAt: Instant; observed: Observed }
  | { do: 'supersede'; row: BatchRow; actor: string; reason: string; recordedAt: Instant }
  | { do: 'observe'; row: BatchRow; observedAt: Instant }
);

/** An outcome whose row may not have its number yet. */
export interface PlannedOutcome extends Omit<WriteOutcome, 'factId'> {
  readonly row: BatchRow | null;
}

/** A transaction's result before it is written: the rows, or what is known from an earlier time. */
export type PlannedTransaction = Settled<readonly (PlannedOutcome | WriteOutcome)[]>;

interface KeyState {
  rows: BatchRow[];
  wave: number;
}

/** What a batch starts from. */
export interface BatchContext {
  /** The believed versions of every key of the batch, in order, by `keyText`. */
  readonly believed: ReadonlyMap<string, BatchRow[]>;
  /** Outcomes of writes made before, by idempotency key. */
  readonly remembered: ReadonlyMap<string, { digest: string; outcome: WriteOutcome }>;
}

/** A batch planned in memory: each transaction by itself, later ones on top of earlier ones. */
export interface BatchPlan {
  readonly transactions: readonly PlannedTransaction[];
  readonly steps: readonly BatchStep[];
  /** To be remembered under idempotency keys. */
  readonly toRemember: readonly { key: string; digest: string; outcome: PlannedOutcome }[];
}

/**
 * Plans transactions one after another against the belief about their keys, without touching the
 * store. A refused transaction leaves no trace. `firstRecordedAt` is the first's instant, the others
 * follow by one microsecond each.
 */
export function planBatch(
  batch: readonly (readonly Write[])[],
  context: BatchContext,
  firstRecordedAt: Instant,
): BatchPlan {
  const states = new Map<string, KeyState>();
  const remembered = new Map<string, { digest: string; outcome: WriteOutcome | PlannedOutcome }>(
    context.remembered,
  );
  const steps: BatchStep[] = [];
  const toRemember: { key: string; digest: string; outcome: PlannedOutcome }[] = [];
  const stateOf = (key: string): KeyState => {
    const state = states.get(key) ?? { rows: context.believed.get(key) ?? [], wave: 0 };
    states.set(key, state);
    return state;
  };
  const planOnce = (write: Write, recordedAt: Instant): WriteOutcome | PlannedOutcome => {
    const { idempotency } = write;
    const known = idempotency === null ? undefined : remembered.get(idempotency.key);
    if (known !== undefined) {
      if (known.digest === idempotency?.digest) return known.outcome;
      throw new FactError('FACT_IDEMPOTENCY_CONFLICT', 'the idempotency key belongs to another write');
    }
    const outcome = planOne(write, recordedAt, stateOf(keyText(write.key)), steps);
    if (idempotency !== null) {
      remembered.set(idempotency.key, { digest: idempotency.digest, outcome });
      toRemember.push({ ...idempotency, outcome });
    }
    return outcome;
  };
  const planTransaction = (writes: readonly Write[], index: number): PlannedTransaction => {
    const undo = savepoint(writes, stateOf);
    const [stepsBefore, rememberBefore] = [steps.length, toRemember.length];
    try {
      return { ok: true, value: writes.map((write) => planOnce(write, firstRecordedAt + index)) };
    } catch (error) {
      if (!(error instanceof FactError)) throw error;
      undo();
      steps.length = stepsBefore;
      for (const { key } of toRemember.splice(rememberBefore)) remembered.delete(key);
      return { ok: false, error };
    }
  };
  return { transactions: batch.map(planTransaction), steps, toRemember };
}

function savepoint(writes: readonly Write[], stateOf: (key: string) => KeyState): () => void {
  const before = writes.map((write) => {
    const state = stateOf(keyText(write.key));
    return { state, rows: state.rows, wave: state.wave, copies: state.rows.map((row) => ({ ...row })) };
  });
  return () => {
    // In reverse, so that of a key that was written twice the first saved state is the last restored.
    for (const { state, rows, wave, copies } of before.toReversed()) {
      Object.assign(state, { rows, wave });
      rows.forEach((row, n) => Object.assign(row, copies[n]));
    }
  };
}

function planOne(write: Write, recordedAt: Instant, state: KeyState, steps: BatchStep[]): PlannedOutcome {
  const validFrom = write.validFrom ?? recordedAt;
  if (write.validTo !== null && validFrom >= write.validTo)
    throw factInvalid('validTo', 'is not later than where the period begins');
  const { key, content, validTo, expected, actor, reason } = write;
  const contentHash = content?.contentHash ?? null;
  const plan = planWrite({ contentHash, validFrom, validTo, expected }, state.rows);
  const observedAt = write.observedAt ?? recordedAt;
  const { wave } = state;
  if (plan.unchanged !== null) {
    const row = plan.unchanged;
    row.observedAt = Math.max(row.observedAt, observedAt);
    row.observationCount += 1;
    steps.push({ wave, do: 'observe', row, observedAt });
    return { recordedAt, changed: false, contentHash, row };
  }
  for (const row of plan.supersede) steps.push({ wave, do: 'supersede', row, actor, reason, recordedAt });
  const added = plan.remnants.map(({ of, period }): BatchRow => ({ ...of, seq: null, period }));
  const row = content === null ? null : newRow(write, content, plan.period, observedAt);
  if (row !== null) added.push(row);
  for (const one of added) {
    const observed = { at: one.observedAt, count: one.observationCount };
    steps.push({ wave, do: 'insert', key, row: one, recordedAt, observed });
  }
  const kept = state.rows.filter((one) => !plan.supersede.includes(one));
  state.rows = [...kept, ...added].sort((a, b) => a.period.from - b.period.from);
  state.wave += 1;
  return { recordedAt, changed: added.length > 0 || plan.supersede.length > 0, contentHash, row };
}

function newRow(write: Write, content: WriteContent, period: Period, observedAt: Instant): BatchRow {
  const { actor, reason, source } = write;
  const { contentHash } = content;
  return { seq: null, period, contentHash, content, actor, reason, source, observedAt, observationCount: 1 };
}
