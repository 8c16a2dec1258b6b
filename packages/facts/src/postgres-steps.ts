import type { PostgresSession, PostgresTransaction } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import type { BatchPlan, BatchStep, PlannedOutcome } from './batch-plan.ts';
import type { FactLayout } from './postgres-layout.ts';
import {
  FACT_COPY_COLUMNS,
  factLines,
  insertRecord,
  type InsertStep,
  observationRecords,
  supersedeRecords,
} from './postgres-rows.ts';
import { wordsOf } from './words.ts';

/** From how many rows on they travel by `COPY`, and their text is indexed when somebody searches. */
export const POSTGRES_COPY_ROWS_MIN = 512;

// Most often nobody else draws at the same time, and the first and the last say it all.
const NUMBERS = `SELECT min(n), max(n), CASE WHEN max(n) - min(n) >= count(*) THEN string_agg(n::text, ',') END
  FROM (SELECT nextval('fact_seq') AS n FROM generate_series(1, $1::int)) drawn`;
const SUPERSEDE = `UPDATE facts f SET superseded_at = w.at, superseded_actor = w.a, superseded_reason = w.r,
  superseded_xid = pg_current_xact_id()
  FROM json_to_recordset($1::json) AS w (q int8, at int8, a text, r text)
  WHERE f.seq = w.q AND f.superseded_at IS NULL`;
const INSERT = `INSERT INTO facts (${FACT_COPY_COLUMNS})
  SELECT w.q, w.ks, w.kp, w.kt, w.kv, w.f, w.t, w.at, w.o, w.c, decode(w.h, 'hex'), w.cf, w.g, w.a, w.r, w.s, w.v
  FROM json_to_recordset($1::json) AS w (q int8, ks text, kp text, kt text, kv text, f int8, t int8, at int8, o int8, c int8,
  h text, cf float8, g text, a text, r text, s text, v text)`;
const INSERT_TEXT = `INSERT INTO fact_text (seq, words)
  SELECT w.q, array_to_tsvector(ARRAY(SELECT json_array_elements_text(w.x)))
  FROM json_to_recordset($1::json) AS w (q int8, x json)`;
const OBSERVE = `INSERT INTO fact_observations (seq, last_observed_at, observation_count)
  SELECT w.q, greatest(f.observed_at, w.o), f.observation_count + w.c
  FROM json_to_recordset($1::json) AS w (q int8, o int8, c int8) JOIN facts f ON f.seq = w.q
  ON CONFLICT (seq) DO UPDATE SET
  last_observed_at = greatest(fact_observations.last_observed_at, excluded.last_observed_at),
  observation_count = fact_observations.observation_count
    + excluded.observation_count - (SELECT f.observation_count FROM facts f WHERE f.seq = excluded.seq)`;
const REMEMBER = `INSERT INTO fact_idempotency (idempotency_key, digest, outcome)
  SELECT w.k, w.d, w.o FROM json_to_recordset($1::json) AS w (k text, d text, o text)`;
/** Leaves the text of the facts from one number through another to whoever searches next. */
export const TEXT_LATER = 'INSERT INTO fact_text_pending (from_seq, through_seq) VALUES ($1, $2)';

/** The steps of a plan that add rows, in order. */
export function insertsOf(steps: readonly BatchStep[]): InsertStep[] {
  return steps.filter((step): step is InsertStep => step.do === 'insert');
}

/** Numbers out of the sequence: `first` and those after it, or, when others drew between, those of a list. */
export interface DrawnNumbers {
  readonly count: number;
  readonly first: number;
  readonly scattered: readonly number[] | null;
}

/** Draws numbers. Each is later than those of all transactions that ended before. */
export async function drawNumbers(session: PostgresSession, count: number): Promise<DrawnNumbers> {
  const [row] = await session.query(NUMBERS, [count]);
  const list = row?.[2] ?? null;
  return {
    count,
    first: Number(row?.[0]),
    scattered: list === null ? null : String(list).split(',').map(Number),
  };
}

/** Gives every new row its number, out of those drawn before, and more when they are too few. */
export async function numberRows(
  session: PostgresSession,
  inserts: readonly InsertStep[],
  drawn: DrawnNumbers,
): Promise<void> {
  const { count, first, scattered } =
    inserts.length > drawn.count ? await drawNumbers(session, inserts.length) : drawn;
  if (inserts.length > count) throw new RangeError('too few numbers');
  inserts.forEach((step, n) => {
    step.row.seq = scattered?.[n] ?? first + n;
  });
}

/** Wave by wave: first what ends, then what begins. Nothing waits for answers but `COPY`. */
export async function writeSteps(
  session: PostgresTransaction,
  plan: BatchPlan,
  layout: FactLayout,
): Promise<void> {
  const send = (text: string, rows: readonly object[]): void => {
    if (rows.length > 0) session.send(text, [JSON.stringify(rows)]);
  };
  const waves = Map.groupBy(plan.steps, (step) => step.wave);
  for (const [, steps] of [...waves].sort(([a], [b]) => a - b)) {
    send(OBSERVE, observationRecords(steps));
    send(SUPERSEDE, supersedeRecords(steps));
    const inserts = insertsOf(steps);
    if (inserts.length < POSTGRES_COPY_ROWS_MIN) {
      send(INSERT, inserts.map(insertRecord));
      send(INSERT_TEXT, inserts.map(textRecord));
    } else {
      await session.copyFrom(copyFactsInto(layout), factLines(inserts));
      // Numbers are drawn in order.
      session.send(TEXT_LATER, [inserts[0]?.row.seq ?? 0, inserts.at(-1)?.row.seq ?? 0]);
    }
  }
  send(REMEMBER, plan.toRemember.map(rememberRecord));
}

/** Copies lines of facts to where the layout has them. */
export function copyFactsInto({ table }: FactLayout): string {
  return `COPY ${table} (${FACT_COPY_COLUMNS}) FROM STDIN`;
}

/** Words of facts as JSON records, for the text index. */
export function textRecord(step: InsertStep): object {
  return { q: step.row.seq, x: wordsOf(step.key.subject, step.key.predicate, step.row.content.value) };
}

/** Adds records of `textRecord` to the text index. */
export const INSERT_FACT_TEXT: string = INSERT_TEXT;

function rememberRecord({ key, digest, outcome }: BatchPlan['toRemember'][number]): object {
  return { k: key, d: digest, o: JSON.stringify(toOutcome(outcome)) };
}

/** What a caller is told, once rows have their numbers. */
export function toOutcome(outcome: PlannedOutcome | WriteOutcome): WriteOutcome {
  if (!('row' in outcome)) return outcome;
  const { recordedAt, changed, contentHash, row } = outcome;
  return { recordedAt, changed, contentHash, factId: row === null ? null : String(row.seq) };
}
