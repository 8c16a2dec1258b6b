import { PraxisError } from '@praxis/core';

/** Every code the errors of this package carry. */
export type TimestampErrorCode =
  | 'TSA_BLOCKED'
  | 'TSA_HTTP_STATUS'
  | 'TSA_REFUSED'
  | 'TSA_TRUST_UNREADABLE'
  | 'TIMESTAMP_CERTIFICATE'
  | 'TIMESTAMP_CHAIN'
  | 'TIMESTAMP_IMPRINT'
  | 'TIMESTAMP_MALFORMED'
  | 'TIMESTAMP_NONCE'
  | 'TIMESTAMP_POLICY'
  | 'TIMESTAMP_SIGNATURE'
  | 'TIMESTAMP_SIGNING_CERTIFICATE'
  | 'TIMESTAMP_USAGE';

export function timestampError(
  code: TimestampErrorCode,
  message: string,
  cause?: unknown,
): PraxisError<TimestampErrorCode> {
  return new PraxisError(code, message, { cause });
}
