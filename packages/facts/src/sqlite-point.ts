import type { Instant, Json } from '@praxis/core';
import type { SqliteDatabase } from '@praxis/storage';

import type { PointAnswer } from './backend.ts';
import type { Cell } from './fact-rows.ts';
import type { FactKey, StoredFact } from './model.ts';
import type { SqliteRules } from './sqlite-rules.ts';
import { FOREVER } from './timeline.ts';

// The columns of a version, in the order of `factColumns` without the key, which the reader knows; then the newest rule.
const VERSION = `f.seq, f.target, f.value, f.valid_from, f.valid_to, f.recorded_at, f.superseded_at, f.actor, f.reason,
  f.superseded_actor, f.superseded_reason, f.source, f.confidence, f.content_hash,
  coalesce(o.last_observed_at, f.observed_at), coalesce(o.observation_count, f.observation_count),
  (SELECT max(rule_id) FROM fact_classifications)
  FROM facts f LEFT JOIN fact_observations o ON o.seq = f.seq
  WHERE f.subject = ? AND f.predicate = ? AND f.fact_type = ? AND f.value_key = ?`;
const BELIEVED = `SELECT ${VERSION} AND f.superseded_at IS NULL AND f.valid_from <= ? ORDER BY f.valid_from DESC LIMIT 1`;
// The limit is written out: SQLite prepares a statement again each time a limit is bound to it.
const WALK_VALID = `SELECT ${VERSION} AND f.superseded_at IS NOT NULL AND (f.valid_from, f.seq) <= (?, ?)
  ORDER BY f.valid_from DESC, f.seq DESC LIMIT `;
const WALK_RECORDED = `SELECT ${VERSION} AND f.superseded_at IS NOT NULL AND (f.recorded_at, f.seq) <= (?, ?)
  ORDER BY f.recorded_at DESC, f.seq DESC LIMIT `;

// Columns of VERSION.
const SEQ = 0;
const VALID_FROM = 3;
const VALID_TO = 4;
const RECORDED_AT = 5;
const SUPERSEDED_AT = 6;
const NEWEST_RULE = 16;

const WALK_STEP_FIRST = 1;
const WALK_STEP_GROWTH = 8;
const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** Reads the one version of a key that is visible as of two instants. */
export type PointReader = (key: FactKey, validAt: Instant, recordedAt: Instant) => PointAnswer | null;

type Statement = ReturnType<SqliteDatabase['prepare']>;
type Row = readonly Cell[];

/**
 * The believed version answers first. The past is walked from two sides by turns, from `validAt` and
 * from `recordedAt` down, in growing steps: the version asked for is nearly always close to one of
 * them, however many a key has.
 */
export function createPointReader(db: SqliteDatabase, rules: SqliteRules): PointReader {
  const prepare = (sql: string): Statement => db.prepare(sql, { arrays: true });
  const believed = prepare(BELIEVED);
  const walks: Walks = {
    valid: (step) => prepare(WALK_VALID + step),
    recorded: (step) => prepare(WALK_RECORDED + step),
  };
  // The rules belong to the same instant as the row: they are read with it.
  const answer = (key: FactKey, row: Row): PointAnswer => ({
    fact: toFact(key, row),
    rules: rules.upTo(Number(row[NEWEST_RULE] ?? 0)),
  });
  return (key, validAt, recordedAt) => {
    const { subject, predicate, factType, valueKey } = key;
    const now = believed.get(subject, predicate, factType, valueKey, validAt) as Row | undefined;
    if (now !== undefined && Number(now[VALID_TO]) > validAt && Number(now[RECORDED_AT]) <= recordedAt) {
      return answer(key, now);
    }
    const then = walkPast(walks, { key: [subject, predicate, factType, valueKey], validAt, recordedAt });
    return then === null ? null : answer(key, then);
  };
}

interface Target {
  readonly key: readonly [string, string, string, string];
  readonly validAt: Instant;
  readonly recordedAt: Instant;
}

/** The statements of the two walks, by how many rows they read. */
interface Walks {
  valid(step: number): Statement;
  recorded(step: number): Statement;
}

/** One of the two walks: where it goes on, and whether it has come to its end. */
interface Walk {
  readonly statement: (step: number) => Statement;
  readonly column: number;
  from: readonly [number, number];
}

function walkPast(walks: Walks, target: Target): Row | null {
  const byValid: Walk = {
    statement: (step) => walks.valid(step),
    column: VALID_FROM,
    from: [target.validAt, AFTER_ALL],
  };
  const byRecorded: Walk = {
    statement: (step) => walks.recorded(step),
    column: RECORDED_AT,
    from: [target.recordedAt, AFTER_ALL],
  };
  // What was said about the time before it was recorded is found by valid time, and the other way round.
  const order = target.validAt < target.recordedAt ? [byValid, byRecorded] : [byRecorded, byValid];
  for (let step = WALK_STEP_FIRST; ; step *= WALK_STEP_GROWTH) {
    for (const walk of order) {
      const rows = walk.statement(step).all(...target.key, ...walk.from) as unknown as Row[];
      const found = rows.find((row) => isVisible(row, target));
      if (found !== undefined) return found;
      // A walk that has seen all its rows has seen the answer, if there is one.
      if (rows.length < step) return null;
      const last = rows[rows.length - 1] ?? [];
      walk.from = [Number(last[walk.column]), Number(last[SEQ]) - 1];
    }
  }
}

function isVisible(row: Row, target: Target): boolean {
  return (
    Number(row[VALID_FROM]) <= target.validAt &&
    target.validAt < Number(row[VALID_TO]) &&
    Number(row[RECORDED_AT]) <= target.recordedAt &&
    (row[SUPERSEDED_AT] === null || target.recordedAt < Number(row[SUPERSEDED_AT]))
  );
}

function toFact(key: FactKey, row: Row): StoredFact {
  const validTo = Number(row[VALID_TO]);
  const supersededAt = row[SUPERSEDED_AT];
  return {
    factId: String(row[SEQ]),
    subject: key.subject,
    predicate: key.predicate,
    factType: key.factType,
    valueKey: key.valueKey,
    target: row[1] as string | null,
    value: JSON.parse(row[2] as string) as Json,
    validFrom: Number(row[VALID_FROM]),
    validTo: validTo === FOREVER ? null : validTo,
    recordedAt: Number(row[RECORDED_AT]),
    supersededAt: supersededAt === null ? null : Number(supersededAt),
    actor: row[7] as string,
    reason: row[8] as string,
    supersededActor: row[9] as string | null,
    supersededReason: row[10] as string | null,
    source: row[11] as string | null,
    confidence: row[12] as number | null,
    contentHash: Buffer.from(row[13] as Uint8Array).toString('hex'),
    lastObservedAt: Number(row[14]),
    observationCount: Number(row[15]),
  };
}
