import type { DatabaseSync } from 'node:sqlite';

import { StorageError } from './errors.ts';

/** One step forward. Versions count from 1 without gaps; a published step is never changed. */
export interface SqliteMigration {
  version: number;
  sql: string;
}

/**
 * Brings a database to the newest version, each step in its own transaction. The version is SQLite's
 * `user_version`. Throws `STORE_VERSION_UNKNOWN` for a database made by a newer praxis: what an old
 * program would write into it could not be trusted.
 */
export function migrateSqlite(db: DatabaseSync, migrations: readonly SqliteMigration[]): void {
  checkMigrations(migrations);
  const newest = migrations.length;
  const found = versionOf(db);
  if (found > newest) {
    throw new StorageError(
      'STORE_VERSION_UNKNOWN',
      `the store has version ${found}; this program knows ${newest}`,
      {
        fields: { found, newest },
      },
    );
  }
  for (const migration of migrations.slice(found)) applyMigration(db, migration);
}

function applyMigration(db: DatabaseSync, migration: SqliteMigration): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have taken this step while we waited for the lock.
    if (versionOf(db) < migration.version) {
      db.exec(migration.sql);
      db.exec(`PRAGMA user_version = ${migration.version}`);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Throws when versions are not 1, 2, 3 …: a mistake of the programmer. */
export function checkMigrations(migrations: readonly { version: number }[]): void {
  migrations.forEach((migration, index) => {
    if (migration.version !== index + 1) {
      throw new StorageError('STORE_FAILED', `migration ${index + 1} has version ${migration.version}`);
    }
  });
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}
