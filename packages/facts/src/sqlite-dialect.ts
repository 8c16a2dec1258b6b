import type { Visibility } from './backend.ts';
import type { Bind, FactDialect } from './fact-sql.ts';
import type { SealDialect } from './seal-sql.ts';

/** Whether nothing was recorded after an instant, so that only believed rows can be visible then. */
export type IsPresent = (recordedAt: number) => boolean;

/** How SQLite is asked. The partial indexes are named by the conditions they were made with. */
export type SqliteDialect = FactDialect & SealDialect;

const BELIEVED = 'f.superseded_at IS NULL';
const SUPERSEDED = 'f.superseded_at IS NOT NULL';

/** The dialect of a store; `isPresent` lets a question about the present leave the past alone. */
export function sqliteDialect(isPresent: IsPresent): SqliteDialect {
  return {
    keyInFact: true,
    placeholder: (index) => `?${index}`,
    contentHashHex: 'lower(hex(f.content_hash))',
    // SQLite prepares a statement again each time a limit is bound to it.
    limit: (rowsMax) => String(Math.trunc(rowsMax)),
    isOneOf: (column, list) => `${column} IN (SELECT value FROM json_each(${list}))`,
    isIdOneOf: (column, list) => `${column} IN (SELECT CAST(value AS INTEGER) FROM json_each(${list}))`,
    hasTerms: (terms, bind) =>
      `f.seq IN (SELECT rowid FROM fact_text WHERE fact_text MATCH ${bind(fts5Query(terms))})`,
    allArms: [BELIEVED, SUPERSEDED],
    visibleArms,
    visibleAlone,
    existed: ({ recordedAt }, bind) => `f.recorded_at <= ${bind(recordedAt)}`,
    // It merges rows that come in order, and stops at the limit: no more than a page of either is read.
    merged: (answers, page) => `${answers.join(' UNION ALL ')} ${page}`,
  };

  function visibleArms(at: Visibility, bind: Bind): readonly string[] {
    const isValid = valid('f', at, bind);
    if (isPresent(at.recordedAt)) return [`${BELIEVED} AND ${isValid}`];
    const recordedAt = bind(at.recordedAt);
    const existed = `${isValid} AND f.recorded_at <= ${recordedAt}`;
    // The plus keeps the planner from another index, whose order would have to be sorted.
    return [
      `${BELIEVED} AND ${existed}`,
      `${SUPERSEDED} AND +f.superseded_at > ${recordedAt} AND ${existed}`,
    ];
  }
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
