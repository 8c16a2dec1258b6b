import type { Instant } from '@praxis/core';
import { COPY_NULL, copyText } from '@praxis/storage';

import type { BatchRow, BatchStep } from './batch-plan.ts';
import type { FactKey } from './model.ts';
import { FOREVER } from './timeline.ts';
import type { Write, WriteContent } from './validate.ts';

/** A step that adds a row. */
export type InsertStep = Extract<BatchStep, { do: 'insert' }>;

/** The columns of `facts` in the order of `factLines`. */
export const FACT_COPY_COLUMNS = `seq, subject, predicate, fact_type, value_key, valid_from, valid_to, recorded_at, observed_at,
  observation_count, content_hash, confidence, target, actor, reason, source, value`;

/** About how many characters of lines travel in one message. */
const CHUNK_LENGTH = 65_536;

/** Rows as lines of `COPY`, in chunks. */
export function factLines(steps: readonly InsertStep[]): Iterable<string> {
  return chunked(steps, ({ row, key, recordedAt, observed }) => {
    const { content, period } = row;
    const when = `${period.from}\t${period.to}\t${recordedAt}\t${observed.at}\t${observed.count}`;
    return `${row.seq}\t${keyColumns(key)}\t${when}\t${saidColumns(content, row)}`;
  });
}

/** New facts as lines of `COPY` into `facts`, about keys of which nothing is believed. */
export function newFactLines(
  writes: readonly Write[],
  { seqOf, recordedAt }: { seqOf: (n: number) => number; recordedAt: Instant },
): Iterable<string> {
  return chunked(writes, (write, n) => {
    const { key, content, validFrom = recordedAt, observedAt = recordedAt } = write;
    if (content === null) throw new TypeError('an end adds no fact');
    const when = `${validFrom}\t${FOREVER}\t${recordedAt}\t${observedAt}\t1`;
    return `${seqOf(n)}\t${keyColumns(key)}\t${when}\t${saidColumns(content, write)}`;
  });
}

function keyColumns({ subject, predicate, factType, valueKey }: FactKey): string {
  return `${copyText(subject)}\t${copyText(predicate)}\t${factType}\t${copyText(valueKey)}`;
}

function saidColumns(
  { contentHash, confidence, target, value }: WriteContent,
  { actor, reason, source }: Pick<Write, 'actor' | 'reason' | 'source'>,
): string {
  const about = `${confidence === null ? COPY_NULL : String(confidence)}\t${text(target)}`;
  return `\\\\x${contentHash}\t${about}\t${copyText(actor)}\t${copyText(reason)}\t${text(source)}\t${copyText(value)}\n`;
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

function text(value: string | null): string {
  return value === null ? COPY_NULL : copyText(value);
}

/** A row as a JSON record, for statements of a few rows. */
export function insertRecord({ row, key, recordedAt, observed }: InsertStep): object {
  const { content } = row;
  return {
    q: row.seq,
    ks: key.subject,
    kp: key.predicate,
    kt: key.factType,
    kv: key.valueKey,
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
