import { StorageError } from './errors.ts';
import { checkMigrations } from './migrate.ts';
import type { PostgresDatabase } from './postgres.ts';
import type { PostgresSession } from './postgres-connection.ts';

/** One step forward. Statements are separated by a line that holds `--;` alone. */
export interface PostgresMigration {
  version: number;
  sql: string;
}

/** How often a migration starts again that lost a race without advisory locks. */
const RACES_MAX = 5;

/**
 * Brings the schema to the newest version in one transaction; several processes may start at once. They
 * wait for each other's advisory lock; without such locks, for the table of versions, and whoever loses
 * the race to make the schema tries again.
 */
export async function migratePostgres(
  database: PostgresDatabase,
  options: { schema: string; migrations: readonly PostgresMigration[] },
): Promise<void> {
  checkMigrations(options.migrations);
  for (let race = 1; ; race += 1) {
    try {
      return await database.transactPatiently(async (session) => {
        if (database.capabilities.advisoryLocks)
          await session.query("SELECT pg_advisory_xact_lock(hashtext('praxis migrate'))");
        // Who may not make schemas may use one that was made for it.
        const made = await session.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [options.schema]);
        if (made.length === 0) await session.query(`CREATE SCHEMA IF NOT EXISTS "${options.schema}"`);
        await session.query('CREATE TABLE IF NOT EXISTS praxis_version (version int PRIMARY KEY)');
        await session.query('LOCK TABLE praxis_version IN SHARE ROW EXCLUSIVE MODE');
        await takeSteps(session, options.migrations);
      });
    } catch (error) {
      const lost = error instanceof StorageError && error.code === 'STORE_CONSTRAINT';
      if (!lost || race === RACES_MAX) throw error;
    }
  }
}

async function takeSteps(session: PostgresSession, migrations: readonly PostgresMigration[]): Promise<void> {
  const [row] = await session.query('SELECT coalesce(max(version), 0) FROM praxis_version');
  const found = Number(row?.[0] ?? 0);
  const newest = migrations.length;
  if (found > newest) {
    throw new StorageError(
      'STORE_VERSION_UNKNOWN',
      `the store has version ${found}; this program knows ${newest}`,
      { fields: { found, newest } },
    );
  }
  for (const { version, sql } of migrations.slice(found)) {
    // All travel at once; the answers come in order, and so does the first error.
    await Promise.all(sql.split(/^--;$/m).map((statement) => session.query(statement)));
    await session.query('INSERT INTO praxis_version VALUES ($1)', [version]);
  }
}
