import type { Instant, Json, Principal, Sha256Hex, Tier } from '@praxis/core';

/** The version of the record's shape, field `v`. */
export const RECORD_VERSION = 1;

/** The `prev_hash` of the first record of a ledger. */
export const GENESIS_HASH: Sha256Hex = '0'.repeat(64);

/** What a record tells about. */
export const RECORD_KINDS = [
  'session',
  'segment',
  'read',
  'refusal',
  'intent',
  'outcome',
  'control',
  'recovery',
  'interrupted',
] as const;
/** What a record tells about, one of `RECORD_KINDS`. */
export type RecordKind = (typeof RECORD_KINDS)[number];

/** What was decided; `session` marks the ledger's own records. */
export const RECORD_DECISIONS = ['allowed', 'denied', 'error', 'session'] as const;
/** What was decided, one of `RECORD_DECISIONS`. */
export type RecordDecision = (typeof RECORD_DECISIONS)[number];

/** What went wrong, redacted by the caller. */
export interface RecordError {
  readonly code: string;
  readonly message: string;
}

/**
 * What a caller asks to be recorded. Absent fields are read back as `null`. The caller redacts `args`
 * and `error`; outputs are given as digest and length, never as bodies.
 */
export interface LedgerEntry {
  readonly kind: RecordKind;
  readonly decision: RecordDecision;
  /** A stable code that says why, for example `allowed` or `mode_refused`. */
  readonly reason: string;
  readonly tool?: string | null;
  readonly target?: string | null;
  readonly tier?: Tier | null;
  /** Redacted arguments: any value; what JSON cannot hold is replaced, what is too large is left out. */
  readonly args?: unknown;
  /** Digest and length in bytes of the arguments as they came in, before redaction. */
  readonly argsSha256?: Sha256Hex | null;
  readonly argsLen?: number | null;
  /** The arguments as they came in: used for `argsSha256` and `argsLen` when those are absent; never stored. */
  readonly rawArgs?: string | Uint8Array;
  readonly outputSha256?: Sha256Hex | null;
  readonly outputLen?: number | null;
  readonly error?: RecordError | null;
  readonly requestId?: string | null;
  readonly clientId?: string | null;
  readonly traceId?: string | null;
  readonly sessionId?: string | null;
  readonly decisionId?: string | null;
  readonly actionId?: string | null;
  readonly principal?: Principal | null;
  readonly mode?: string | null;
  /** Digest of the rule set that classified the action. */
  readonly patternsVersion?: string | null;
  readonly policyVersion?: string | null;
  readonly host?: string | null;
  readonly hostType?: string | null;
  readonly approvalId?: string | null;
  readonly approver?: Principal | null;
  readonly durationUs?: number | null;
  /** For an outcome or an interruption: the `seq` of its intent. */
  readonly intentSeq?: number | null;
  readonly dryRun?: boolean | null;
}

/** What `append` answers once the record is durable. */
export interface LedgerRecord {
  readonly seq: number;
  readonly ts: Instant;
  readonly prevHash: Sha256Hex;
  readonly entryHash: Sha256Hex;
}

/**
 * A record read back, without `entry_hash`. What is hashed are these members, sorted by name; those of
 * `OmittedWhenNull` are not there when they are null, and every reader of a line puts the null back.
 */
export interface StoredRecord {
  readonly action_id: string | null;
  readonly approval_id: string | null;
  readonly approver: string | null;
  readonly args: Json;
  readonly args_len: number | null;
  readonly args_sha256: string | null;
  readonly client_id: string | null;
  readonly decision: RecordDecision;
  readonly decision_id: string | null;
  readonly dry_run: boolean | null;
  readonly duration_us: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly host: string | null;
  readonly host_type: string | null;
  readonly intent_seq: number | null;
  readonly kind: RecordKind;
  readonly mode: string | null;
  readonly origin_id: string;
  readonly output_len: number | null;
  readonly output_sha256: string | null;
  readonly patterns_version: string | null;
  readonly policy_version: string | null;
  readonly prev_hash: string;
  readonly principal: string | null;
  readonly reason: string;
  readonly request_id: string | null;
  readonly seq: number;
  readonly session_id: string | null;
  readonly target: string | null;
  readonly tier: string | null;
  readonly tool: string | null;
  readonly trace_id: string | null;
  readonly ts: string;
  readonly v: number;
}

/** The members that a stored line has only when they are not null. */
export type OmittedWhenNull =
  | 'action_id'
  | 'approval_id'
  | 'approver'
  | 'args_len'
  | 'args_sha256'
  | 'decision_id'
  | 'dry_run'
  | 'duration_us'
  | 'host'
  | 'host_type'
  | 'intent_seq'
  | 'mode'
  | 'policy_version'
  | 'session_id'
  | 'trace_id';

/** The members of a line as they were parsed. */
export type StoredMembers = Omit<StoredRecord, OmittedWhenNull> &
  Partial<Pick<StoredRecord, OmittedWhenNull>>;

/** A record with a null for each member that its line leaves out, and whatever else the line has. */
export function withNulls<T extends StoredMembers>(members: T): T & StoredRecord {
  return { ...NULLS, ...members };
}

const NULLS: Readonly<Record<OmittedWhenNull, null>> = {
  action_id: null,
  approval_id: null,
  approver: null,
  args_len: null,
  args_sha256: null,
  decision_id: null,
  dry_run: null,
  duration_us: null,
  host: null,
  host_type: null,
  intent_seq: null,
  mode: null,
  policy_version: null,
  session_id: null,
  trace_id: null,
};

/** What binds a session, written as the first record of every open. */
export interface SessionHeaderFields {
  /** The version of praxis. */
  readonly version: string;
  /** Digest of the program that runs. */
  readonly buildDigest: Sha256Hex;
  readonly mode: string;
  /** Digest of the effective configuration. */
  readonly configDigest: Sha256Hex;
  /** How long the log and its evidence are to be kept, in days; 0 is for ever. */
  readonly auditRetentionDays: number;
  readonly evidenceRetentionDays: number;
  readonly operator: Principal;
}
