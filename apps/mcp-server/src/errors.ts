import { PraxisError } from '@praxis/core';

/** What this app throws. */
export type ServerErrorCode =
  | 'TRANSPORT_UNKNOWN'
  | 'HTTP_TOKEN_REQUIRED'
  | 'HTTP_PORT_INVALID'
  | 'HTTP_BIND_REFUSED'
  | 'HTTP_BIND_FAILED'
  | 'CONTROL_BUSY'
  | 'CONTROL_UNREACHABLE'
  | 'CONTROL_PROTOCOL'
  | 'CONTROL_UNKNOWN_OP'
  | 'CONTROL_BAD_REQUEST'
  | 'OPERATOR_SECRET_REQUIRED';

/** A server that may not or cannot start, or a control request that cannot be served. */
export class ServerError extends PraxisError<ServerErrorCode> {
  override readonly name = 'ServerError';
}
