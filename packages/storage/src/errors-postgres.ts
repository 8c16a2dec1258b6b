import { errorCode, errorMessage } from '@praxis/core';
import { DatabaseError } from 'pg';

import { StorageError, type StorageErrorCode } from './errors.ts';

// SQLSTATE codes, https://www.postgresql.org/docs/current/errcodes-appendix.html
const BY_STATE: ReadonlyMap<string, StorageErrorCode> = new Map<string, StorageErrorCode>([
  ['40001', 'STORE_BUSY'],
  ['40P01', 'STORE_BUSY'],
  ['53100', 'STORE_FULL'],
  ['53200', 'STORE_UNAVAILABLE'],
  ['53300', 'STORE_UNAVAILABLE'],
  ['55P03', 'STORE_LOCKED'],
  ['57014', 'STORE_TIMEOUT'],
  ['57P01', 'STORE_UNAVAILABLE'],
  ['57P02', 'STORE_UNAVAILABLE'],
  ['57P03', 'STORE_UNAVAILABLE'],
  ['58030', 'STORE_IO'],
  ['XX001', 'STORE_CORRUPT'],
  ['XX002', 'STORE_CORRUPT'],
]);
const BY_CLASS: ReadonlyMap<string, StorageErrorCode> = new Map<string, StorageErrorCode>([
  ['08', 'STORE_UNAVAILABLE'],
  ['23', 'STORE_CONSTRAINT'],
  ['25', 'STORE_UNAVAILABLE'],
]);

/**
 * What the driver threw, as a `StorageError`. What did not come from the server is a broken connection.
 * After `STORE_UNAVAILABLE` a write may or may not have been committed: repeat it with its
 * idempotency key.
 */
export function fromPostgres(error: unknown): StorageError {
  const message = `PostgreSQL: ${errorMessage(error)}`;
  const state = errorCode(error, '');
  if (!(error instanceof DatabaseError)) {
    return new StorageError('STORE_UNAVAILABLE', message, { cause: error, fields: { driver_code: state } });
  }
  const code = BY_STATE.get(state) ?? BY_CLASS.get(state.slice(0, 2)) ?? 'STORE_FAILED';
  return new StorageError(code, message, { cause: error, fields: { sqlstate: state } });
}
