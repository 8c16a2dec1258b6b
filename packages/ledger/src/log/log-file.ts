import {
  constants,
  existsSync,
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, errorMessage } from '@praxis/core';
import { type LedgerError, ledgerError } from '../errors.ts';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const OTHERS_MAY_WRITE = 0o002;
const STICKY = 0o1000;

/** An open log file. Two values with the same `dev` and `ino` are the same file. */
export interface LogFile {
  readonly fd: number;
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
}

/**
 * Opens a log for appending, owner-only, creating it and its directory when absent. Throws
 * `LEDGER_UNWRITABLE` for what is no place for a log: a symbolic or hard link, a directory or device,
 * another user's file, a directory where anyone may replace files, or whatever the system refuses.
 */
export function openLogFile(path: string): LogFile {
  try {
    ensureDirectory(dirname(path));
    refuseOtherThanFile(path);
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const fd = openSync(path, flags | constants.O_NONBLOCK, OWNER_ONLY_FILE);
    try {
      const stats = fstatSync(fd);
      checkFile(path, stats);
      // An append-only file (chattr +a) refuses any change of mode, so only ask for one that is needed.
      if ((stats.mode & 0o777) !== OWNER_ONLY_FILE) fchmodSync(fd, OWNER_ONLY_FILE);
      if (stats.size === 0) syncDirectory(dirname(path));
      return { fd, path, dev: stats.dev, ino: stats.ino, size: stats.size };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (error) {
    if (errorCode(error) === 'LEDGER_UNWRITABLE') throw error;
    throw unwritable(path, errorCode(error), errorMessage(error), error);
  }
}

/**
 * Opens the same log once more after its descriptor failed. Throws `LEDGER_UNWRITABLE` when another
 * file, or none, stands at its path by now.
 */
export function reopenLogFile(before: LogFile): LogFile {
  const { path, dev, ino } = before;
  try {
    const fd = openSync(
      path,
      constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    const stats = fstatSync(fd);
    if (stats.dev === dev && stats.ino === ino) return { fd, path, dev, ino, size: stats.size };
    closeSync(fd);
  } catch (error) {
    throw unwritable(path, errorCode(error), errorMessage(error), error);
  }
  throw unwritable(path, 'replaced', 'another file stands in its place');
}

/** Makes the existence of a file in this directory durable. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function ensureDirectory(path: string): void {
  makeDirectory(path);
  const { mode } = statSync(path);
  if ((mode & OTHERS_MAY_WRITE) !== 0 && (mode & STICKY) === 0) {
    throw unwritable(path, 'exposed_directory', 'anyone may replace files in its directory');
  }
}

/** Not `mkdirSync` with `recursive`: that never returns where the system has no room for new names, as in /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: OWNER_ONLY_DIRECTORY });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** Opening a device or a FIFO may itself have effects, so look before. `O_NOFOLLOW` closes the race for links. */
function refuseOtherThanFile(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) checkFile(path, stats);
}

function checkFile(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw unwritable(path, 'symbolic_link', 'it is a symbolic link');
  if (!stats.isFile()) throw unwritable(path, 'not_a_file', 'it is not a regular file');
  if (process.getuid !== undefined && stats.uid !== process.getuid()) {
    throw unwritable(path, 'foreign_owner', 'it belongs to another user');
  }
  if (stats.nlink > 1) throw unwritable(path, 'hard_link', 'it has more than one name');
}

function unwritable(path: string, reason: string, why: string, cause?: unknown): LedgerError {
  return ledgerError('LEDGER_UNWRITABLE', `the ledger at \`${path}\` cannot be written: ${why}`, {
    cause,
    fields: { path, reason },
  });
}
