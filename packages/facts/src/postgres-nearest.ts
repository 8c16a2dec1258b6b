import type { PostgresDatabase } from '@praxis/storage';

import type { NearestScan, VectorRow } from './backend.ts';
import { binder, filterConditions, type SqlQuery } from './fact-sql.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { orWithout, type PgVector, preparePgVector, realArray } from './postgres-vectors.ts';
import { unitOf, vectorOf } from './vectors.ts';

/** Ranks vectors in the database, where pgvector is used; `null` where a visible vector is not prepared for it yet. */
export function postgresNearest(
  db: PostgresDatabase,
  pgVector: PgVector | null,
): ((scan: NearestScan) => Promise<readonly VectorRow[] | null>) | undefined {
  if (pgVector === null) return undefined;
  return (scan) => orWithout(() => rankedRows(db, pgVector, scan));
}

async function rankedRows(
  db: PostgresDatabase,
  pgVector: PgVector,
  scan: NearestScan,
): Promise<readonly VectorRow[] | null> {
  const { text, params } = nearestSql(scan, pgVector);
  const rows = await db.transact(async (session) => {
    // All of a model's vectors are wanted: looking each up by itself is the slow way.
    await session.query('SET LOCAL enable_hashjoin = on');
    return session.query(text, params);
  });
  if (rows.some((row) => row[4] === true)) {
    await preparePgVector(db, pgVector, scan.model);
    return null;
  }
  return rows.map((row) => ({
    factId: String(row[0]),
    subject: String(row[1]),
    predicate: String(row[2]),
    vector: vectorOf(row[3] as Uint8Array),
  }));
}

/** The vectors of visible facts: those not prepared, then the nearest. Ones of another length cannot be compared. */
function nearestSql(scan: NearestScan, { schema }: PgVector): SqlQuery {
  const { bind, params } = binder(postgresDialect);
  const conditions = [
    postgresDialect.visibleAlone('f', scan.visible, bind),
    ...filterConditions(scan.filter, postgresDialect, bind),
  ];
  const wanted = `${bind(realArray(unitOf(scan.vector)))}::real[]::${schema}.vector`;
  const model = bind(scan.model);
  // The condition comes before the product, which is an error between vectors of different lengths.
  const product = `CASE WHEN ${schema}.vector_dims(u.unit) = ${bind(scan.vector.length)}::int
    THEN ${schema}.inner_product(u.unit, ${wanted}) END`;
  const text = `SELECT c.seq, c.subject, c.predicate, x.vector, c.unprepared FROM (
      SELECT f.seq, f.subject, f.predicate, f.content_hash, u.unit IS NULL AS unprepared, ${product} AS product
      FROM facts f LEFT JOIN fact_observations o ON o.seq = f.seq
      JOIN fact_vectors v ON v.content_hash = f.content_hash AND v.model = ${model}
      LEFT JOIN fact_vector_units u ON u.content_hash = v.content_hash AND u.model = v.model
      WHERE ${conditions.join(' AND ')}
      ORDER BY unprepared DESC, product DESC NULLS LAST, f.seq LIMIT ${bind(scan.rowsMax)}) c
    JOIN fact_vectors x ON x.content_hash = c.content_hash AND x.model = ${model}
    WHERE c.unprepared OR c.product IS NOT NULL ORDER BY c.unprepared DESC, c.product DESC, c.seq`;
  return { text, params };
}
