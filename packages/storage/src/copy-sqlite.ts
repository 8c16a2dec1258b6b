import { closeSync, openSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';

import { errorCode } from '@praxis/core';

import { checkIntegrity } from './check-integrity.ts';
import { fromSqlite, StorageError } from './errors.ts';

/**
 * Copies a database, which may be in use, to a new file that only its owner may read, and checks every page of the copy.
 * A copy that fails leaves no file. Throws `STORE_PATH_UNSAFE` when there is a file already, `STORE_IO` where none can be
 * made, `STORE_CORRUPT` when a damaged database was copied, `STORE_FULL`.
 */
export async function copySqlite(db: DatabaseSync, path: string, target: string): Promise<void> {
  makeOwnerOnly(target);
  try {
    await backup(db, target);
    checkCopy(path, target);
  } catch (error) {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${target}${suffix}`, { force: true });
    throw fromSqlite(error, `copying \`${path}\``);
  }
}

/**
 * The same for a database of this process that goes on being used: what is copied is what it holds now. The driver copies
 * on another thread, and then asks the connection how it went; one that is used meanwhile may have forgotten. What is
 * written meanwhile does not make the copy begin anew.
 */
export async function copySqliteInUse(path: string, target: string): Promise<void> {
  const source = snapshotOf(path);
  try {
    await copySqlite(source, path, target);
  } finally {
    source.close();
  }
}

function snapshotOf(path: string): DatabaseSync {
  try {
    const source = new DatabaseSync(path, { readOnly: true });
    source.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    return source;
  } catch (error) {
    throw fromSqlite(error, `copying \`${path}\``);
  }
}

/** What is to be copied is private from its first byte. */
function makeOwnerOnly(target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600));
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST')
      throw new StorageError('STORE_PATH_UNSAFE', `\`${target}\` exists already`);
    throw new StorageError('STORE_IO', `\`${target}\` cannot be made`, { cause });
  }
}

function checkCopy(path: string, target: string): void {
  const copy = new DatabaseSync(target, { readOnly: true });
  try {
    checkIntegrity(copy, path);
  } finally {
    copy.close();
  }
}
