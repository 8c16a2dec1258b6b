import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { errorCode } from '@praxis/core';

import { copySqlite } from './copy-sqlite.ts';
import { fromSqlite, sqliteResultCode, StorageError } from './errors.ts';

const SQLITE_BUSY = 5;
/** The most earlier files that are kept beside a restored one. */
const KEPT_MAX = 1000;
/** What a file system without hard links says. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS']);

/**
 * Puts a copy of one database in the place of another, in one rename: whatever happens, one of the two is there. `check`
 * may refuse the copy before, or bring it up to date; the original is only read. What was there is kept beside it as
 * `NAME.before-N`, and that name is returned. Throws `STORE_IO` when there is nothing to copy, `STORE_CORRUPT` for what
 * is damaged or holds nothing, `STORE_LOCKED` while the target is in use.
 */
export async function replaceSqlite(
  from: string,
  to: string,
  check: (copy: string) => Promise<void>,
): Promise<string | null> {
  const fresh = `${to}.restoring`;
  const clear = (): void => {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${fresh}${suffix}`, { force: true });
  };
  refuseInUse(to);
  clear();
  try {
    await copyFrom(from, fresh);
    await check(fresh);
    refuseInUse(to);
    sync(fresh);
    const keptAs = existsSync(to) ? freeName(to) : null;
    if (keptAs !== null) keep(to, keptAs);
    renameSync(fresh, to);
    sync(dirname(to));
    return keptAs;
  } finally {
    clear();
  }
}

async function copyFrom(from: string, fresh: string): Promise<void> {
  if (!(statSync(from, { throwIfNoEntry: false })?.isFile() ?? false))
    throw new StorageError('STORE_IO', `there is no file \`${from}\``);
  try {
    const source = new DatabaseSync(from, { readOnly: true });
    try {
      // What was never brought to a version holds no rows that anybody wrote: an empty file, or another program's.
      if (source.prepare('PRAGMA user_version').get()?.['user_version'] === 0)
        throw new StorageError('STORE_CORRUPT', `\`${from}\` holds no store`);
      await copySqlite(source, from, fresh);
    } finally {
      source.close();
    }
  } catch (error) {
    throw fromSqlite(error, `reading \`${from}\``);
  }
}

/** A damaged file cannot be asked: nobody has it open as a database. */
function refuseInUse(path: string): void {
  if (!existsSync(path)) return;
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

/** Gives what is there a second name. A journal belongs to the file it was written for: it moves away. */
function keep(path: string, keptAs: string): void {
  try {
    linkSync(path, keptAs);
  } catch (error) {
    if (!NO_LINKS.has(errorCode(error))) throw error;
    renameSync(path, keptAs);
  }
  for (const suffix of ['-wal', '-shm']) {
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
