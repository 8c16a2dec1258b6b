import type { Clock, Instant } from '@praxis/core';
import type { PostgresDatabase } from '@praxis/storage';

import type { PointAnswer } from './backend.ts';
import { type Cell, factColumns, toStoredFact } from './fact-rows.ts';
import type { FactKey } from './model.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { NEWEST_RULE, type PostgresRules } from './postgres-rules.ts';

// The rules belong to the same instant as the row: the newest is read with it.
const COLUMNS = `${factColumns(postgresDialect.contentHashHex, 'f')}, ${NEWEST_RULE}`;
/** Where the number of the newest rule is among the columns. */
const NEWEST_RULE_CELL = 20;

const OF_KEY = 'v.subject = $1 AND v.predicate = $2 AND v.fact_type = $3 AND v.value_key = $4';
// What is asked about is the clock, or the latest recording when the clock has stepped back behind it.
const VALID_AT = 'coalesce($5::int8, greatest($6::int8, (SELECT last FROM fact_clock)))';
const OBSERVATIONS = 'LEFT JOIN fact_observations o ON o.seq = f.seq';
/** Of what is believed about a key periods do not overlap: only the first that ends later can hold an instant. */
const BELIEVED = `SELECT ${COLUMNS} FROM (SELECT * FROM facts v WHERE ${OF_KEY} AND v.superseded_at IS NULL
  AND v.valid_to > ${VALID_AT} ORDER BY v.valid_to LIMIT 1) f ${OBSERVATIONS} WHERE f.valid_from <= ${VALID_AT}`;
const PAST = `SELECT ${COLUMNS} FROM (SELECT * FROM facts v WHERE ${OF_KEY} AND v.superseded_at > $7 AND v.recorded_at <= $7
  AND v.valid_from <= ${VALID_AT} AND v.valid_to > ${VALID_AT} ORDER BY v.recorded_at DESC LIMIT 1) f ${OBSERVATIONS}`;
const THEN = `(${BELIEVED} AND f.recorded_at <= $7) UNION ALL (${PAST}) LIMIT 1`;

/** Reads the one version of a key that is visible as of two instants; the present where none is given. */
export type PointReader = (
  key: FactKey,
  at: { validAt: Instant | undefined; recordedAt: Instant | undefined },
) => Promise<PointAnswer | null>;

/** Points are read in one statement: what is believed first, what was believed only where it is asked for. */
export function createPointReader(db: PostgresDatabase, clock: Clock, rules: PostgresRules): PointReader {
  return async ({ subject, predicate, factType, valueKey }, { validAt, recordedAt }) => {
    // No fact holds it, and PostgreSQL takes no such parameter.
    if ([subject, predicate, valueKey].some((text) => String(text).includes('\0'))) return null;
    const params = [subject, predicate, factType, valueKey, validAt ?? null, clock.now()];
    const [row] = await (recordedAt === undefined
      ? db.query(BELIEVED, params)
      : db.query(THEN, [...params, recordedAt]));
    if (row === undefined) return null;
    const found = rules.upTo(Number(row[NEWEST_RULE_CELL] ?? 0));
    return {
      fact: toStoredFact(row as readonly Cell[]),
      rules: found instanceof Promise ? await found : found,
    };
  };
}
