import { type PostgresDatabase, StorageError } from '@praxis/storage';

import { FOREVER } from './timeline.ts';

const NAME = 'facts_no_overlap';
const EXISTS = `SELECT 1 FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
  WHERE c.conname = '${NAME}' AND t.relnamespace = current_schema()::regnamespace`;
// An index over ranges costs six times what all other indexes of a fact cost together. Periods without end,
// which most are, are kept apart by the unique index on ends.
const ADD = (table: string): string => `ALTER TABLE ${table} ADD CONSTRAINT ${NAME}
  EXCLUDE USING gist (fact_key_number(subject, predicate, fact_type, value_key) WITH =,
  int8range(valid_from, valid_to) WITH &&)
  WHERE (superseded_at IS NULL AND valid_to < ${FOREVER})`;

/**
 * Where it can be had, an exclusion constraint keeps the bounded believed periods of a key apart, also from
 * sessions that do not take the store's locks. Says whether it is there.
 */
export async function excludeOverlaps(db: PostgresDatabase, table: string): Promise<boolean> {
  if (!db.capabilities.exclusion) return false;
  if ((await db.query(EXISTS)).length > 0) return true;
  try {
    await db.transactPatiently(async (session) => {
      await session.query('LOCK TABLE praxis_version IN SHARE ROW EXCLUSIVE MODE');
      if ((await session.query(EXISTS)).length > 0) return;
      await session.query('CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public');
      await session.query(ADD(table));
    });
    return true;
  } catch (error) {
    // A server that offers the extension and then will not install it: the core does without.
    if (error instanceof StorageError && REFUSALS.has(String(error.fields['sqlstate']))) return false;
    throw error;
  }
}

// Insufficient privilege, feature not supported, undefined file (the extension is listed and not installed).
const REFUSALS: ReadonlySet<string> = new Set(['42501', '0A000', '58P01']);
