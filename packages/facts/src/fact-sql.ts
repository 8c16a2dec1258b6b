import type { Horizon, RowFilter, Visibility } from './backend.ts';

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
  /** The condition that a row `alias` of facts is visible, however it is found. */
  readonly visibleAlone: (alias: string, at: Visibility, bind: Bind) => string;
  /** The conditions of the indexes that hold what is visible, each with what makes it so. */
  readonly visibleArms: (at: Visibility, bind: Bind) => readonly string[];
  /** The conditions of the indexes that hold all rows. */
  readonly allArms: readonly string[];
  /** The condition that row `f` existed at a horizon. */
  readonly existed: (horizon: Pick<Horizon, 'recordedAt' | 'snapshot'>, bind: Bind) => string;
  /** The answers of several statements as one, in an order and up to a limit. */
  readonly merged: (answers: readonly string[], page: string) => string;
  /** The condition that the text of row `f` has every term. */
  readonly hasTerms: (terms: readonly string[], bind: Bind) => string;
}

/** Collects what is bound to a statement. */
export function binder(dialect: Pick<FactDialect, 'placeholder'>): { bind: Bind; params: SqlParam[] } {
  const params: SqlParam[] = [];
  const bind: Bind = (value) => dialect.placeholder(params.push(value));
  return { bind, params };
}

/**
 * The conditions of a filter on row `f` of facts and `o` of observations. `startsLater` leaves out where a kind begins,
 * for those who go on after a row of it: one lower bound is all an index is searched by.
 */
export function filterConditions(
  filter: RowFilter,
  dialect: Pick<FactDialect, 'isOneOf' | 'isIdOneOf' | 'hasTerms'>,
  bind: Bind,
  { startsLater = false }: { startsLater?: boolean } = {},
): string[] {
  const conditions: string[] = [];
  const compare = (column: string, operator: string, value: string | number | undefined): void => {
    if (value !== undefined) conditions.push(`${column} ${operator} ${bind(value)}`);
  };
  compare('f.subject', '=', filter.subject);
  if (filter.kind !== undefined) {
    // Every text that starts with `kind:` lies between it and the same with the next character.
    if (!startsLater) compare('f.subject', '>=', `${filter.kind}:`);
    compare('f.subject', '<', `${filter.kind};`);
  }
  compare('f.predicate', '=', filter.predicate);
  compare('f.fact_type', '=', filter.factType);
  compare('f.value_key', '=', filter.valueKey);
  compare('f.target', '=', filter.target);
  if (filter.edge !== undefined) conditions.push(`f.target IS ${filter.edge ? 'NOT NULL' : 'NULL'}`);
  compare('f.valid_from', '>=', filter.validFromSince);
  const observed = 'coalesce(o.last_observed_at, f.observed_at)';
  compare(observed, '>=', filter.observedSince);
  compare(observed, '<', filter.observedBefore);
  if (filter.subjectIn !== undefined) conditions.push(dialect.isOneOf('f.subject', bind(filter.subjectIn)));
  if (filter.targetIn !== undefined) conditions.push(dialect.isOneOf('f.target', bind(filter.targetIn)));
  if (filter.predicateIn !== undefined)
    conditions.push(dialect.isOneOf('f.predicate', bind(filter.predicateIn)));
  if (filter.factIdIn !== undefined) conditions.push(dialect.isIdOneOf('f.seq', bind(filter.factIdIn)));
  if (filter.terms !== undefined) conditions.push(dialect.hasTerms(filter.terms, bind));
  return conditions;
}

/** What was observed of a version since, joined to it. */
export const OBSERVATIONS = 'LEFT JOIN fact_observations o ON o.seq = f.seq';
