import type { DiffScan, HistoryScan, Scan, VectorScan } from './backend.ts';
import { factColumns } from './fact-rows.ts';
import {
  type Bind,
  binder,
  type FactDialect,
  filterConditions,
  OBSERVATIONS,
  type SqlQuery,
} from './fact-sql.ts';

// A row of facts holds its key, and what is believed and what was superseded have an index each, in order of keys. A
// question about both is two questions whose answers are merged, so that it reads no more than a page of either.

const KEY = 'subject, predicate, fact_type, value_key';
/** The columns that tell where a version stands in key order. */
const POSITION = `${KEY}, valid_from, seq`;

// Orders, by where their columns are in an answer.
const KEY_ORDER = '2, 3, 4, 5';
/** The version of a key: when it begins to be valid, its number. */
const VERSION_ORDER = '8, 1';
/** When a version was recorded, its number. */
const RECORDED_ORDER = '10, 1';
/** Which side of a difference a row is on. */
const SIDE = '21';

/** The facts visible at one point, in key order. */
export function scanSql(scan: Scan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const { target, targetIn, factIdIn, terms } = scan.filter;
  const byRow = [target, targetIn, factIdIn, terms].some((condition) => condition !== undefined);
  const startsLater = scan.afterFactId !== null;
  const conditions = filterConditions(scan.filter, dialect, bind, { startsLater });
  if (scan.afterFactId !== null) conditions.push(after(POSITION, scan.afterFactId, bind));
  const arms = byRow
    ? [dialect.visibleAlone('f', scan.visible, bind)]
    : dialect.visibleArms(scan.visible, bind);
  const order = `${KEY_ORDER}, ${VERSION_ORDER}`;
  const columns = factColumns(dialect.contentHashHex);
  return {
    text: page(dialect, { arms, columns, conditions, order, limit: limitOf(scan, dialect, bind) }),
    params,
  };
}

/** All versions recorded up to a horizon, in order of recording. */
export function historySql(scan: HistoryScan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = filterConditions(scan.filter, dialect, bind);
  conditions.push(dialect.existed(scan.horizon, bind));
  if (scan.afterFactId !== null) conditions.push(after('recorded_at, seq', scan.afterFactId, bind));
  const [arms, columns, order] = [dialect.allArms, factColumns(dialect.contentHashHex), RECORDED_ORDER];
  return {
    text: page(dialect, { arms, columns, conditions, order, limit: limitOf(scan, dialect, bind) }),
    params,
  };
}

/** Rows visible at exactly one of two points, in key order, `before` (side 0) first. */
export function diffSql(scan: DiffScan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const before = dialect.visibleAlone('f', scan.from, bind);
  const startsLater = scan.afterFactId !== null;
  const conditions = [
    `${before} <> ${dialect.visibleAlone('f', scan.to, bind)}`,
    ...filterConditions(scan.filter, dialect, bind, { startsLater }),
  ];
  if (scan.afterFactId !== null) conditions.push(after(KEY, scan.afterFactId, bind));
  const columns = `${factColumns(dialect.contentHashHex)}, CASE WHEN ${before} THEN 0 ELSE 1 END`;
  const [arms, order] = [dialect.allArms, `${KEY_ORDER}, ${SIDE}`];
  return {
    text: page(dialect, { arms, columns, conditions, order, limit: limitOf(scan, dialect, bind) }),
    params,
  };
}

/** The vectors of visible facts, in order of fact ids. */
export function vectorSql(scan: VectorScan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = [
    dialect.visibleAlone('f', scan.visible, bind),
    ...filterConditions(scan.filter, dialect, bind),
  ];
  if (scan.afterFactId !== null) conditions.push(`f.seq > ${bind(Number(scan.afterFactId))}`);
  const text = `SELECT f.seq, f.subject, f.predicate, v.vector FROM facts f ${OBSERVATIONS}
    JOIN fact_vectors v ON v.content_hash = f.content_hash AND v.model = ${bind(scan.model)}
    WHERE ${conditions.join(' AND ')} ORDER BY f.seq LIMIT ${limitOf(scan, dialect, bind)}`;
  return { text, params };
}

interface Page {
  readonly arms: readonly string[];
  readonly columns: string;
  readonly conditions: readonly string[];
  readonly order: string;
  readonly limit: string;
}

function page(dialect: FactDialect, { arms, columns, conditions, order, limit }: Page): string {
  const answers = arms.map(
    (arm) => `SELECT ${columns} FROM facts f ${OBSERVATIONS} WHERE ${[arm, ...conditions].join(' AND ')}`,
  );
  return dialect.merged(answers, `ORDER BY ${order} LIMIT ${limit}`);
}

function limitOf({ rowsMax }: { readonly rowsMax: number }, dialect: FactDialect, bind: Bind): string {
  return dialect.limit(rowsMax, bind);
}

/** The condition that a version comes later than the one with this id, in the order of these columns. */
function after(columns: string, factId: string, bind: Bind): string {
  const own = columns.replaceAll(/\w+/g, (column) => `f.${column}`);
  return `(${own}) > (SELECT ${columns} FROM facts WHERE seq = ${bind(Number(factId))})`;
}
