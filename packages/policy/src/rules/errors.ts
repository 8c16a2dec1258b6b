/** Codes of the faults a policy is refused with. The rules never throw on a request. */
export type PolicyErrorCode =
  | 'POLICY_UNREADABLE'
  | 'POLICY_INVALID'
  | 'POLICY_TOO_LARGE'
  | 'POLICY_SIGNATURE_INVALID'
  | 'POLICY_SIGNATURE_EXPIRED'
  | 'POLICY_KEY_UNKNOWN'
  | 'POLICY_ROLLBACK';
