import type { DiffScan, HistoryScan, Scan, VectorScan } from './backend.ts';
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
import { postgresDialect as dialect } from './postgres-dialect.ts';

// What is believed and what was superseded have an index each, in order of keys. A question about both is two questions
// whose answers are merged, each cut off where the answer is: it reads no more than a page of either.

/** The version of a key: when it begins to be valid, its number. */
const VERSION_ORDER = '8, 1';
/** When a version was recorded, its number. */
const RECORDED_ORDER = '10, 1';
/** Which side of a difference a row is on. */
const SIDE = 21;

/** The facts visible at one point, in key order. */
export function scanSql(scan: Scan): SqlQuery {
  const { bind, params } = binder(dialect);
  const { target, targetIn, factIdIn, terms } = scan.filter;
  const byRow = [target, targetIn, factIdIn, terms].some((condition) => condition !== undefined);
  const startsLater = scan.afterFactId !== null;
  const conditions = filterConditions(scan.filter, dialect, bind, { key: 'f', startsLater });
  if (scan.afterFactId !== null) conditions.push(after(POSITION, scan.afterFactId, bind));
  const arms = byRow
    ? [dialect.visibleAlone('f', scan.visible, bind)]
    : dialect.visibleArms(scan.visible, bind);
  const columns = factColumns(dialect.contentHashHex, 'f');
  const order = `${KEY_ORDER}, ${VERSION_ORDER}`;
  return { text: merged(arms, { columns, conditions, order, limit: bind(scan.rowsMax) }), params };
}

/** All versions recorded up to a horizon, in order of recording. */
export function historySql(scan: HistoryScan): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = filterConditions(scan.filter, dialect, bind, { key: 'f' });
  conditions.push(dialect.existed(scan.horizon, bind));
  if (scan.afterFactId !== null) conditions.push(after('recorded_at, seq', scan.afterFactId, bind));
  const columns = factColumns(dialect.contentHashHex, 'f');
  const limit = bind(scan.rowsMax);
  return { text: merged(dialect.allArms, { columns, conditions, order: RECORDED_ORDER, limit }), params };
}

/** Rows visible at exactly one of two points, in key order, `before` (side 0) first. */
export function diffSql(scan: DiffScan): SqlQuery {
  const { bind, params } = binder(dialect);
  const before = dialect.visibleAlone('f', scan.from, bind);
  const startsLater = scan.afterFactId !== null;
  const conditions = [
    `${before} <> ${dialect.visibleAlone('f', scan.to, bind)}`,
    ...filterConditions(scan.filter, dialect, bind, { key: 'f', startsLater }),
  ];
  if (scan.afterFactId !== null) conditions.push(after(KEY, scan.afterFactId, bind));
  const columns = `${factColumns(dialect.contentHashHex, 'f')}, CASE WHEN ${before} THEN 0 ELSE 1 END`;
  const order = `${KEY_ORDER}, ${SIDE}`;
  return { text: merged(dialect.allArms, { columns, conditions, order, limit: bind(scan.rowsMax) }), params };
}

/** The vectors of visible facts, in order of fact ids. */
export function vectorSql(scan: VectorScan): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = [
    dialect.visibleAlone('f', scan.visible, bind),
    ...filterConditions(scan.filter, dialect, bind, { key: 'f' }),
  ];
  if (scan.afterFactId !== null) conditions.push(`f.seq > ${bind(Number(scan.afterFactId))}`);
  const text = `SELECT f.seq, f.subject, f.predicate, v.vector FROM facts f ${OBSERVATIONS}
    JOIN fact_vectors v ON v.content_hash = f.content_hash AND v.model = ${bind(scan.model)}
    WHERE ${conditions.join(' AND ')} ORDER BY f.seq LIMIT ${bind(scan.rowsMax)}`;
  return { text, params };
}

function merged(
  arms: readonly string[],
  {
    columns,
    conditions,
    order,
    limit,
  }: { columns: string; conditions: readonly string[]; order: string; limit: string },
): string {
  const page = `ORDER BY ${order} LIMIT ${limit}`;
  const answers = arms.map(
    (arm) =>
      `SELECT ${columns} FROM facts f ${OBSERVATIONS} WHERE ${[arm, ...conditions].join(' AND ')} ${page}`,
  );
  const [only = ''] = answers;
  return answers.length === 1 ? only : `(${answers.join(') UNION ALL (')}) ${page}`;
}
