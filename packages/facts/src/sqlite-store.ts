import type { Clock } from '@praxis/core';
import {
  GROUP_COMMIT_BATCH_MAX,
  groupCommit,
  openSqlite,
  type SqliteDatabase,
  sqliteVecPath,
} from '@praxis/storage';

import type { FactBackend, WriteOutcome } from './backend.ts';
import { createFactStore } from './fact-store.ts';
import { sqliteBulk } from './sqlite-bulk.ts';
import { verifySqliteDerived } from './sqlite-derived.ts';
import { checkSqliteClock } from './sqlite-clock.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { sqliteNearest } from './sqlite-nearest.ts';
import { createPointReader } from './sqlite-point.ts';
import { sqliteReading, type WriteAlone } from './sqlite-reading.ts';
import { sqliteRules } from './sqlite-rules.ts';
import { SQLITE_FACT_MIGRATIONS } from './sqlite-schema.ts';
import { sqliteSeals } from './sqlite-seals.ts';
import { createSqliteWriter } from './sqlite-writer.ts';
import type { FactStore } from './store.ts';
import type { Write } from './validate.ts';

/** Where the facts are, and the clock they are recorded by. */
export interface SqliteFactStoreOptions {
  /** A file (created owner-only), or `:memory:`. */
  path: string;
  /** Whether `sqlite-vec` ranks vectors. Default: where it is installed. The answers are the same. */
  sqliteVec?: boolean;
  clock: Clock;
}

/**
 * Opens the store in a SQLite file. Throws `STORE_CORRUPT`, `STORE_TAMPERED`, `STORE_LOCKED`,
 * `STORE_PATH_UNSAFE`, `STORE_VERSION_UNKNOWN`.
 */
export async function openSqliteFactStore(options: SqliteFactStoreOptions): Promise<FactStore> {
  const extension = options.sqliteVec === false ? null : sqliteVecPath();
  const db = openSqlite({ path: options.path, migrations: SQLITE_FACT_MIGRATIONS, extension });
  return createFactStore(sqliteBackend(db, options.clock), options.clock);
}

/** The backend over an open database with the schema of `SQLITE_FACT_MIGRATIONS`. */
export function sqliteBackend(db: SqliteDatabase, clock: Clock): FactBackend {
  const writer = createSqliteWriter(db, clock);
  const commits = groupCommit<readonly Write[], readonly WriteOutcome[]>({
    commit: (batch) => writer.commit(batch),
    batchMax: GROUP_COMMIT_BATCH_MAX,
  });
  const alone: WriteAlone = (work) => commits.alone(work);
  const bulk = sqliteBulk({
    path: db.path,
    commits,
    earliest: () => Math.max(clock.now(), writer.lastRecordedAt() + 1),
  });
  const dialect = sqliteDialect((recordedAt) => recordedAt >= writer.lastRecordedAt());
  const rules = sqliteRules(db);
  const readPoint = createPointReader(db, rules);
  const present = (): number => Math.max(clock.now(), writer.lastRecordedAt());

  return {
    write: (writes) => commits.submit(writes),
    writeMany: (facts, check) => bulk.putMany(facts, check),
    backup: (path) => db.backupTo(path),
    async horizon() {
      const recordedAt = db.reading(() => writer.lastRecordedAt());
      return { recordedAt, now: Math.max(clock.now(), recordedAt), snapshot: null };
    },
    point(key, at) {
      return db.reading(() =>
        readPoint(key, at.validAt ?? present(), at.recordedAt ?? Number.MAX_SAFE_INTEGER),
      );
    },
    ...sqliteReading(db, dialect, alone),
    nearest: sqliteNearest(db, dialect) ?? undefined,
    checkIntegrity() {
      db.checkIntegrity();
      checkSqliteClock(
        db,
        db.reading(() => writer.lastRecordedAt()),
      );
    },
    verifyDerived: async () => db.reading(() => verifySqliteDerived(db)),
    ...sqliteSeals(db, dialect, { alone, lastRecordedAt: () => writer.lastRecordedAt() }),
    classificationRules: () => db.reading(() => rules.inForce()),
    addClassificationRule: (rule) =>
      alone(() => rules.add(rule, Math.max(clock.now(), writer.lastRecordedAt()))),
    async close() {
      await commits.close();
      await bulk.close();
      db.close();
    },
  };
}
