import type { Instant } from '@praxis/core';
import type { SqliteDatabase, SqlValue } from '@praxis/storage';

import {
  CONTENT_HASH_BYTES,
  numberAt,
  type PutColumns,
  textAt,
  type NumberName,
  type TextColumn,
  type TextName,
} from './put-columns.ts';
import { FOREVER } from './timeline.ts';

/** How many rows one statement inserts at once. */
export const ROWS_PER_INSERT = 128;

/**
 * Inserts exactly `ROWS_PER_INSERT` puts, from row `from` of the columns on, as rows numbered from `seq` on, over the
 * periods they ask for, as if nothing were believed later. Throws, and inserts none, when a period is not free.
 */
export type BlockInsert = (seq: number, columns: PutColumns, from: number, recordedAt: Instant) => void;

type Statement = ReturnType<SqliteDatabase['prepare']>;

/** How many statements are kept, each some ten kilobytes; the oldest makes room for a new one. */
const STATEMENTS_MAX = 16;

/** A column of the table that is not numbered or hashed: bound once where it says the same in all rows. */
interface BoundColumn {
  readonly name: string;
  isSame(columns: PutColumns): boolean;
  at(columns: PutColumns, row: number, recordedAt: Instant): SqlValue;
}

const COLUMNS: readonly BoundColumn[] = [
  ofText('predicate', 'predicate', textAt),
  ofText('fact_type', 'factType', textAt),
  ofText('value_key', 'valueKey', textAt),
  ofText('target', 'target', textOrNull),
  ofText('actor', 'actor', textAt),
  ofText('reason', 'reason', textAt),
  ofText('source', 'source', textOrNull),
  ofNumber('valid_from', 'validFrom', (recordedAt) => recordedAt),
  ofNumber('valid_to', 'validTo', () => FOREVER),
  ofNumber('observed_at', 'observedAt', (recordedAt) => recordedAt),
  ofNumber('confidence', 'confidence', () => null),
];
/** Parameters of a whole block: the first number, the instant of recording, and the columns. */
const BLOCK_PARAMS = 2 + COLUMNS.length;

/** How a column is bound: for a block, for each row, or not at all, since it says nothing. */
type Binding = 'block' | 'row' | 'none';

/** Prepares the insertion of blocks: a statement for each way in which rows of a block are alike, made when it is needed. */
export function blockInsert(db: SqliteDatabase): BlockInsert {
  const statements = new Map<string, Statement>();
  const statementFor = (bindings: readonly Binding[]): Statement => {
    const key = bindings.join();
    const known = statements.get(key);
    if (known !== undefined) return known;
    if (statements.size >= STATEMENTS_MAX) statements.delete(statements.keys().next().value ?? '');
    const made = db.prepare(insertText(bindings));
    statements.set(key, made);
    return made;
  };
  return (seq, columns, from, recordedAt) => {
    // Also where rows differ: a parameter keeps its number.
    const ofBlock = COLUMNS.map((column) => column.at(columns, from, recordedAt));
    const bindings = COLUMNS.map((column, n) => bindingOf(column.isSame(columns), ofBlock[n] ?? null));
    const varying = COLUMNS.filter((_, n) => bindings[n] === 'row');
    const params: SqlValue[] = [seq, recordedAt, ...ofBlock];
    const { subject, value } = columns.texts;
    loadHashes(columns, from);
    for (let n = 0; n < ROWS_PER_INSERT; n += 1) {
      params.push(textAt(subject, from + n), BLOCK_HASHES[n] ?? null, textAt(value, from + n));
      for (const column of varying) params.push(column.at(columns, from + n, recordedAt));
    }
    statementFor(bindings).run(...params);
  };
}

function bindingOf(isSame: boolean, value: SqlValue): Binding {
  if (!isSame) return 'row';
  return value === null ? 'none' : 'block';
}

function insertText(bindings: readonly Binding[]): string {
  const names = COLUMNS.filter((_, n) => bindings[n] !== 'none').map(({ name }) => name);
  const rows = Array.from({ length: ROWS_PER_INSERT }, (_, n) => rowText(bindings, n));
  // The parameters of a block are numbered, and those of rows are not: the driver looks for the name of a numbered one
  // each time it binds. The first mention of the last number makes the unnumbered ones begin after it.
  return `WITH block (parameters) AS (SELECT ?${BLOCK_PARAMS})
    INSERT INTO facts (seq, recorded_at, observation_count, subject, content_hash, value, ${names.join(', ')})
    VALUES ${rows.join(',')}`;
}

function rowText(bindings: readonly Binding[], row: number): string {
  const bound = bindings.flatMap((binding, n) => {
    if (binding === 'none') return [];
    return binding === 'row' ? ['?'] : [`?${n + 3}`];
  });
  return `(?1 + ${row}, ?2, 1, ?, ?, ?, ${bound.join(', ')})`;
}

function ofText(
  name: string,
  of: TextName,
  read: (column: TextColumn, row: number) => string | null,
): BoundColumn {
  return {
    name,
    isSame: ({ texts }) => 'same' in texts[of],
    at: ({ texts }, row) => read(texts[of], row),
  };
}

function ofNumber(
  name: string,
  of: NumberName,
  otherwise: (recordedAt: Instant) => number | null,
): BoundColumn {
  return {
    name,
    isSame: ({ numbers }) => 'same' in numbers[of],
    at({ numbers }, row, recordedAt) {
      const number = numberAt(numbers[of], row);
      return Number.isNaN(number) ? otherwise(recordedAt) : number;
    },
  };
}

function textOrNull(column: TextColumn, row: number): string | null {
  return textAt(column, row) || null;
}

// What is bound is copied: the same bytes serve every statement, and a view of a row is not made again.
const BLOCK_BYTES = Buffer.alloc(ROWS_PER_INSERT * CONTENT_HASH_BYTES);
const BLOCK_HASHES = Array.from({ length: ROWS_PER_INSERT }, (_, n) =>
  BLOCK_BYTES.subarray(n * CONTENT_HASH_BYTES, (n + 1) * CONTENT_HASH_BYTES),
);

function loadHashes({ contentHashes }: PutColumns, from: number): void {
  const at = from * CONTENT_HASH_BYTES;
  BLOCK_BYTES.set(contentHashes.subarray(at, at + BLOCK_BYTES.length));
}
