import type { Clock } from '@praxis/core';
import {
  GROUP_COMMIT_BATCH_MAX,
  groupCommit,
  openSqlite,
  type SqliteDatabase,
  type SqlRow,
  type SqlValue,
} from '@praxis/storage';

import type { ClassificationRule, DiffRow, FactBackend, Seal, WriteOutcome } from './backend.ts';
import { CLASSIFICATION_RULES_MAX } from './bounds.ts';
import { FactError, factInvalid } from './errors.ts';
import { asRecordedBy, type Cell, toStoredFact } from './fact-rows.ts';
import type { SqlParam, SqlQuery } from './fact-sql.ts';
import { createFactStore } from './fact-store.ts';
import type { FactClassification } from './model.ts';
import { sealedRow, sealedRowsSql } from './seal-sql.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { diffSql, historySql, scanSql, vectorSql } from './sqlite-fact-sql.ts';
import { createPointReader } from './sqlite-point.ts';
import { SQLITE_FACT_MIGRATIONS } from './sqlite-schema.ts';
import { indexText } from './sqlite-text.ts';
import { createSqliteWriter, type SqliteWriter } from './sqlite-writer.ts';
import type { EmbedFact, FactStore } from './store.ts';
import type { Write } from './validate.ts';
import { vectorBytes, vectorOf } from './vectors.ts';

/** Where the facts are, and the clock they are recorded by. */
export interface SqliteFactStoreOptions {
  /** A file (created owner-only), or `:memory:`. */
  path: string;
  clock: Clock;
}

/**
 * Opens the store in a SQLite file. Throws `STORE_CORRUPT`, `STORE_TAMPERED`, `STORE_LOCKED`,
 * `STORE_PATH_UNSAFE`, `STORE_VERSION_UNKNOWN`.
 */
export async function openSqliteFactStore(options: SqliteFactStoreOptions): Promise<FactStore> {
  const db = openSqlite({ path: options.path, migrations: SQLITE_FACT_MIGRATIONS });
  return createFactStore(sqliteBackend(db, options.clock), options.clock, (path) => db.backupTo(path));
}

/** The backend over an open database with the schema of `SQLITE_FACT_MIGRATIONS`. */
export function sqliteBackend(db: SqliteDatabase, clock: Clock): FactBackend {
  const writer = createSqliteWriter(db, clock);
  const commits = groupCommit<readonly Write[], readonly WriteOutcome[]>({
    commit: (batch) => writer.commit(batch),
    batchMax: GROUP_COMMIT_BATCH_MAX,
  });
  const dialect = sqliteDialect((recordedAt) => recordedAt >= writer.lastRecordedAt());
  const readPoint = createPointReader(db);
  const rules = rulesOf(db);
  const present = (): number => Math.max(clock.now(), writer.lastRecordedAt());

  return {
    write: (writes) => commits.submit(writes),
    async horizon() {
      const recordedAt = writer.lastRecordedAt();
      return { recordedAt, now: Math.max(clock.now(), recordedAt), snapshot: null };
    },
    point(key, at) {
      return readPoint(key, at.validAt ?? present(), at.recordedAt ?? Number.MAX_SAFE_INTEGER);
    },
    async scan(scan) {
      if (scan.filter.terms !== undefined) indexText(db);
      return readRows(db, scanSql(scan, dialect)).map(toStoredFact);
    },
    async history(scan) {
      const rows = readRows(db, historySql(scan, dialect));
      return rows.map((row) => asRecordedBy(toStoredFact(row), scan.horizon.recordedAt));
    },
    diff: async (scan) =>
      readRows(db, diffSql(scan, dialect)).map(
        (row): DiffRow => ({ side: Number(row[20]) === 0 ? 'before' : 'after', fact: toStoredFact(row) }),
      ),
    vectors: async (scan) =>
      readRows(db, vectorSql(scan, dialect)).map((row) => ({
        factId: String(row[0]),
        subject: String(row[1]),
        predicate: String(row[2]),
        vector: vectorOf(row[3] as Uint8Array),
      })),
    addVectors: async (model, vectors) => addVectors(db, model, vectors),
    checkIntegrity: () => db.checkIntegrity(),
    sealBounds: async () => {
      const row = db.get(`SELECT (SELECT coalesce(max(seq), 0) FROM facts) AS seq,
        (SELECT coalesce(max(rule_id), 0) FROM fact_classifications) AS rule`);
      return {
        seq: Number(row?.['seq']),
        recordedAt: writer.lastRecordedAt(),
        ruleId: Number(row?.['rule']),
      };
    },
    seals: async () => readSeals(db),
    addSeal: async (seal) => addSeal(db, seal),
    sealedRows: async (rows, bounds, page) =>
      readRows(db, sealedRowsSql(rows, bounds, page, dialect)).map((row) => sealedRow(rows, row)),
    classificationRules: () => rules.read(),
    async addClassificationRule(rule) {
      rules.forget();
      addRule(db, writer, clock, rule);
    },
    async close() {
      await commits.close();
      db.close();
    },
  };
}

function addVectors(db: SqliteDatabase, model: string, vectors: readonly EmbedFact[]): void {
  db.transact(() => {
    for (const { contentHash, vector } of vectors) {
      db.run(
        `INSERT INTO fact_vectors (content_hash, model, vector) SELECT ?1, ?2, ?3
         WHERE NOT EXISTS (SELECT 1 FROM fact_vectors WHERE content_hash = ?1 AND model = ?2)`,
        [Buffer.from(contentHash, 'hex'), model, vectorBytes(vector)],
      );
    }
  });
}

function readSeals(db: SqliteDatabase): Seal[] {
  return db.all('SELECT * FROM fact_seals ORDER BY seal_id').map((row) => ({
    sealId: Number(row['seal_id']),
    seq: Number(row['through_seq']),
    recordedAt: Number(row['through_recorded_at']),
    ruleId: Number(row['through_rule_id']),
    rowsSealed: Number(row['rows_sealed']),
    sealedAt: Number(row['sealed_at']),
    hash: String(row['hash']),
  }));
}

function addSeal(db: SqliteDatabase, seal: Seal): void {
  db.transact(() => {
    const last = Number(db.get('SELECT coalesce(max(seal_id), 0) AS last FROM fact_seals')?.['last']);
    if (last + 1 !== seal.sealId)
      throw new FactError('FACT_SEAL_CONFLICT', 'another seal was added meanwhile');
    const { sealId, seq, recordedAt, ruleId, rowsSealed, sealedAt, hash } = seal;
    db.run('INSERT INTO fact_seals VALUES (?,?,?,?,?,?,?)', [
      sealId,
      seq,
      recordedAt,
      ruleId,
      rowsSealed,
      sealedAt,
      hash,
    ]);
  });
}

function readRows(db: SqliteDatabase, query: SqlQuery): Cell[][] {
  return db.prepare(query.text, { arrays: true }).all(...query.params.map(toSqlValue)) as unknown as Cell[][];
}

function toSqlValue(param: SqlParam): SqlValue {
  return typeof param === 'string' || typeof param === 'number' || param === null
    ? param
    : JSON.stringify(param);
}

/** The rules in force, read again only when they may have changed. */
interface Rules {
  read(): readonly ClassificationRule[];
  forget(): void;
}

function rulesOf(db: SqliteDatabase): Rules {
  let version: number | null = null;
  let rules: readonly ClassificationRule[] = [];
  return {
    read() {
      const found = db.dataVersion();
      if (found !== version) rules = readRules(db);
      version = found;
      return rules;
    },
    forget() {
      version = null;
    },
  };
}

function readRules(db: SqliteDatabase): ClassificationRule[] {
  const rows = db.all(`SELECT subject_pattern, predicate_pattern, classification FROM fact_classifications
    WHERE rule_id IN (SELECT max(rule_id) FROM fact_classifications GROUP BY subject_pattern, predicate_pattern)`);
  return rows.map((row: SqlRow) => ({
    subject: String(row['subject_pattern']),
    predicate: String(row['predicate_pattern']),
    classification: row['classification'] as FactClassification,
  }));
}

function addRule(
  db: SqliteDatabase,
  writer: SqliteWriter,
  clock: Clock,
  rule: ClassificationRule & { actor: string; reason: string },
): void {
  if (readRules(db).length >= CLASSIFICATION_RULES_MAX) {
    throw factInvalid('classification', `rules are more than ${CLASSIFICATION_RULES_MAX}`);
  }
  const recordedAt = Math.max(clock.now(), writer.lastRecordedAt());
  db.transact(() =>
    db.run(
      `INSERT INTO fact_classifications (subject_pattern, predicate_pattern, classification, recorded_at, actor, reason)
       VALUES (?,?,?,?,?,?)`,
      [rule.subject, rule.predicate, rule.classification, recordedAt, rule.actor, rule.reason],
    ),
  );
}
