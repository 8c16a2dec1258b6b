import type { Clock, Tier } from '@praxis/core';
import type { Classification, Mode, ShellKind } from '@praxis/policy';
import type { ActionBinding } from './action.ts';
import type { ApprovalStore } from './approvals/approval-store.ts';
import type { OperatorConsole } from './approvals/console-line.ts';
import type { ArgumentRecord } from './arguments.ts';
import type { AuditFrame, AuditSink } from './audit.ts';
import type { ActCall, CallContext } from './call.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { PolicyInForce } from './policy-in-force.ts';

/** What the gate decides with and writes to. Bound at start; no call can change it. */
export interface GateDeps {
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly mode: Mode;
  /** The operator's policy document; `null` leaves tiers and modes alone to decide. */
  readonly policy: PolicyInForce | null;
  readonly rulesetVersion: string;
  readonly killSwitch: KillSwitch;
  readonly approvals: ApprovalStore;
  /** Whether a read is answered although it could not be recorded. It is counted, and the count recorded later. */
  readonly unrecordedReads: 'refuse' | 'allow';
  /** Shows console tokens to the operator; `null` switches console tokens off. */
  readonly operatorConsole: OperatorConsole | null;
  classify(command: string, options: { shell: ShellKind }): Classification;
}

/** What is known of any call before its first step. */
export interface CallStart {
  readonly deps: GateDeps;
  readonly frame: AuditFrame;
  readonly context: CallContext;
  readonly args: ArgumentRecord;
  readonly decisionId: string;
  readonly startedAtMs: number;
}

/** One act call on its way through the steps. Each step reads it and may fill in its own part. */
export interface ActState<T> extends CallStart {
  readonly call: ActCall<T>;
  tier: Tier;
  classification: Classification | null;
  binding: ActionBinding | null;
  gated: boolean;
  /** Rules of the policy document that ask for a person. */
  approvalRules: readonly string[];
  approval: { readonly id: string; readonly approver: string } | null;
}
