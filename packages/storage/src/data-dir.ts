import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { errorCode } from '@praxis/core';

import { StorageError } from './errors.ts';

const OWNER_ONLY_DIR = 0o700;
const GROUP_OR_OTHER_WRITE = 0o022;
const GROUP_OR_OTHER = 0o077;

/**
 * Opens a directory that only its owner may enter, creating it (mode 0700) when it is absent.
 * Returns its absolute path. Refuses a symbolic link (`DATA_DIR_SYMLINK`), a directory of another
 * user (`DATA_DIR_FOREIGN`), one that others may write to (`DATA_DIR_PERMISSIONS`) and what is not
 * a directory (`DATA_DIR_INVALID`). A directory others may only read is closed to them.
 */
export function openDataDir(path: string): string {
  if (path.length === 0 || path.includes('\0'))
    throw new StorageError('DATA_DIR_INVALID', 'the path is empty');
  const absolute = resolve(path);
  const found = statOrNull(absolute);
  if (found === null) createDir(absolute);
  const stats = found ?? lstatSync(absolute);
  checkDir(absolute, stats);
  if ((stats.mode & GROUP_OR_OTHER) !== 0) chmodSync(absolute, OWNER_ONLY_DIR);
  return absolute;
}

function createDir(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    mkdirSync(path, { mode: OWNER_ONLY_DIR });
  } catch (error) {
    // Another process may have made it between the look and the leap; the checks below judge it.
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function checkDir(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw new StorageError('DATA_DIR_SYMLINK', `\`${path}\` is a symbolic link`);
  if (!stats.isDirectory()) throw new StorageError('DATA_DIR_INVALID', `\`${path}\` is not a directory`);
  if (!isOwnedByThisUser(stats)) {
    throw new StorageError('DATA_DIR_FOREIGN', `\`${path}\` belongs to another user`, {
      fields: { uid: stats.uid },
    });
  }
  if ((stats.mode & GROUP_OR_OTHER_WRITE) !== 0) {
    throw new StorageError(
      'DATA_DIR_PERMISSIONS',
      `\`${path}\` can be written by other users; run chmod 700 on it`,
    );
  }
}

/** True on platforms without user ids, too. */
export function isOwnedByThisUser(stats: Stats): boolean {
  return process.getuid === undefined || stats.uid === process.getuid();
}

/** `lstat`, or null when nothing is there. */
export function statOrNull(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}
