import type { Instant } from '@praxis/core';
import type { SqliteDatabase, SqlValue } from '@praxis/storage';

import { FOREVER } from './timeline.ts';
import type { Write, WriteContent } from './validate.ts';

/** How many rows one statement inserts at once. */
export const ROWS_PER_INSERT = 128;

/** A write with content. */
export type PutWrite = Write & { readonly content: WriteContent };

/**
 * Inserts exactly `ROWS_PER_INSERT` puts as rows numbered from `seq` on, over the periods they ask for, as if nothing
 * were believed later. Throws, and inserts none, when a period is not free.
 */
export type BlockInsert = (seq: number, puts: readonly PutWrite[], recordedAt: Instant) => void;

type Statement = ReturnType<SqliteDatabase['prepare']>;

/** Columns that mostly say the same in all rows of a block; then they are bound once. */
interface ColumnGroup {
  readonly columns: readonly string[];
  isSame(a: PutWrite, b: PutWrite): boolean;
  push(params: SqlValue[], put: PutWrite, recordedAt: Instant): void;
}

const GROUPS: readonly ColumnGroup[] = [
  {
    columns: ['predicate', 'fact_type'],
    isSame: (a, b) => a.key.predicate === b.key.predicate && a.key.factType === b.key.factType,
    push: (params, { key }) => void params.push(key.predicate, key.factType),
  },
  {
    columns: ['value_key', 'target'],
    isSame: (a, b) => a.key.valueKey === b.key.valueKey && a.content.target === b.content.target,
    push: (params, { key, content }) => void params.push(key.valueKey, content.target),
  },
  {
    columns: ['valid_from', 'valid_to', 'observed_at'],
    isSame: (a, b) => a.validFrom === b.validFrom && a.validTo === b.validTo && a.observedAt === b.observedAt,
    push: (params, { validFrom, validTo, observedAt }, recordedAt) =>
      void params.push(validFrom ?? recordedAt, validTo ?? FOREVER, observedAt ?? recordedAt),
  },
  {
    columns: ['actor', 'reason', 'source', 'confidence'],
    isSame: (a, b) =>
      a.actor === b.actor &&
      a.reason === b.reason &&
      a.source === b.source &&
      a.content.confidence === b.content.confidence,
    push: (params, { actor, reason, source, content }) =>
      void params.push(actor, reason, source, content.confidence),
  },
];
const GROUPED_COLUMNS = GROUPS.flatMap((group) => group.columns);
/** Parameters of a whole block: the first number, the instant of recording, and the columns of every group. */
const BLOCK_PARAMS = 2 + GROUPED_COLUMNS.length;

/** Prepares the insertion of blocks: a statement for each way in which rows of a block are alike, made when it is needed. */
export function blockInsert(db: SqliteDatabase): BlockInsert {
  const statements = new Map<number, Statement>();
  const statementFor = (alike: number): Statement => {
    const known = statements.get(alike) ?? db.prepare(insertText(alike));
    statements.set(alike, known);
    return known;
  };
  return (seq, puts, recordedAt) => {
    const [first] = puts;
    if (first === undefined) return;
    let alike = 0;
    const params: SqlValue[] = [seq, recordedAt];
    const varying: ColumnGroup[] = [];
    for (const [n, group] of GROUPS.entries()) {
      if (puts.every((put) => group.isSame(put, first))) alike |= 1 << n;
      else varying.push(group);
      // Also where rows differ: a parameter keeps its number.
      group.push(params, first, recordedAt);
    }
    for (const [n, put] of puts.entries()) {
      params.push(put.key.subject, hashBytes(put.content.contentHash, n), put.content.value);
      for (const group of varying) group.push(params, put, recordedAt);
    }
    statementFor(alike).run(...params);
  };
}

function insertText(alike: number): string {
  const rows = Array.from({ length: ROWS_PER_INSERT }, (_, n) => rowText(alike, n));
  // The parameters of a block are numbered, and those of rows are not: the driver looks for the name of a numbered one
  // each time it binds. The first mention of the last number makes the unnumbered ones begin after it.
  return `WITH block (parameters) AS (SELECT ?${BLOCK_PARAMS})
    INSERT INTO facts (seq, recorded_at, observation_count, subject, content_hash, value, ${GROUPED_COLUMNS.join(', ')})
    VALUES ${rows.join(',')}`;
}

function rowText(alike: number, row: number): string {
  const grouped = GROUPS.flatMap(({ columns }, n) =>
    columns.map((column) => ((alike & (1 << n)) === 0 ? '?' : `?${GROUPED_COLUMNS.indexOf(column) + 3}`)),
  );
  return `(?1 + ${row}, ?2, 1, ?, ?, ?, ${grouped.join(', ')})`;
}

const CONTENT_HASH_BYTES = 32;
// What is bound is copied: the same bytes serve every statement.
const HASH_BYTES = Array.from({ length: ROWS_PER_INSERT }, () => Buffer.alloc(CONTENT_HASH_BYTES));

/** The bytes of a content hash; the same for a row until the next hash is asked for it. */
export function hashBytes(hex: string, row = 0): Buffer {
  const bytes = HASH_BYTES[row] ?? Buffer.alloc(CONTENT_HASH_BYTES);
  bytes.write(hex, 'hex');
  return bytes;
}
