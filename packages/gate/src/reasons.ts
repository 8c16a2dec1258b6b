/**
 * Why a call was allowed, refused or failed: stable codes that clients, tests and auditors compare.
 * Every record in the ledger carries one.
 */
export const GATE_REASONS = [
  'allowed',
  'preview',
  'invalid_arguments',
  'malformed_message',
  'unknown_tool',
  'unauthorized',
  'origin_refused',
  'request_refused',
  'redaction_failed',
  'kill_switch',
  'deny_list',
  'mode_ceiling',
  'explicit_deny',
  'no_matching_policy',
  'missing_labels',
  'max_delegation_depth_exceeded',
  'rate_limit_exceeded',
  'obligation_unsupported',
  'consent_ceiling',
  'target_missing',
  'target_not_single',
  'host_unknown',
  'host_type_mismatch',
  'destination_mismatch',
  'host_type_refused',
  'target_invalid',
  'destination_changed',
  'command_invalid',
  'command_too_long',
  'root_not_configured',
  'path_outside_root',
  'runbook_not_found',
  'runbook_unreadable',
  'runbook_invalid',
  'runbook_too_large',
  'content_changed',
  'binary_missing',
  'client_config_invalid',
  'adapter_unknown',
  'precondition_failed',
  'budget_actions',
  'budget_wall_seconds',
  'approval_required',
  'approval_required_untrusted_content',
  'approval_required_by_policy',
  'approval_unknown',
  'approval_used',
  'approval_expired',
  'approval_denied',
  'approval_other_action',
  'approval_other_target',
  'approval_other_tier',
  'approval_ruleset_changed',
  'ledger_unavailable',
  'output_too_large',
  'execution_failed',
  'host_unreachable',
  'host_key_rejected',
  'authentication_failed',
  'shell_missing',
  'connection_lost',
  'timed_out',
  'stopped',
  'internal_error',
] as const;

/** One of `GATE_REASONS`. */
export type GateReason = (typeof GATE_REASONS)[number];

/** A step's answer when the call must not go on. `reason` may be a more special code of the precondition. */
export interface GateRefusal {
  readonly reason: GateReason;
  readonly detail: string;
}
