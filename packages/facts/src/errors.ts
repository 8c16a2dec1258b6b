import { PraxisError } from '@praxis/core';

/** Every code this package throws by itself (`docs/reference/errors.md`); those of `@praxis/storage` pass through. */
export type FactErrorCode =
  | 'FACT_INVALID'
  | 'FACT_TOO_LARGE'
  | 'FACT_VERSION_CONFLICT'
  | 'FACT_IDEMPOTENCY_CONFLICT'
  | 'FACT_CURSOR_INVALID'
  | 'FACT_QUERY_INVALID'
  | 'FACT_STORE_DSN_INVALID'
  | 'FACT_KIND_INVALID'
  | 'FACT_SEAL_CONFLICT'
  | 'FACT_UNSUPPORTED';

/** A request the store refused: nothing of it was done, and it would be refused again. `fields` says which part. */
export class FactError extends PraxisError<FactErrorCode> {
  override readonly name: string = 'FactError';
}

/** `FACT_INVALID` with the offending field in `fields.field`. */
export function factInvalid(field: string, message: string): FactError {
  return new FactError('FACT_INVALID', `\`${field}\` ${message}`, { fields: { field } });
}

/** `FACT_QUERY_INVALID` with the offending field in `fields.field`. */
export function queryInvalid(field: string, message: string): FactError {
  return new FactError('FACT_QUERY_INVALID', `\`${field}\` ${message}`, { fields: { field } });
}
