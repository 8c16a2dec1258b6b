import type { Clock } from '@praxis/core';
import {
  groupCommit,
  openPostgres,
  type PostgresDatabase,
  type PostgresRow,
  StorageError,
} from '@praxis/storage';

import type { ClassificationRule, DiffRow, FactBackend, Seal, SealBounds, WriteOutcome } from './backend.ts';
import { CLASSIFICATION_RULES_MAX } from './bounds.ts';
import { FactError, factInvalid } from './errors.ts';
import { asRecordedBy, type Cell, factColumns, toStoredFact } from './fact-rows.ts';
import { diffSql, historySql, scanSql, type SqlQuery, vectorSql } from './fact-sql.ts';
import { createFactStore } from './fact-store.ts';
import type { FactClassification } from './model.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { POSTGRES_FACT_MIGRATIONS, POSTGRES_FACT_TRIGGERS } from './postgres-schema.ts';
import { createPostgresWriter } from './postgres-writer.ts';
import { sealedRow, sealedRowsSql } from './seal-sql.ts';
import type { EmbedFact, FactStore } from './store.ts';
import type { Write } from './validate.ts';
import { vectorBytes, vectorOf } from './vectors.ts';

/** The schema the tables live in when none is named. */
export const POSTGRES_SCHEMA_DEFAULT = 'praxis';
/** The largest batch of one transaction, in requests. */
export const POSTGRES_BATCH_MAX = 1024;

const VALID_AT = 'coalesce($5::int8, greatest($7::int8, (SELECT last FROM fact_clock)))';
const POINT = `SELECT ${factColumns(postgresDialect.contentHashHex)} FROM fact_keys k
  JOIN facts f ON f.key_id = k.key_id LEFT JOIN fact_observations o ON o.seq = f.seq
  WHERE k.subject = $1 AND k.predicate = $2 AND k.fact_type = $3 AND k.value_key = $4
  AND f.valid_from <= ${VALID_AT} AND f.valid_to > ${VALID_AT} AND f.recorded_at <= coalesce($6::int8, f.recorded_at)
  AND (f.superseded_at IS NULL OR f.superseded_at > $6::int8) ORDER BY f.recorded_at DESC LIMIT 1`;

export interface PostgresFactStoreOptions {
  /** `postgresql://user:password@host:port/database?sslmode=…` */
  url: string;
  clock: Clock;
  schema?: string;
  poolMax?: number;
  statementTimeoutMs?: number;
}

/**
 * Opens the store in PostgreSQL 16 or later. Any number of processes may share it. Throws
 * `STORE_UNAVAILABLE`, `STORE_VERSION_UNKNOWN`, `STORE_TAMPERED` (a trigger is missing or disabled).
 */
export async function openPostgresFactStore(options: PostgresFactStoreOptions): Promise<FactStore> {
  const { clock, schema = POSTGRES_SCHEMA_DEFAULT, ...connection } = options;
  const db = await openPostgres({ ...connection, schema, migrations: POSTGRES_FACT_MIGRATIONS });
  try {
    await checkTriggers(db);
    return createFactStore(postgresBackend(db, clock), clock);
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function checkTriggers(db: PostgresDatabase): Promise<void> {
  const rows = await db.query(`SELECT c.relname || '.' || t.tgname FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace`);
  const found = new Set(rows.map((row) => String(row[0])));
  const missing = POSTGRES_FACT_TRIGGERS.find((trigger) => !found.has(trigger));
  if (missing === undefined) return;
  throw new StorageError('STORE_TAMPERED', `the trigger \`${missing}\` was dropped or disabled`, {
    fields: { object: missing },
  });
}

/** The backend over an open database with the schema of `POSTGRES_FACT_MIGRATIONS`. */
export function postgresBackend(db: PostgresDatabase, clock: Clock): FactBackend {
  const commits = groupCommit<readonly Write[], readonly WriteOutcome[]>({
    commit: createPostgresWriter(db, clock),
    batchMax: POSTGRES_BATCH_MAX,
  });
  const read = (query: SqlQuery): Promise<readonly PostgresRow[]> => db.query(query.text, query.params);

  return {
    write: (writes) => commits.submit(writes),
    async horizon() {
      const [row] = await db.query('SELECT last, pg_current_snapshot()::text FROM fact_clock');
      const recordedAt = Number(row?.[0]);
      return { recordedAt, now: Math.max(clock.now(), recordedAt), snapshot: String(row?.[1]) };
    },
    async point({ subject, predicate, factType, valueKey }, at) {
      const params = [
        subject,
        predicate,
        factType,
        valueKey,
        at.validAt ?? null,
        at.recordedAt ?? null,
        clock.now(),
      ];
      const [found] = await db.query(POINT, params);
      return found === undefined ? null : toStoredFact(found as readonly Cell[]);
    },
    async scan(scan) {
      const rows = await read(scanSql(scan, postgresDialect));
      return rows.map((row) => toStoredFact(row as readonly Cell[]));
    },
    async history(scan) {
      const rows = await read(historySql(scan, postgresDialect));
      return rows.map((row) => asRecordedBy(toStoredFact(row as readonly Cell[]), scan.horizon.recordedAt));
    },
    async diff(scan) {
      const rows = await read(diffSql(scan, postgresDialect));
      return rows.map(
        (row): DiffRow => ({
          side: Number(row[20]) === 0 ? 'before' : 'after',
          fact: toStoredFact(row as readonly Cell[]),
        }),
      );
    },
    async vectors(scan) {
      const rows = await read(vectorSql(scan, postgresDialect));
      return rows.map((row) => ({
        factId: String(row[0]),
        subject: String(row[1]),
        predicate: String(row[2]),
        vector: vectorOf(row[3] as Uint8Array),
      }));
    },
    addVectors: (model, vectors) => addVectors(db, model, vectors),
    // PostgreSQL checks pages by their checksums as it reads them, and verifying reads them all.
    checkIntegrity: () => undefined,
    sealBounds: () => quiescentBounds(db),
    seals: () => readSeals(db),
    addSeal: (seal) => addSeal(db, seal),
    async sealedRows(rows, bounds, page) {
      const found = await read(sealedRowsSql(rows, bounds, page, postgresDialect));
      return found.map((row) => sealedRow(rows, row));
    },
    classificationRules: () => readRules(db),
    addClassificationRule: (rule) => addRule(db, clock, rule),
    async close() {
      await commits.close();
      await db.close();
    },
  };
}

/** With every lock held no writer is under way: all that was recorded so far is visible, and nothing later falls before it. */
function quiescentBounds(db: PostgresDatabase): Promise<SealBounds> {
  return db.transact(async (session) => {
    await session.query('SELECT 1 FROM fact_stripes ORDER BY stripe FOR UPDATE');
    await session.query('LOCK TABLE fact_classifications IN SHARE MODE');
    const [row] =
      await session.query(`SELECT (SELECT coalesce(max(seq), 0) FROM facts), (SELECT last FROM fact_clock),
      (SELECT coalesce(max(rule_id), 0) FROM fact_classifications)`);
    return { seq: Number(row?.[0]), recordedAt: Number(row?.[1]), ruleId: Number(row?.[2]) };
  });
}

async function readSeals(db: PostgresDatabase): Promise<Seal[]> {
  const rows =
    await db.query(`SELECT seal_id, through_seq, through_recorded_at, through_rule_id, rows_sealed, sealed_at,
    hash FROM fact_seals ORDER BY seal_id`);
  return rows.map(([sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash]) => ({
    sealId: Number(sealId),
    seq: Number(seq),
    recordedAt: Number(recordedAt),
    ruleId: Number(ruleId),
    rowsSealed: Number(rowsSealed),
    sealedAt: Number(sealedAt),
    hash: String(hash),
  }));
}

async function addSeal(db: PostgresDatabase, seal: Seal): Promise<void> {
  const { sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash } = seal;
  const added = await db.query(
    'INSERT INTO fact_seals VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING seal_id',
    [sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash],
  );
  if (added.length === 0) throw new FactError('FACT_SEAL_CONFLICT', 'another seal was added meanwhile');
}

async function addVectors(db: PostgresDatabase, model: string, vectors: readonly EmbedFact[]): Promise<void> {
  const rows = vectors.map(({ contentHash, vector }) => ({
    h: contentHash,
    v: Buffer.from(vectorBytes(vector)).toString('hex'),
  }));
  await db.query(
    `INSERT INTO fact_vectors (content_hash, model, vector)
     SELECT decode(w.h, 'hex'), $2, decode(w.v, 'hex') FROM json_to_recordset($1::json) AS w (h text, v text)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows), model],
  );
}

async function readRules(db: PostgresDatabase): Promise<ClassificationRule[]> {
  const rows = await db.query(`SELECT DISTINCT ON (subject_pattern, predicate_pattern) subject_pattern,
    predicate_pattern, classification FROM fact_classifications
    ORDER BY subject_pattern, predicate_pattern, rule_id DESC`);
  return rows.map((row) => ({
    subject: String(row[0]),
    predicate: String(row[1]),
    classification: row[2] as FactClassification,
  }));
}

async function addRule(
  db: PostgresDatabase,
  clock: Clock,
  rule: ClassificationRule & { actor: string; reason: string },
): Promise<void> {
  if ((await readRules(db)).length >= CLASSIFICATION_RULES_MAX) {
    throw factInvalid('classification', `rules are more than ${CLASSIFICATION_RULES_MAX}`);
  }
  await db.query(
    `INSERT INTO fact_classifications (subject_pattern, predicate_pattern, classification, recorded_at, actor, reason)
     VALUES ($1, $2, $3, greatest($4::int8, (SELECT last FROM fact_clock)), $5, $6)`,
    [rule.subject, rule.predicate, rule.classification, clock.now(), rule.actor, rule.reason],
  );
}
