import type { Visibility } from './backend.ts';
import type { Bind, FactDialect } from './fact-sql.ts';
import { snapshotParts } from './postgres-horizon.ts';
import type { SealDialect } from './seal-sql.ts';

/** How PostgreSQL is asked. A snapshot says which of the concurrent transactions an answer may see. */
export type PostgresDialect = FactDialect & SealDialect;

const BELIEVED = 'f.superseded_at IS NULL';
const SUPERSEDED = 'f.superseded_at IS NOT NULL';

/** The dialect. The partial indexes are named by the conditions they were made with. */
export const postgresDialect: PostgresDialect = {
  keyInFact: true,
  placeholder: (index) => `$${index}`,
  contentHashHex: "encode(f.content_hash, 'hex')",
  limit: (rowsMax, bind) => bind(rowsMax),
  isOneOf: (column, list) => `${column} = ANY (ARRAY(SELECT json_array_elements_text(${list}::json)))`,
  isIdOneOf: (column, list) =>
    `${column} = ANY (ARRAY(SELECT json_array_elements_text(${list}::json)::int8))`,
  hasTerms: (terms, bind) =>
    `f.seq IN (SELECT x.seq FROM fact_text x WHERE x.words @@ ${bind(tsQuery(terms))}::tsquery)`,
  allArms: [BELIEVED, SUPERSEDED],
  visibleArms: (at, bind) => {
    const existed = existedAt('f', at, bind);
    return [`${BELIEVED} AND ${existed}`, `${SUPERSEDED} AND ${believedAt('f', at, bind)} AND ${existed}`];
  },
  visibleAlone: (alias, at, bind) =>
    `(${existedAt(alias, at, bind)} AND (${alias}.superseded_at IS NULL OR ${believedAt(alias, at, bind)}))`,
  existed: ({ recordedAt, snapshot }, bind) =>
    `f.recorded_at <= ${bind(recordedAt)}${snapshot === null ? '' : ` AND ${sees('f.recorded', snapshot, bind)}`}`,
  // Each is cut off where the answer is: no more than a page of either is read.
  merged: (answers, page) => {
    const [only = ''] = answers;
    if (answers.length === 1) return `${only} ${page}`;
    return `${answers.map((answer) => `(${answer} ${page})`).join(' UNION ALL ')} ${page}`;
  },
};

function existedAt(alias: string, at: Visibility, bind: Bind): string {
  const valid = `${alias}.valid_from < ${bind(at.validTo)} AND ${alias}.valid_to > ${bind(at.validFrom)}`;
  const recorded = `${valid} AND ${alias}.recorded_at <= ${bind(at.recordedAt)}`;
  return at.snapshot === null ? recorded : `${recorded} AND ${sees(`${alias}.recorded`, at.snapshot, bind)}`;
}

/** That a row which is superseded was not yet. */
function believedAt(alias: string, at: Visibility, bind: Bind): string {
  const later = `${alias}.superseded_at > ${bind(at.recordedAt)}`;
  if (at.snapshot === null) return later;
  return `(${later} OR NOT ${sees(`${alias}.superseded`, at.snapshot, bind)})`;
}

/** That an answer may see what happened to a row. Numbers of transactions mean nothing on another server. */
function sees(what: string, snapshot: string, bind: Bind): string {
  const { settledAt, transactions } = snapshotParts(snapshot);
  return `(${what}_at <= ${bind(settledAt)} OR pg_visible_in_snapshot(${what}_xid, ${bind(transactions)}::pg_snapshot))`;
}

/** Terms hold letters and digits alone; quoted they are no operators. */
function tsQuery(terms: readonly string[]): string {
  return terms.map((term) => (term.endsWith('*') ? `'${term.slice(0, -1)}':*` : `'${term}'`)).join(' & ');
}
