import type { Instant } from '@praxis/core';
import { COPY_NULL, copyText } from '@praxis/storage';

import { type BatchRow, type BatchStep, keyText } from './batch-plan.ts';
import { FOREVER } from './timeline.ts';
import type { Write } from './validate.ts';

/** A step that adds a row. */
export type InsertStep = Extract<BatchStep, { do: 'insert' }>;

/** The columns of `facts` in the order of `factLines`. */
export const FACT_COPY_COLUMNS = `seq, key_id, valid_from, valid_to, recorded_at, observed_at, observation_count, content_hash,
  confidence, target, actor, reason, source, value`;
/** The columns of `fact_keys` in the order of `newKeyLines`. */
export const KEY_COPY_COLUMNS = 'key_id, subject, predicate, fact_type, value_key';

/** About how many characters of lines travel in one message. */
const CHUNK_LENGTH = 65_536;

/** Rows as lines of `COPY`, in chunks. */
export function factLines(
  steps: readonly InsertStep[],
  idOf: (key: string) => number | undefined,
): Iterable<string> {
  return chunked(steps, ({ row, key, recordedAt, observed }) => {
    const { content, period } = row;
    const numbers = `${row.seq}\t${idOf(keyText(key))}\t${period.from}\t${period.to}\t${recordedAt}\t${observed.at}`;
    const about = `${column(content.confidence)}\t${text(content.target)}\t${copyText(row.actor)}\t${copyText(row.reason)}`;
    return `${numbers}\t${observed.count}\t\\\\x${content.contentHash}\t${about}\t${text(row.source)}\t${copyText(content.value)}\n`;
  });
}

/** The number of the nth. */
type NumberOf = (n: number) => number;

/** Facts whose keys are new as lines of `COPY` into `facts`. */
export function newFactLines(
  writes: readonly Write[],
  numbers: { seqOf: NumberOf; keyIdOf: NumberOf; recordedAt: Instant },
): Iterable<string> {
  const { seqOf, keyIdOf, recordedAt } = numbers;
  return chunked(writes, (write, n) => {
    const { content, validFrom = recordedAt, validTo, observedAt = recordedAt } = write;
    if (content === null) throw new TypeError('an end adds no fact');
    const about = `${column(content.confidence)}\t${text(content.target)}\t${copyText(write.actor)}\t${copyText(write.reason)}`;
    return `${seqOf(n)}\t${keyIdOf(n)}\t${validFrom}\t${validTo ?? FOREVER}\t${recordedAt}\t${observedAt}\t1\t\\\\x${content.contentHash}\t${about}\t${text(write.source)}\t${copyText(content.value)}\n`;
  });
}

/** Keys of writes as lines of `COPY` into `fact_keys`. */
export function newKeyLines(writes: readonly Write[], keyIdOf: NumberOf): Iterable<string> {
  return chunked(
    writes,
    ({ key }, n) =>
      `${keyIdOf(n)}\t${copyText(key.subject)}\t${copyText(key.predicate)}\t${key.factType}\t${copyText(key.valueKey)}\n`,
  );
}

function* chunked<T>(items: readonly T[], line: (item: T, n: number) => string): Generator<string> {
  let chunk = '';
  for (const [n, item] of items.entries()) {
    chunk += line(item, n);
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function column(value: number | null): string {
  return value === null ? COPY_NULL : String(value);
}

function text(value: string | null): string {
  return value === null ? COPY_NULL : copyText(value);
}

/** A row as a JSON record, for statements of a few rows. */
export function insertRecord(step: InsertStep, keyId: number | undefined): object {
  const { row, recordedAt, observed } = step;
  const { content } = row;
  return {
    q: row.seq,
    k: keyId,
    f: row.period.from,
    t: row.period.to,
    at: recordedAt,
    o: observed.at,
    c: observed.count,
    h: content.contentHash,
    cf: content.confidence,
    g: content.target,
    a: row.actor,
    r: row.reason,
    s: row.source,
    v: content.value,
  };
}

/** What ends, as JSON records. */
export function supersedeRecords(steps: readonly BatchStep[]): object[] {
  return steps.flatMap((step) =>
    step.do === 'supersede' ? [{ q: step.row.seq, at: step.recordedAt, a: step.actor, r: step.reason }] : [],
  );
}

/** Observations, of each row together, as JSON records. */
export function observationRecords(steps: readonly BatchStep[]): object[] {
  const byRow = new Map<BatchRow, { q: number | null; o: Instant; c: number }>();
  for (const step of steps) {
    if (step.do !== 'observe') continue;
    const one = byRow.get(step.row) ?? { q: step.row.seq, o: step.observedAt, c: 0 };
    byRow.set(step.row, { q: one.q, o: Math.max(one.o, step.observedAt), c: one.c + 1 });
  }
  return [...byRow.values()];
}
