import type { GroupCommit, SqliteDatabase, SqlValue } from '@praxis/storage';

import type { DiffRow, FactBackend } from './backend.ts';
import { diffSql, historySql, scanSql, vectorSql } from './fact-questions.ts';
import { asRecordedBy, type Cell, toStoredFact } from './fact-rows.ts';
import type { SqlParam, SqlQuery } from './fact-sql.ts';
import type { SqliteDialect } from './sqlite-dialect.ts';
import { indexText } from './sqlite-text.ts';
import type { EmbedFact } from './store.ts';
import { vectorBytes, vectorOf } from './vectors.ts';

/** Writes while no other transaction of the store is under way. */
export type WriteAlone = GroupCommit<never, never>['alone'];

/** What questions about more than one key need of a store. */
export function sqliteReading(
  db: SqliteDatabase,
  dialect: SqliteDialect,
  alone: WriteAlone,
): Pick<FactBackend, 'scan' | 'history' | 'diff' | 'vectors' | 'addVectors'> {
  return {
    async scan(scan) {
      if (scan.filter.terms !== undefined) await indexText(db, alone);
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
    addVectors: (model, vectors) => alone(() => addVectors(db, model, vectors)),
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

/** The rows of a statement, as arrays. */
export function readRows(db: SqliteDatabase, query: SqlQuery): Cell[][] {
  const statement = db.prepare(query.text, { arrays: true });
  return db.reading(() => statement.all(...query.params.map(toSqlValue)) as unknown as Cell[][]);
}

function toSqlValue(param: SqlParam): SqlValue {
  return typeof param === 'string' || typeof param === 'number' || param === null
    ? param
    : JSON.stringify(param);
}
