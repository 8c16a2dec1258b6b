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

// What Node says when a certificate does not fit, https://nodejs.org/api/tls.html#x509-certificate-error-codes
const TLS_REFUSALS: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const NO_TLS = 'The server does not support SSL connections';

/**
 * What the driver threw, as a `StorageError`. What did not come from the server is a broken connection.
 * A certificate that does not fit, or a server without TLS where it is asked for, is `STORE_TLS_REFUSED`.
 * After `STORE_UNAVAILABLE` a write may or may not have been committed: repeat it with its
 * idempotency key.
 */
export function fromPostgres(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const message = `PostgreSQL: ${errorMessage(error)}`;
  const state = errorCode(error, '');
  if (!(error instanceof DatabaseError)) {
    const refused = TLS_REFUSALS.has(state) || errorMessage(error) === NO_TLS;
    return new StorageError(refused ? 'STORE_TLS_REFUSED' : 'STORE_UNAVAILABLE', message, {
      cause: error,
      fields: { driver_code: state },
    });
  }
  const code = BY_STATE.get(state) ?? BY_CLASS.get(state.slice(0, 2)) ?? 'STORE_FAILED';
  const { constraint } = error;
  const fields = { sqlstate: state, ...(constraint === undefined ? {} : { constraint }) };
  return new StorageError(code, message, { cause: error, fields });
}
