import { errorCode, errorMessage, PraxisError } from '@praxis/core';

/** Every code this package throws. */
export type StorageErrorCode =
  | 'DATA_DIR_INVALID'
  | 'DATA_DIR_SYMLINK'
  | 'DATA_DIR_FOREIGN'
  | 'DATA_DIR_PERMISSIONS'
  | 'DATA_DIR_LOCKED'
  | 'STORE_PATH_UNSAFE'
  | 'STORE_LOCKED'
  | 'STORE_CORRUPT'
  | 'STORE_TAMPERED'
  | 'STORE_FULL'
  | 'STORE_IO'
  | 'STORE_CONSTRAINT'
  | 'STORE_CLOSED'
  | 'STORE_BUSY'
  | 'STORE_VERSION_UNKNOWN'
  | 'STORE_UNAVAILABLE'
  | 'STORE_TIMEOUT'
  | 'STORE_TLS_REFUSED'
  | 'STORE_FAILED';

/** A fault of the storage below. `retryable` says whether the same call may succeed later. */
export class StorageError extends PraxisError<StorageErrorCode> {
  override readonly name: string = 'StorageError';

  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

const RETRYABLE: ReadonlySet<StorageErrorCode> = new Set<StorageErrorCode>([
  'STORE_LOCKED',
  'STORE_BUSY',
  'STORE_FULL',
  'STORE_UNAVAILABLE',
  'STORE_TIMEOUT',
]);

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_CODES: ReadonlyMap<number, StorageErrorCode> = new Map<number, StorageErrorCode>([
  [5, 'STORE_LOCKED'],
  [6, 'STORE_LOCKED'],
  [8, 'STORE_IO'],
  [10, 'STORE_IO'],
  [11, 'STORE_CORRUPT'],
  [13, 'STORE_FULL'],
  [14, 'STORE_IO'],
  [19, 'STORE_CONSTRAINT'],
  [26, 'STORE_CORRUPT'],
]);

// Extended result codes that tell more than their primary one: there was no room for the shared memory of the log.
const SQLITE_EXTENDED_CODES: ReadonlyMap<number, StorageErrorCode> = new Map<number, StorageErrorCode>([
  [4874, 'STORE_FULL'],
]);

const CORRUPT_ADVICE = 'restore the latest backup with `praxis facts restore`';

/** The primary SQLite result code of a thrown value, or null when it is not a SQLite error. */
export function sqliteResultCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}

function codeOfSqlite(error: unknown, resultCode: number): StorageErrorCode {
  const { errcode } = error as { errcode: number };
  return SQLITE_EXTENDED_CODES.get(errcode) ?? SQLITE_CODES.get(resultCode) ?? 'STORE_FAILED';
}

/** A SQLite error as a `StorageError`; anything that is not one comes back unchanged. */
export function fromSqlite(error: unknown, what: string): unknown {
  // A number beyond what a double holds exactly: no store writes one.
  if (errorCode(error) === 'ERR_OUT_OF_RANGE')
    return new StorageError('STORE_CORRUPT', `${what}: a number is out of range; ${CORRUPT_ADVICE}`, {
      cause: error,
    });
  const resultCode = sqliteResultCode(error);
  if (resultCode === null) return error;
  const code = codeOfSqlite(error, resultCode);
  const advice = code === 'STORE_CORRUPT' ? `; ${CORRUPT_ADVICE}` : '';
  return new StorageError(code, `${what}: ${errorMessage(error)}${advice}`, {
    cause: error,
    fields: { sqlite_code: resultCode },
  });
}
