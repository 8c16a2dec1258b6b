import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';

import { fromSqlite, sqliteResultCode, StorageError } from './errors.ts';

const SQLITE_BUSY = 5;
/** The most earlier files that are kept beside a restored one. */
const KEPT_MAX = 1000;

/**
 * Puts a copy of one database in the place of another, in one rename. What was there is kept beside
 * it as `NAME.before-N`, and that name is returned. Throws `STORE_LOCKED` while the target is in use.
 */
export async function replaceSqlite(from: string, to: string): Promise<string | null> {
  const found = existsSync(to);
  if (found) refuseInUse(to);
  const fresh = `${to}.restoring`;
  rmSync(fresh, { force: true });
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    await backup(source, fresh);
  } catch (error) {
    throw fromSqlite(error, `reading \`${from}\``);
  } finally {
    source.close();
  }
  chmodSync(fresh, 0o600);
  sync(fresh);
  const keptAs = found ? freeName(to) : null;
  if (keptAs !== null) keep(to, keptAs);
  renameSync(fresh, to);
  sync(dirname(to));
  return keptAs;
}

/** A damaged file cannot be asked: nobody has it open as a database. */
function refuseInUse(path: string): void {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK');
  } catch (error) {
    if (sqliteResultCode(error) === SQLITE_BUSY)
      throw new StorageError('STORE_LOCKED', `\`${path}\` is in use`);
  } finally {
    db.close();
  }
}

/** The journal belongs to the file it was written for: it moves along. */
function keep(path: string, keptAs: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${keptAs}${suffix}`);
  }
}

function freeName(path: string): string {
  for (let n = 1; n <= KEPT_MAX; n += 1) if (!existsSync(`${path}.before-${n}`)) return `${path}.before-${n}`;
  throw new StorageError(
    'STORE_PATH_UNSAFE',
    `more than ${KEPT_MAX} earlier files are kept beside \`${path}\``,
  );
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
