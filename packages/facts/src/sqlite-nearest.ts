import { type SqliteDatabase, StorageError } from '@praxis/storage';

import type { NearestScan, VectorRow } from './backend.ts';
import type { SqliteDialect } from './sqlite-dialect.ts';
import { nearestSql } from './sqlite-fact-sql.ts';
import { readRows } from './sqlite-reading.ts';
import { vectorOf } from './vectors.ts';

/** Ranks vectors in the database, where `sqlite-vec` is loaded; null where it is not. */
export function sqliteNearest(
  db: SqliteDatabase,
  dialect: SqliteDialect,
): ((scan: NearestScan) => Promise<readonly VectorRow[]>) | null {
  if (!hasVec(db)) return null;
  return async (scan) =>
    readRows(db, nearestSql(scan, dialect)).map((row) => ({
      factId: String(row[0]),
      subject: String(row[1]),
      predicate: String(row[2]),
      vector: vectorOf(row[3] as Uint8Array),
    }));
}

function hasVec(db: SqliteDatabase): boolean {
  try {
    return db.get('SELECT vec_version() AS version') !== undefined;
  } catch (error) {
    // Without the extension there is no such function.
    if (error instanceof StorageError) return false;
    throw error;
  }
}
