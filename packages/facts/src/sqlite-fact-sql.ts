import type { DiffScan, HistoryScan, NearestScan, Scan, VectorScan } from './backend.ts';
import { factColumns } from './fact-rows.ts';
import {
  after,
  binder,
  filterConditions,
  KEY,
  KEY_ORDER,
  OBSERVATIONS,
  POSITION,
  type SqlQuery,
} from './fact-sql.ts';
import type { SqliteDialect } from './sqlite-dialect.ts';
import { vectorBytes } from './vectors.ts';

// How SQLite is asked: a row of facts holds its key, and what is believed and what was superseded have an index each,
// in key order. A question about both is two questions whose answers are merged, so that it reads no more than a page.

/** The facts visible at one point, in key order. */
export function scanSql(scan: Scan, dialect: SqliteDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const { target, targetIn, factIdIn, terms } = scan.filter;
  const byRow = [target, targetIn, factIdIn, terms].some((condition) => condition !== undefined);
  const startsLater = scan.afterFactId !== null;
  const conditions = filterConditions(scan.filter, dialect, bind, { key: 'f', startsLater });
  if (scan.afterFactId !== null) conditions.push(after(POSITION, scan.afterFactId, bind));
  const arms = byRow
    ? [dialect.visibleAlone('f', scan.visible, bind)]
    : dialect.visibleArms(scan.visible, bind);
  const text = `${union(arms, conditions, factColumns(dialect.contentHashHex, 'f'))}
    ORDER BY ${KEY_ORDER}, 8, 1 LIMIT ${dialect.limit(scan.rowsMax)}`;
  return { text, params };
}

/** All versions recorded up to a horizon, in order of recording. */
export function historySql(scan: HistoryScan, dialect: SqliteDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = filterConditions(scan.filter, dialect, bind, { key: 'f' });
  conditions.push(`f.recorded_at <= ${bind(scan.horizon.recordedAt)}`);
  if (scan.afterFactId !== null) conditions.push(after('recorded_at, seq', scan.afterFactId, bind));
  const text = `${union(dialect.allArms, conditions, factColumns(dialect.contentHashHex, 'f'))}
    ORDER BY 10, 1 LIMIT ${dialect.limit(scan.rowsMax)}`;
  return { text, params };
}

/** Rows visible at exactly one of two points, in key order, `before` (side 0) first. */
export function diffSql(scan: DiffScan, dialect: SqliteDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const before = dialect.visibleAlone('f', scan.from, bind);
  const startsLater = scan.afterFactId !== null;
  const conditions = [
    `${before} <> ${dialect.visibleAlone('f', scan.to, bind)}`,
    ...filterConditions(scan.filter, dialect, bind, { key: 'f', startsLater }),
  ];
  if (scan.afterFactId !== null) conditions.push(after(KEY, scan.afterFactId, bind));
  const columns = `${factColumns(dialect.contentHashHex, 'f')}, CASE WHEN ${before} THEN 0 ELSE 1 END`;
  const text = `${union(dialect.allArms, conditions, columns)}
    ORDER BY ${KEY_ORDER}, 21 LIMIT ${dialect.limit(scan.rowsMax)}`;
  return { text, params };
}

/** The vectors of visible facts, in order of fact ids. */
export function vectorSql(scan: VectorScan, dialect: SqliteDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = [
    dialect.visibleAlone('f', scan.visible, bind),
    ...filterConditions(scan.filter, dialect, bind, { key: 'f' }),
  ];
  if (scan.afterFactId !== null) conditions.push(`f.seq > ${bind(Number(scan.afterFactId))}`);
  const text = `SELECT f.seq, f.subject, f.predicate, v.vector FROM facts f ${OBSERVATIONS}
    JOIN fact_vectors v ON v.content_hash = f.content_hash AND v.model = ${bind(scan.model)}
    WHERE ${conditions.join(' AND ')} ORDER BY f.seq LIMIT ${dialect.limit(scan.rowsMax)}`;
  return { text, params };
}

/** The vectors of visible facts, nearest first. The ones of another length cannot be compared. */
export function nearestSql(scan: NearestScan, dialect: SqliteDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = [
    dialect.visibleAlone('f', scan.visible, bind),
    ...filterConditions(scan.filter, dialect, bind, { key: 'f' }),
  ];
  const wanted = bind(Buffer.from(vectorBytes(scan.vector)).toString('hex'));
  // The condition comes before the distance, which is an error between vectors of different lengths.
  const distance = `CASE WHEN length(v.vector) = length(${wanted}) / 2
    THEN vec_distance_cosine(v.vector, unhex(${wanted})) END`;
  const text = `SELECT seq, subject, predicate, vector FROM (
      SELECT f.seq, f.subject, f.predicate, v.vector, ${distance} AS distance FROM facts f ${OBSERVATIONS}
      JOIN fact_vectors v ON v.content_hash = f.content_hash AND v.model = ${bind(scan.model)}
      WHERE ${conditions.join(' AND ')})
    WHERE distance IS NOT NULL ORDER BY distance, seq LIMIT ${dialect.limit(scan.rowsMax)}`;
  return { text, params };
}

// Numbered parameters may stand in several arms.
function union(arms: readonly string[], conditions: readonly string[], columns: string): string {
  return arms
    .map(
      (arm) => `SELECT ${columns} FROM facts f ${OBSERVATIONS} WHERE ${[arm, ...conditions].join(' AND ')}`,
    )
    .join(' UNION ALL ');
}
