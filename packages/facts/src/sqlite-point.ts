import type { Instant } from '@praxis/core';
import type { SqliteDatabase } from '@praxis/storage';

import { type Cell, factColumns, toStoredFact } from './fact-rows.ts';
import type { FactKey, StoredFact } from './model.ts';

const COLUMNS = factColumns('lower(hex(f.content_hash))');
const BELIEVED = `SELECT ${COLUMNS}, f.key_id FROM fact_keys k
  CROSS JOIN facts f ON f.key_id = k.key_id LEFT JOIN fact_observations o ON o.seq = f.seq
  WHERE k.subject = ? AND k.predicate = ? AND k.fact_type = ? AND k.value_key = ?
  AND f.superseded_at IS NULL AND f.valid_from <= ? ORDER BY f.valid_from DESC LIMIT 1`;
const BY_SEQ = `SELECT ${COLUMNS} FROM facts f JOIN fact_keys k ON k.key_id = f.key_id
  LEFT JOIN fact_observations o ON o.seq = f.seq WHERE f.seq = ?`;
const FIND_KEY =
  'SELECT key_id FROM fact_keys WHERE subject = ? AND predicate = ? AND fact_type = ? AND value_key = ?';
const WALK_COLUMNS = 'seq, valid_from, valid_to, recorded_at, superseded_at';
const WALK_VALID = `SELECT ${WALK_COLUMNS} FROM facts WHERE key_id = ? AND superseded_at IS NOT NULL
  AND valid_from <= ? AND (valid_from, seq) < (?, ?) ORDER BY valid_from DESC, seq DESC LIMIT ?`;
const WALK_RECORDED = `SELECT ${WALK_COLUMNS} FROM facts WHERE key_id = ? AND superseded_at IS NOT NULL
  AND recorded_at <= ? AND (recorded_at, seq) < (?, ?) ORDER BY recorded_at DESC, seq DESC LIMIT ?`;

const WALK_STEP = 4;
const WALK_STEP_GROWTH = 4;
const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** Reads the one version of a key that is visible as of two instants. */
export type PointReader = (key: FactKey, validAt: Instant, recordedAt: Instant) => StoredFact | null;

/**
 * The believed versions answer first. The past is walked from two sides at once, from `validAt` and
 * from `recordedAt` down, in growing steps: what was recorded last before an instant is nearly always
 * close to it on one of the two axes, however many versions a key has.
 */
export function createPointReader(db: SqliteDatabase): PointReader {
  const prepare = (sql: string): ReturnType<SqliteDatabase['prepare']> => db.prepare(sql, { arrays: true });
  const believed = prepare(BELIEVED);
  const findKey = prepare(FIND_KEY);
  const bySeq = prepare(BY_SEQ);
  const walks = { valid: prepare(WALK_VALID), recorded: prepare(WALK_RECORDED) };

  return (key, validAt, recordedAt) => {
    const params = [key.subject, key.predicate, key.factType, key.valueKey] as const;
    const row = believed.get(...params, validAt) as Cell[] | undefined;
    if (row !== undefined && Number(row[8]) > validAt && Number(row[9]) <= recordedAt)
      return toStoredFact(row);
    const keyId = row?.[20] ?? (findKey.get(...params) as Cell[] | undefined)?.[0];
    if (keyId === undefined) return null;
    const seq = walkPast(walks, { keyId: Number(keyId), validAt, recordedAt });
    return seq === null ? null : toStoredFact(bySeq.get(seq) as unknown as Cell[]);
  };
}

interface Target {
  readonly keyId: number;
  readonly validAt: Instant;
  readonly recordedAt: Instant;
}

type Walk = ReturnType<SqliteDatabase['prepare']>;

function walkPast(walks: { valid: Walk; recorded: Walk }, target: Target): number | null {
  let validAfter: [number, number] = [target.validAt, AFTER_ALL];
  let recordedAfter: [number, number] = [target.recordedAt, AFTER_ALL];
  for (let step = WALK_STEP; ; step *= WALK_STEP_GROWTH) {
    const byValid = walks.valid.all(
      target.keyId,
      target.validAt,
      ...validAfter,
      step,
    ) as unknown as number[][];
    const inValid = findVisible(byValid, target);
    if (inValid !== null || byValid.length < step) return inValid;
    const byRecorded = walks.recorded.all(
      target.keyId,
      target.recordedAt,
      ...recordedAfter,
      step,
    ) as unknown as number[][];
    const inRecorded = findVisible(byRecorded, target);
    if (inRecorded !== null || byRecorded.length < step) return inRecorded;
    validAfter = [byValid.at(-1)?.[1] ?? 0, byValid.at(-1)?.[0] ?? 0];
    recordedAfter = [byRecorded.at(-1)?.[3] ?? 0, byRecorded.at(-1)?.[0] ?? 0];
  }
}

function findVisible(rows: readonly (readonly number[])[], target: Target): number | null {
  for (const [seq = 0, validFrom = 0, validTo = 0, recordedAt = 0, supersededAt = 0] of rows) {
    const valid = validFrom <= target.validAt && target.validAt < validTo;
    if (valid && recordedAt <= target.recordedAt && target.recordedAt < supersededAt) return seq;
  }
  return null;
}
