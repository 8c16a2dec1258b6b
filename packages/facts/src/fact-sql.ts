import type { DiffScan, HistoryScan, RowFilter, Scan, VectorScan, Visibility } from './backend.ts';
import { factColumns } from './fact-rows.ts';

/** A value that can be bound to a statement. */
export type SqlParam = string | number | null | readonly string[];

/** A statement and what is bound to it. */
export interface SqlQuery {
  readonly text: string;
  readonly params: readonly SqlParam[];
}

/** Binds a value and gives the placeholder for it. */
export type Bind = (value: SqlParam) => string;

/** Where the two databases differ in how a question is put. */
export interface FactDialect {
  /** The placeholder of the nth parameter, from 1. */
  readonly placeholder: (index: number) => string;
  readonly contentHashHex: string;
  /** A limit in rows, bound or written out. */
  readonly limit: (rowsMax: number, bind: Bind) => string;
  /** The condition that a column holds one of a list of texts. */
  readonly isOneOf: (column: string, list: string) => string;
  /** The same for a number, out of a list of texts. */
  readonly isIdOneOf: (column: string, list: string) => string;
  /** The condition that a row `alias` of facts, of the key `k.key_id`, is visible. */
  readonly visible: (alias: string, at: Visibility, bind: Bind) => string;
  /** The same where the row is found by itself, not through its key. */
  readonly visibleAlone: (alias: string, at: Visibility, bind: Bind) => string;
  /** The condition that a row of facts existed at a horizon. */
  readonly existed: (
    alias: string,
    horizon: { recordedAt: number; snapshot: string | null },
    bind: Bind,
  ) => string;
  /** The condition that the text of row `f` has every term. */
  readonly hasTerms: (terms: readonly string[], bind: Bind) => string;
  /** Joins `a` and `b` and keeps them in this order, where the planner can be told. */
  readonly joinInOrder: string;
}

const KEY_COLUMNS = 'k.subject, k.predicate, k.fact_type, k.value_key';
const OBSERVATIONS = 'LEFT JOIN fact_observations o ON o.seq = f.seq';

/** The facts visible at one point, in key order. */
export function scanSql(scan: Scan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = filterConditions(scan.filter, dialect, bind);
  const { target, targetIn, factIdIn, terms } = scan.filter;
  const byTarget = [target, targetIn, factIdIn, terms].some((condition) => condition !== undefined);
  const visible = byTarget ? dialect.visibleAlone : dialect.visible;
  conditions.push(visible('f', scan.visible, bind));
  if (scan.afterFactId !== null) conditions.push(afterRow(scan.afterFactId, bind));
  const tables = byTarget
    ? `facts f ${dialect.joinInOrder} fact_keys k`
    : `fact_keys k ${dialect.joinInOrder} facts f`;
  const text = `SELECT ${factColumns(dialect.contentHashHex)}
    FROM ${tables} ON f.key_id = k.key_id ${OBSERVATIONS}
    WHERE ${conditions.join(' AND ')}
    ORDER BY ${KEY_COLUMNS}, f.valid_from, f.seq LIMIT ${dialect.limit(scan.rowsMax, bind)}`;
  return { text, params };
}

/** All versions recorded up to a horizon, in order of recording. */
export function historySql(scan: HistoryScan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = filterConditions(scan.filter, dialect, bind);
  conditions.push(dialect.existed('f', scan.horizon, bind));
  if (scan.afterFactId !== null) {
    const after = bind(Number(scan.afterFactId));
    conditions.push(
      `(f.recorded_at, f.seq) > (SELECT a.recorded_at, a.seq FROM facts a WHERE a.seq = ${after})`,
    );
  }
  const text = `SELECT ${factColumns(dialect.contentHashHex)}
    FROM fact_keys k JOIN facts f ON f.key_id = k.key_id ${OBSERVATIONS}
    WHERE ${conditions.join(' AND ')}
    ORDER BY f.recorded_at, f.seq LIMIT ${dialect.limit(scan.rowsMax, bind)}`;
  return { text, params };
}

/** Rows visible at exactly one of two points, in key order, `before` (side 0) first. */
export function diffSql(scan: DiffScan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const before = dialect.visibleAlone('f', scan.from, bind);
  const after = dialect.visibleAlone('f', scan.to, bind);
  const conditions = [`(${before}) <> (${after})`, ...filterConditions(scan.filter, dialect, bind)];
  if (scan.afterFactId !== null) conditions.push(afterKey(scan.afterFactId, bind));
  const side = `CASE WHEN ${dialect.visibleAlone('f', scan.from, bind)} THEN 0 ELSE 1 END`;
  const text = `SELECT ${factColumns(dialect.contentHashHex)}, ${side}
    FROM fact_keys k ${dialect.joinInOrder} facts f ON f.key_id = k.key_id ${OBSERVATIONS}
    WHERE ${conditions.join(' AND ')}
    ORDER BY ${KEY_COLUMNS}, 21 LIMIT ${dialect.limit(scan.rowsMax, bind)}`;
  return { text, params };
}

/** The vectors of visible facts, in order of fact ids. */
export function vectorSql(scan: VectorScan, dialect: FactDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = [
    dialect.visibleAlone('f', scan.visible, bind),
    ...filterConditions(scan.filter, dialect, bind),
  ];
  if (scan.afterFactId !== null) conditions.push(`f.seq > ${bind(Number(scan.afterFactId))}`);
  const text = `SELECT f.seq, k.subject, k.predicate, v.vector FROM facts f JOIN fact_keys k ON k.key_id = f.key_id ${OBSERVATIONS}
    JOIN fact_vectors v ON v.content_hash = f.content_hash AND v.model = ${bind(scan.model)}
    WHERE ${conditions.join(' AND ')} ORDER BY f.seq LIMIT ${dialect.limit(scan.rowsMax, bind)}`;
  return { text, params };
}

/** Collects what is bound to a statement. */
export function binder(dialect: Pick<FactDialect, 'placeholder'>): { bind: Bind; params: SqlParam[] } {
  const params: SqlParam[] = [];
  const bind: Bind = (value) => dialect.placeholder(params.push(value));
  return { bind, params };
}

/**
 * The conditions of a filter; `key` is the alias of the table that holds the columns of a key. `startsLater` leaves out
 * where a kind begins, for those who go on after a row of it: one lower bound is all an index is searched by.
 */
export function filterConditions(
  filter: RowFilter,
  dialect: Pick<FactDialect, 'isOneOf' | 'isIdOneOf' | 'hasTerms'>,
  bind: Bind,
  { key = 'k', startsLater = false }: { key?: string; startsLater?: boolean } = {},
): string[] {
  const conditions: string[] = [];
  const compare = (column: string, operator: string, value: string | number | undefined): void => {
    if (value !== undefined) conditions.push(`${column} ${operator} ${bind(value)}`);
  };
  compare(`${key}.subject`, '=', filter.subject);
  if (filter.kind !== undefined) {
    // Every text that starts with `kind:` lies between it and the same with the next character.
    if (!startsLater) compare(`${key}.subject`, '>=', `${filter.kind}:`);
    compare(`${key}.subject`, '<', `${filter.kind};`);
  }
  compare(`${key}.predicate`, '=', filter.predicate);
  compare(`${key}.fact_type`, '=', filter.factType);
  compare(`${key}.value_key`, '=', filter.valueKey);
  compare('f.target', '=', filter.target);
  if (filter.edge !== undefined) conditions.push(`f.target IS ${filter.edge ? 'NOT NULL' : 'NULL'}`);
  compare('f.valid_from', '>=', filter.validFromSince);
  const observed = 'coalesce(o.last_observed_at, f.observed_at)';
  compare(observed, '>=', filter.observedSince);
  compare(observed, '<', filter.observedBefore);
  if (filter.subjectIn !== undefined)
    conditions.push(dialect.isOneOf(`${key}.subject`, bind(filter.subjectIn)));
  if (filter.targetIn !== undefined) conditions.push(dialect.isOneOf('f.target', bind(filter.targetIn)));
  if (filter.predicateIn !== undefined)
    conditions.push(dialect.isOneOf(`${key}.predicate`, bind(filter.predicateIn)));
  if (filter.factIdIn !== undefined) conditions.push(dialect.isIdOneOf('f.seq', bind(filter.factIdIn)));
  if (filter.terms !== undefined) conditions.push(dialect.hasTerms(filter.terms, bind));
  return conditions;
}

function afterRow(factId: string, bind: Bind): string {
  const keyOf = `SELECT a.subject, a.predicate, a.fact_type, a.value_key
    FROM facts r JOIN fact_keys a ON a.key_id = r.key_id WHERE r.seq = ${bind(Number(factId))}`;
  const positionOf = `SELECT r.valid_from, r.seq FROM facts r WHERE r.seq = ${bind(Number(factId))}`;
  const keyId = `(SELECT r.key_id FROM facts r WHERE r.seq = ${bind(Number(factId))})`;
  return `(${KEY_COLUMNS}) >= (${keyOf}) AND (k.key_id <> ${keyId} OR (f.valid_from, f.seq) > (${positionOf}))`;
}

function afterKey(factId: string, bind: Bind): string {
  return `(${KEY_COLUMNS}) > (SELECT a.subject, a.predicate, a.fact_type, a.value_key
    FROM facts r JOIN fact_keys a ON a.key_id = r.key_id WHERE r.seq = ${bind(Number(factId))})`;
}
