import { closeSync, fchmodSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { fromSqlite, sqliteResultCode, StorageError } from './errors.ts';

const LOCK_FILE = 'holder.lock';
const HOLDER_FILE = 'holder.pid';
const SQLITE_BUSY = 5;

/** Held until `release`, or until the process ends, however it ends. */
export interface DataDirLock {
  release(): void;
}

/**
 * Makes this process the one holder of a data directory. Throws `DATA_DIR_LOCKED` (with the
 * holder's `pid` in `fields` when it is known) while another process, or this one, holds it.
 *
 * The lock is the operating system's lock on a SQLite file: it ends with the process, so there is no
 * stale lock to clean up and no race in doing so.
 */
export function lockDataDir(dir: string): DataDirLock {
  const path = join(dir, LOCK_FILE);
  touchOwnerOnly(path);
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE');
  } catch (error) {
    db.close();
    if (sqliteResultCode(error) !== SQLITE_BUSY) throw fromSqlite(error, `locking \`${dir}\``);
    const pid = holderPid(dir);
    throw new StorageError(
      'DATA_DIR_LOCKED',
      `\`${dir}\` is in use by another process${pid === null ? '' : ` (${pid})`}`,
      {
        fields: { pid },
      },
    );
  }
  writeFileSync(join(dir, HOLDER_FILE), `${process.pid}\n`, { mode: 0o600 });
  let held = true;
  return {
    release(): void {
      if (!held) return;
      held = false;
      db.close();
    },
  };
}

/** The process that last took the lock, as it wrote it down; null when there is no record of it. */
function holderPid(dir: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(dir, HOLDER_FILE), 'utf8'), 10);
    return Number.isSafeInteger(pid) ? pid : null;
  } catch {
    return null; // only a hint for a message: the lock itself has already been refused
  }
}

/** Creates a file only its owner may read or write, or narrows an existing one. */
export function touchOwnerOnly(path: string): void {
  const fd = openSync(path, 'a', 0o600);
  try {
    fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
}
