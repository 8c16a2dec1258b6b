export type { TimestampErrorCode } from './errors.ts';
export { type TimestampRequest, timestampRequest, tokenInResponse } from './request.ts';
export {
  RFC3161,
  rfc3161Stamper,
  rfc3161Verifier,
  stamp,
  type StamperOptions,
  TSA_TIMEOUT_MS,
} from './stamper.ts';
export { type Timestamp, type TimestampTrust, TOKEN_BYTES_MAX, verifyToken } from './verify-token.ts';
