import { type PostgresDatabase, type PostgresSession, StorageError } from '@praxis/storage';

import type { EmbedFact } from './store.ts';
import { unitOf, vectorBytes, vectorOf } from './vectors.ts';

// Vectors are kept as bytes. Where pgvector is, a table of its own holds the same vectors once more, of length one and
// in its type: what a question is answered from stays the bytes, and a store can lose the table, or never have had it.

/** How many vectors one question prepares for those that come after it. */
const PREPARED_PER_QUESTION = 2000;

const TABLE = 'fact_vector_units';
const SCHEMA_OF_EXTENSION = `SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'vector'`;
const HAS_TABLE = `SELECT 1 FROM pg_class WHERE relname = '${TABLE}' AND relnamespace = current_schema()::regnamespace`;
const createTable = (vectorType: string): readonly string[] => [
  `CREATE TABLE ${TABLE} (content_hash bytea NOT NULL, model text NOT NULL, unit ${vectorType} NOT NULL,
    PRIMARY KEY (content_hash, model))`,
  ...['BEFORE UPDATE OR DELETE', 'BEFORE TRUNCATE'].flatMap((when, n) => [
    `CREATE TRIGGER ${TABLE}_${n} ${when} ON ${TABLE} FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()`,
    `ALTER TABLE ${TABLE} ENABLE ALWAYS TRIGGER ${TABLE}_${n}`,
  ]),
];
const ADD_VECTORS = `INSERT INTO fact_vectors (content_hash, model, vector)
  SELECT decode(w.h, 'hex'), $2, decode(w.v, 'hex') FROM json_to_recordset($1::json) AS w (h text, v text)
  ON CONFLICT DO NOTHING RETURNING encode(content_hash, 'hex')`;
const UNPREPARED = `SELECT encode(v.content_hash, 'hex'), v.vector FROM fact_vectors v
  WHERE v.model = $1 AND NOT EXISTS (
    SELECT 1 FROM ${TABLE} u WHERE u.content_hash = v.content_hash AND u.model = v.model) LIMIT ${PREPARED_PER_QUESTION}`;

/** What ranks vectors in the database. */
export interface PgVector {
  /** The schema of the extension, quoted. */
  readonly schema: string;
}

/**
 * Finds out whether vectors can be ranked in the database, and gets ready for it: the extension is installed where the
 * role may, and a table beside the others is made. Null where any of that is not to be had.
 */
export async function openPgVector(db: PostgresDatabase): Promise<PgVector | null> {
  if (!db.capabilities.vectors) return null;
  return orWithout(async () => (await find(db)) ?? (await db.transactPatiently(install)));
}

/**
 * Null for what a server that offers the extension then does not do: it will not install it, not for this role, or it
 * was taken away since.
 */
export async function orWithout<R>(work: () => Promise<R>): Promise<R | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageError && REFUSALS.has(String(error.fields['sqlstate']))) return null;
    throw error;
  }
}

async function find(session: PostgresSession): Promise<PgVector | null> {
  const [row] = await session.query(SCHEMA_OF_EXTENSION);
  if (row === undefined || (await session.query(HAS_TABLE)).length === 0) return null;
  const schema = `"${String(row[0]).replaceAll('"', '""')}"`;
  // Both can be there and not be for this role.
  await session.query(
    `SELECT ${schema}.inner_product(u.unit, u.unit), ${schema}.vector_dims(u.unit) FROM ${TABLE} u LIMIT 1`,
  );
  return { schema };
}

async function install(session: PostgresSession): Promise<PgVector | null> {
  await session.query('LOCK TABLE praxis_version IN SHARE ROW EXCLUSIVE MODE');
  if ((await session.query(SCHEMA_OF_EXTENSION)).length === 0)
    await session.query('CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public');
  const [row] = await session.query(SCHEMA_OF_EXTENSION);
  if ((await session.query(HAS_TABLE)).length === 0) {
    const vectorType = `"${String(row?.[0]).replaceAll('"', '""')}".vector`;
    for (const statement of createTable(vectorType)) await session.query(statement);
  }
  return find(session);
}

// Insufficient privilege, feature not supported, and undefined file, function, type, schema, table and column.
const REFUSALS: ReadonlySet<string> = new Set([
  '42501',
  '0A000',
  '58P01',
  '42883',
  '42704',
  '3F000',
  '42P01',
  '42703',
]);

/** Keeps vectors by content; a second one for the same content and model is ignored. */
export async function addPostgresVectors(
  db: PostgresDatabase,
  pgVector: PgVector | null,
  model: string,
  vectors: readonly EmbedFact[],
): Promise<void> {
  // The first of a content wins, also within one call.
  const byContent = new Map(vectors.toReversed().map(({ contentHash, vector }) => [contentHash, vector]));
  const rows = [...byContent].map(([h, vector]) => ({
    h,
    v: Buffer.from(vectorBytes(vector)).toString('hex'),
  }));
  const added = await db.query(ADD_VECTORS, [JSON.stringify(rows), model]);
  if (pgVector === null) return;
  const units = added.flatMap(([hash]) => unitRecord(String(hash), byContent.get(String(hash))));
  // What is not prepared now is when a question needs it.
  await orWithout(() => addUnits(db, pgVector, model, units));
}

/**
 * Prepares some of the vectors that were kept where the extension was not used. Says whether there were any: until there
 * are none, questions are answered without it.
 */
export async function preparePgVector(
  db: PostgresDatabase,
  pgVector: PgVector,
  model: string,
): Promise<boolean> {
  const found = await db.query(UNPREPARED, [model]);
  const units = found.flatMap(([hash, bytes]) => unitRecord(String(hash), vectorOf(bytes as Uint8Array)));
  await addUnits(db, pgVector, model, units);
  return found.length > 0;
}

interface UnitRecord {
  readonly h: string;
  readonly u: string;
}

function unitRecord(contentHash: string, vector: Float32Array | undefined): UnitRecord[] {
  return vector === undefined ? [] : [{ h: contentHash, u: realArray(unitOf(vector)) }];
}

async function addUnits(
  session: PostgresSession,
  { schema }: PgVector,
  model: string,
  units: readonly UnitRecord[],
): Promise<void> {
  if (units.length === 0) return;
  await session.query(
    `INSERT INTO ${TABLE} (content_hash, model, unit)
     SELECT decode(w.h, 'hex'), $2, w.u::real[]::${schema}.vector
     FROM json_to_recordset($1::json) AS w (h text, u text) ON CONFLICT DO NOTHING`,
    [JSON.stringify(units), model],
  );
}

/** Below this a number adds nothing to a product of vectors of length one, and some servers refuse to read it. */
const NUMBER_MIN = 1e-30;
/** As many digits as tell every number of 32 bits apart. */
const DIGITS = 9;

/** A vector as the text of a `real[]`. */
export function realArray(vector: Float32Array): string {
  const numbers = Array.from(vector, (n) => (Math.abs(n) < NUMBER_MIN ? '0' : n.toPrecision(DIGITS)));
  return `{${numbers.join(',')}}`;
}
