import type { SealBounds, SealedRow, SealedRows } from './backend.ts';
import type { FactDialect, SqlParam, SqlQuery } from './fact-sql.ts';
import type { FactType } from './model.ts';

/** What reading sealed rows needs to know of a database. */
export interface SealDialect extends Pick<FactDialect, 'placeholder' | 'limit' | 'contentHashHex'> {
  /** Whether a row of facts holds its key itself. */
  readonly keyInFact?: boolean;
}

// What a row says, without what may still happen to it (its supersession is sealed when it happens).
const RECORDED_CONTENT = `f.target, f.value, f.valid_from, f.valid_to, f.recorded_at, f.observed_at,
  f.observation_count, f.confidence, f.actor, f.reason, f.source`;

// Who superseded a row is sealed with when: until then nobody has.
const HALF_SUPERSEDED = `CASE WHEN (f.superseded_at IS NULL) = (f.superseded_actor IS NULL)
  AND (f.superseded_at IS NULL) = (f.superseded_reason IS NULL) THEN 0 ELSE 1 END`;

/** Where the confidence is among the cells of a row: two of position, four of the key, then `RECORDED_CONTENT`. */
const CONFIDENCE_CELL = 13;

/** Rows between two bounds, with their position first. */
export function sealedRowsSql(
  rows: SealedRows,
  bounds: { after: SealBounds; through: SealBounds },
  page: { skip: readonly number[] | null; rowsMax: number },
  dialect: SealDialect,
): SqlQuery {
  const params: SqlParam[] = [];
  const bind = (value: SqlParam): string => dialect.placeholder(params.push(value));
  const { after, through } = bounds;
  const limit = (): string => `LIMIT ${dialect.limit(page.rowsMax, bind)}`;
  const [first = null, second = 0] = page.skip ?? [];
  switch (rows) {
    case 'recorded': {
      const from = bind(first ?? after.seq);
      const { keyInFact = false } = dialect;
      const key = keyInFact ? 'f' : 'k';
      const text = `SELECT f.seq, f.seq, ${key}.subject, ${key}.predicate, ${key}.fact_type, ${key}.value_key,
        ${RECORDED_CONTENT}, ${HALF_SUPERSEDED}, ${dialect.contentHashHex} FROM facts f ${keyInFact ? '' : 'JOIN fact_keys k ON k.key_id = f.key_id'}
        WHERE f.seq > ${from} AND f.seq <= ${bind(through.seq)} ORDER BY f.seq ${limit()}`;
      return { text, params };
    }
    case 'superseded': {
      const position = first === null ? [after.recordedAt, Number.MAX_SAFE_INTEGER] : [first, second];
      const from = `(${bind(position[0] ?? 0)}, ${bind(position[1] ?? 0)})`;
      const text = `SELECT f.superseded_at, f.seq, f.superseded_actor, f.superseded_reason FROM facts f
        WHERE f.superseded_at IS NOT NULL AND (f.superseded_at, f.seq) > ${from}
        AND f.superseded_at <= ${bind(through.recordedAt)} ORDER BY f.superseded_at, f.seq ${limit()}`;
      return { text, params };
    }
    case 'rules': {
      const from = bind(first ?? after.ruleId);
      const text = `SELECT rule_id, subject_pattern, predicate_pattern, classification, recorded_at, actor, reason
        FROM fact_classifications WHERE rule_id > ${from} AND rule_id <= ${bind(through.ruleId)}
        ORDER BY rule_id ${limit()}`;
      return { text, params };
    }
    default:
      throw new TypeError('no such rows');
  }
}

/** A row of `sealedRowsSql` as the text that is hashed. */
export function sealedRow(rows: SealedRows, row: readonly unknown[]): SealedRow {
  const position = rows === 'superseded' ? [Number(row[0]), Number(row[1])] : [Number(row[0])];
  if (rows !== 'recorded') return { position, text: JSON.stringify(row) };
  // The hash follows from the rest: it is compared, not sealed.
  const sealed = row.slice(0, -2);
  const [, , subject, predicate, factType, valueKey, target, value] = sealed as string[];
  const content = {
    key: {
      subject: String(subject),
      predicate: String(predicate),
      factType: factType as FactType,
      valueKey: String(valueKey),
    },
    value: String(value),
    target: target ?? null,
    confidence: sealed[CONFIDENCE_CELL] as number | null,
    contentHash: String(row.at(-1)),
    isHalfSuperseded: Number(row.at(-2)) !== 0,
  };
  return { position, text: JSON.stringify(sealed), content };
}
