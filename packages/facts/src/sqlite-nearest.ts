import { type SqliteDatabase, StorageError } from '@praxis/storage';

import type { NearestScan, VectorRow } from './backend.ts';
import { binder, filterConditions, OBSERVATIONS, type SqlQuery } from './fact-sql.ts';
import type { SqliteDialect } from './sqlite-dialect.ts';
import { readRows } from './sqlite-reading.ts';
import { vectorBytes, vectorOf } from './vectors.ts';

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

/** The vectors of visible facts, nearest first. The ones of another length cannot be compared. */
function nearestSql(scan: NearestScan, dialect: SqliteDialect): SqlQuery {
  const { bind, params } = binder(dialect);
  const conditions = [
    dialect.visibleAlone('f', scan.visible, bind),
    ...filterConditions(scan.filter, dialect, bind),
  ];
  const wanted = bind(Buffer.from(vectorBytes(scan.vector)).toString('hex'));
  // The condition comes before the distance, which is an error between vectors of different lengths.
  const distance = `CASE WHEN length(v.vector) = length(${wanted}) / 2
    THEN vec_distance_cosine(v.vector, unhex(${wanted})) END`;
  const text = `SELECT seq, subject, predicate, vector FROM (
      SELECT f.seq, f.subject, f.predicate, v.vector, ${distance} AS distance FROM facts f ${OBSERVATIONS}
      JOIN fact_vectors v ON v.content_hash = f.content_hash AND v.model = ${bind(scan.model)}
      WHERE ${conditions.join(' AND ')})
    WHERE distance IS NOT NULL ORDER BY distance, seq LIMIT ${dialect.limit(scan.rowsMax, bind)}`;
  return { text, params };
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
