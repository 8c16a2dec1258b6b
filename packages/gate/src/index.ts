export { type ActionBinding, type ActionIdentity, actionDigest, actionIdOf } from './action.ts';
export {
  APPROVAL_TTL_SECONDS_DEFAULT,
  APPROVALS_PENDING_MAX,
  APPROVALS_PER_SESSION_MAX,
  type ApprovalCard,
  ApprovalStore,
  type ApprovalView,
  type MintedApproval,
} from './approvals/approval-store.ts';
export { type ConsoleApproval, consoleLine, type OperatorConsole } from './approvals/console-line.ts';
export {
  hashOperatorSecret,
  loadOperatorSecret,
  OPERATOR_ATTEMPTS_MAX,
  OPERATOR_SECRET_LENGTH_MAX,
  OPERATOR_SECRET_LENGTH_MIN,
  OperatorVerifier,
  type StoredOperatorSecret,
  saveOperatorSecret,
} from './approvals/operator-secret.ts';
export type { AuditSink } from './audit.ts';
export { Budget, type BudgetLimits } from './budget.ts';
export type {
  ActCall,
  ActionSubject,
  CallContext,
  CallOutput,
  GateResult,
  ReadCall,
  RefusedCall,
} from './call.ts';
export { GateError, type GateErrorCode } from './errors.ts';
export { Gate } from './gate.ts';
export { KillSwitch, SENTINEL_POLL_MS } from './kill-switch.ts';
export { boundOutput, digestOutput, OUTPUT_PREVIEW_BYTES_MAX, READ_OUTPUT_BYTES_MAX } from './output.ts';
export type { PolicyInForce } from './policy-in-force.ts';
export { RecordKeeper } from './record-keeper.ts';
export { GATE_REASONS, type GateReason, type GateRefusal } from './reasons.ts';
export { CALLERS_MAX, type Session, Sessions } from './session.ts';
export type { GateDeps } from './state.ts';
export { TaintLatch } from './taint.ts';
