import type { DatabaseSync } from 'node:sqlite';

import { StorageError } from './errors.ts';

/** Checks every page of a database. Throws `STORE_CORRUPT` with what was found first. */
export function checkIntegrity(db: DatabaseSync, path: string): void {
  const rows = db.prepare('PRAGMA quick_check(1)').all();
  const first = rows[0]?.['quick_check'];
  if (rows.length === 1 && first === 'ok') return;
  throw new StorageError(
    'STORE_CORRUPT',
    `\`${path}\` is damaged: ${String(first)}; restore the latest backup with \`praxis facts restore\``,
  );
}
