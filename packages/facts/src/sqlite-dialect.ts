import type { Visibility } from './backend.ts';
import type { Bind, FactDialect } from './fact-sql.ts';

/** Whether nothing was recorded after an instant, so that only believed rows can be visible then. */
export type IsPresent = (recordedAt: number) => boolean;

/** How SQLite is asked. The partial indexes are named by the conditions they were made with. */
export function sqliteDialect(isPresent: IsPresent): FactDialect {
  return {
    placeholder: (index) => `?${index}`,
    contentHashHex: 'lower(hex(f.content_hash))',
    // SQLite prepares a statement again each time a limit is bound to it.
    limit: (rowsMax) => String(Math.trunc(rowsMax)),
    isOneOf: (column, list) => `${column} IN (SELECT value FROM json_each(${list}))`,
    isIdOneOf: (column, list) => `${column} IN (SELECT CAST(value AS INTEGER) FROM json_each(${list}))`,
    hasTerms: (terms, bind) =>
      `f.seq IN (SELECT rowid FROM fact_text WHERE fact_text MATCH ${bind(fts5Query(terms))})`,
    joinInOrder: 'CROSS JOIN',
    visible: (alias, at, bind) =>
      isPresent(at.recordedAt)
        ? `${alias}.superseded_at IS NULL AND ${valid(alias, at, bind)}`
        : visibleAlone(alias, at, bind),
    visibleAlone,
    existed: (alias, horizon, bind) => `${alias}.recorded_at <= ${bind(horizon.recordedAt)}`,
  };
}

function visibleAlone(alias: string, at: Visibility, bind: Bind): string {
  const recordedAt = bind(at.recordedAt);
  return `(${valid(alias, at, bind)} AND ${alias}.recorded_at <= ${recordedAt}
    AND (${alias}.superseded_at IS NULL OR ${alias}.superseded_at > ${recordedAt}))`;
}

/** Terms hold letters and digits alone; quoted they are no keywords. */
function fts5Query(terms: readonly string[]): string {
  return terms.map((term) => (term.endsWith('*') ? `"${term.slice(0, -1)}" *` : `"${term}"`)).join(' AND ');
}

function valid(alias: string, at: Visibility, bind: Bind): string {
  return `${alias}.valid_from < ${bind(at.validTo)} AND ${alias}.valid_to > ${bind(at.validFrom)}`;
}
