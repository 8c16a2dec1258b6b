/** Codes of the faults a pinned fetch throws; a refused destination is a value, not a fault. */
export type EgressErrorCode =
  | 'EGRESS_HEADER_REFUSED'
  | 'EGRESS_CONNECTION_FAILED'
  | 'EGRESS_TIMEOUT'
  | 'EGRESS_BODY_TOO_LARGE'
  | 'EGRESS_REDIRECTS_TOO_MANY';
