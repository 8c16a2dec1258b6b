import type { Json, Tier } from '@praxis/core';
import type { ShellKind } from '@praxis/policy';
import type { GateReason, GateRefusal } from './reasons.ts';
import type { Session } from './session.ts';

/** Which request this is, for the records. */
export interface CallContext {
  readonly session: Session;
  readonly requestId: string | null;
  readonly traceId: string | null;
  /** Aborted when the caller goes away or cancels. */
  readonly signal?: AbortSignal;
}

/** What an execution or a read produced. */
export interface CallOutput<T> {
  /** What the caller's tool shapes its answer from. */
  readonly value: T;
  /** The whole output, or as much of it as was kept. */
  readonly body: string | Uint8Array;
  /** Digest and length of the whole output, when `body` is only a part of it. */
  readonly whole?: { readonly sha256: string; readonly lengthBytes: number };
  /** Set when the action ran and failed; the body still holds its diagnostics. */
  readonly failure?: { readonly reason: GateReason; readonly detail: string };
}

/** What of an action is judged, bound by an approval, and shown to a person. */
export interface ActionSubject {
  /** The exact text that a real run executes. */
  readonly command: string;
  readonly shell: ShellKind;
  readonly adapter: string;
  readonly target: string;
  readonly hostType: string | null;
  readonly destination: string;
  readonly contentDigest: string | null;
  /** What an approver reads, besides the command. */
  readonly preview: string;
}

/** A call that only observes: one record. */
export interface ReadCall<T> {
  readonly kind: 'read';
  readonly tool: string;
  readonly args: unknown;
  readonly target: string | null;
  /** Whether the answer (or the argument) brings content that nobody vouches for. */
  readonly untrusted: boolean | ((value: T) => boolean);
  /** True for the stop itself: it must work also when everything else is stopped. */
  readonly exemptFromKillSwitch?: boolean;
  run(signal: AbortSignal): Promise<CallOutput<T>>;
}

/** A call that can have effects: previewed, approved, then run between an intent and an outcome record. */
export interface ActCall<T> {
  readonly kind: 'act';
  readonly tool: string;
  readonly args: unknown;
  readonly dryRun: boolean;
  readonly approvalToken: string | null;
  /** The least tier of this kind of action, whatever the command says. */
  readonly baseTier: Tier;
  readonly subject: ActionSubject;
  /** Conditions that must hold right before the run; the first refusal ends the call. */
  readonly preconditions: readonly (() => GateRefusal | null | Promise<GateRefusal | null>)[];
  preview(signal: AbortSignal): Promise<CallOutput<T>>;
  execute(signal: AbortSignal): Promise<CallOutput<T>>;
}

/** A call that a tool refused before there was anything to judge: bad arguments, an unknown host. */
export interface RefusedCall {
  readonly tool: string;
  readonly args: unknown;
  readonly target: string | null;
  readonly hostType: string | null;
  /** The least tier of this kind of call; nothing more is known of one that was never judged. */
  readonly tier: Tier;
  readonly refusal: GateRefusal;
}

/** What came of a call. Everything here is also in the ledger, except `output` and `value`. */
export interface GateResult<T = unknown> {
  readonly decision: 'allowed' | 'denied' | 'error';
  readonly reason: GateReason;
  readonly detail: string;
  readonly tier: Tier;
  readonly dryRun: boolean;
  readonly actionId: string | null;
  readonly decisionId: string;
  readonly value: T | null;
  /** What an action wrote, redacted and bounded; a read's answer is its value. */
  readonly output: string | null;
  readonly outputSha256: string | null;
  readonly outputLengthBytes: number;
  /** Sequence number of the closing record; `null` when it could not be written. */
  readonly seq: number | null;
  /** The approval opened by a preview: its id, never its token. */
  readonly approvalId: string | null;
  readonly redactedArgs: Json;
}
