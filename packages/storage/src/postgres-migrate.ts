import { StorageError } from './errors.ts';
import { checkMigrations } from './migrate.ts';
import type { PostgresDatabase } from './postgres.ts';

/** One step forward. Statements are separated by a line that holds `--;` alone. */
export interface PostgresMigration {
  version: number;
  sql: string;
}

/** Brings the schema to the newest version in one transaction, under a lock: several processes may start at once. */
export async function migratePostgres(
  database: PostgresDatabase,
  options: { schema: string; migrations: readonly PostgresMigration[] },
): Promise<void> {
  checkMigrations(options.migrations);
  await database.transact(async (session) => {
    await session.query("SELECT pg_advisory_xact_lock(hashtext('praxis migrate'))");
    await session.query(`CREATE SCHEMA IF NOT EXISTS ${options.schema}`);
    await session.query('CREATE TABLE IF NOT EXISTS praxis_version (version int PRIMARY KEY)');
    const [row] = await session.query('SELECT coalesce(max(version), 0) FROM praxis_version');
    const found = Number(row?.[0] ?? 0);
    const newest = options.migrations.length;
    if (found > newest) {
      throw new StorageError(
        'STORE_VERSION_UNKNOWN',
        `the store has version ${found}; this program knows ${newest}`,
        {
          fields: { found, newest },
        },
      );
    }
    for (const { version, sql } of options.migrations.slice(found)) {
      for (const statement of sql.split(/^--;$/m)) await session.query(statement);
      await session.query('INSERT INTO praxis_version VALUES ($1)', [version]);
    }
  });
}
