import type { JsonObject } from '@praxis/core';
import { errorCode } from '@praxis/core';
import type { FileSource } from './file-source.ts';

/** One row of a local table: like osquery's, every column is text. */
export type LocalRow = Readonly<Record<string, string>>;

/** Why a source was not read, or only in part. Stable. */
export type LocalErrorCode =
  | 'source_missing'
  | 'source_unreadable'
  | 'source_too_large'
  | 'source_malformed'
  | 'not_supported';

/** A source that could not be read, wholly or in part. */
export interface LocalError {
  readonly collector: string;
  readonly code: LocalErrorCode;
  readonly message: string;
}

/**
 * What one local collector saw. `rows` null: nothing can be said, and no fact is made, because an
 * empty table would claim that nothing is there.
 */
export interface LocalTable {
  readonly rows: readonly LocalRow[] | null;
  readonly problems: readonly Omit<LocalError, 'collector'>[];
}

/** Reads one aspect of the machine from files under a root. Never throws for what a file holds. */
export interface LocalCollector {
  /** The predicate its fact is filed under. */
  readonly predicate: string;
  collect(source: FileSource): Promise<LocalTable>;
}

/** A table without problems. */
export function table(rows: readonly LocalRow[]): LocalTable {
  return { rows, problems: [] };
}

/** No table, and why. */
export function unreadable(code: LocalErrorCode, message: string): LocalTable {
  return { rows: null, problems: [{ code, message }] };
}

/** The local error code for a failed read. */
export function sourceErrorCode(error: unknown): LocalErrorCode {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'source_missing';
  return code === 'SOURCE_TOO_LARGE' ? 'source_too_large' : 'source_unreadable';
}

/** The value of a table fact: rows in a stable order, and their number. */
export function tableValue(rows: readonly LocalRow[]): JsonObject {
  const sorted = rows
    .map((row) => ({
      row,
      text: Object.keys(row)
        .sort()
        .map((key) => `${key}=${row[key]}`)
        .join('\0'),
    }))
    .sort((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)));
  const unique = sorted.filter((item, index) => item.text !== sorted[index - 1]?.text);
  return { rows: unique.map((item) => item.row), count: unique.length };
}
