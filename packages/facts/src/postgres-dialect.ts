import type { Visibility } from './backend.ts';
import type { Bind, FactDialect } from './fact-sql.ts';

/** How PostgreSQL is asked. A snapshot says which of the concurrent transactions an answer may see. */
export const postgresDialect: FactDialect = {
  placeholder: (index) => `$${index}`,
  contentHashHex: "encode(f.content_hash, 'hex')",
  limit: (rowsMax, bind) => bind(rowsMax),
  isOneOf: (column, list) => `${column} = ANY (ARRAY(SELECT json_array_elements_text(${list}::json)))`,
  isIdOneOf: (column, list) =>
    `${column} = ANY (ARRAY(SELECT json_array_elements_text(${list}::json)::int8))`,
  hasTerms: (terms, bind) =>
    `f.seq IN (SELECT x.seq FROM fact_text x WHERE x.words @@ ${bind(tsQuery(terms))}::tsquery)`,
  joinInOrder: 'JOIN',
  visible,
  visibleAlone: visible,
  existed: (alias, horizon, bind) =>
    `${alias}.recorded_at <= ${bind(horizon.recordedAt)}${
      horizon.snapshot === null
        ? ''
        : ` AND pg_visible_in_snapshot(${alias}.recorded_xid, ${bind(horizon.snapshot)}::pg_snapshot)`
    }`,
};

function visible(alias: string, at: Visibility, bind: Bind): string {
  const valid = `${alias}.valid_from < ${bind(at.validTo)} AND ${alias}.valid_to > ${bind(at.validFrom)}`;
  const recorded = `${alias}.recorded_at <= ${bind(at.recordedAt)}`;
  const believed = `${alias}.superseded_at IS NULL OR ${alias}.superseded_at > ${bind(at.recordedAt)}`;
  if (at.snapshot === null) return `(${valid} AND ${recorded} AND (${believed}))`;
  const sees = (xid: string): string =>
    `pg_visible_in_snapshot(${alias}.${xid}, ${bind(at.snapshot)}::pg_snapshot)`;
  return `(${valid} AND ${recorded} AND ${sees('recorded_xid')}
    AND (${believed} OR NOT ${sees('superseded_xid')}))`;
}

/** Terms hold letters and digits alone; quoted they are no operators. */
function tsQuery(terms: readonly string[]): string {
  return terms.map((term) => (term.endsWith('*') ? `'${term.slice(0, -1)}':*` : `'${term}'`)).join(' & ');
}
