import { formatInstant, type Instant } from '@praxis/core';
import type { ChainPosition } from './chain-walk.ts';
import { ledgerError } from './errors.ts';
import type { OpenIntent } from './open-intents.ts';
import { type LedgerEntry, RECORD_DECISIONS, RECORD_KINDS, type SessionHeaderFields } from './record.ts';

/** The kinds that only the ledger itself may write: a forged one would explain away damage. */
const OWN_KINDS: readonly string[] = ['segment', 'recovery'];
const CALLERS_KINDS: ReadonlySet<string> = new Set(RECORD_KINDS.filter((kind) => !OWN_KINDS.includes(kind)));
const DECISIONS: ReadonlySet<string> = new Set(RECORD_DECISIONS);

/** The reason of the record that closes an intent whose outcome nobody recorded. */
export const INTERRUPTED = 'outcome_unknown';
/** The reason of the record that announces a new signing key. */
export const KEY_ROTATED = 'evidence_key_rotated';
/** The reason of the last record of a session that was closed in order. */
export const SESSION_ENDED = 'session_ended';
/** The reason of the record that owns up to records whose callers were told they had failed. */
export const ADOPTED = 'adopted';

/** Throws `LEDGER_ENTRY_INVALID` for what a caller may not ask to be recorded. */
export function refuseInvalidEntry(entry: LedgerEntry): void {
  const { kind, decision, reason } = entry;
  if (!CALLERS_KINDS.has(kind)) throw invalid(`\`${kind}\` is no kind of entry`);
  if (!DECISIONS.has(decision)) throw invalid(`\`${decision}\` is no decision`);
  if (typeof reason !== 'string') throw invalid('an entry needs a reason');
}

/** What a session header says about the evidence: whose signature to expect, and how much there is already. */
export interface EvidenceHeader {
  readonly verifier_key: string;
  readonly records: number;
  readonly last_hash: string;
}

export function sessionEntry(
  session: SessionHeaderFields,
  startedAt: Instant,
  evidence: EvidenceHeader | null,
): LedgerEntry {
  return {
    kind: 'session',
    decision: 'session',
    reason: 'session_started',
    tool: 'praxis',
    tier: 'T0',
    mode: session.mode,
    principal: session.operator,
    args: {
      praxis_version: session.version,
      binary_sha256: session.buildDigest,
      mode: session.mode,
      config_sha256: session.configDigest,
      audit_retention_days: session.auditRetentionDays,
      evidence_retention_days: session.evidenceRetentionDays,
      operator: session.operator,
      started_at: formatInstant(startedAt),
      evidence,
    },
  };
}

/** The last record of a session that was closed in order: a session without one was cut off. */
export function sessionEndedEntry(): LedgerEntry {
  return { kind: 'session', decision: 'session', reason: SESSION_ENDED, tool: 'praxis', tier: 'T0' };
}

/** The record of a new signing key, with the old key's word for it. */
export function keyRotatedEntry(verifierKey: string, endorsement: string): LedgerEntry {
  return {
    kind: 'control',
    decision: 'session',
    reason: KEY_ROTATED,
    tool: 'praxis',
    tier: 'T0',
    args: { verifier_key: verifierKey, endorsement },
  };
}

/** "Interrupted: outcome unknown": what an action did is not known, only that it was about to start. */
export function interruptedEntry(intent: OpenIntent): LedgerEntry {
  return {
    kind: 'interrupted',
    decision: 'error',
    reason: INTERRUPTED,
    tool: intent.tool,
    target: intent.target,
    tier: intent.tier as LedgerEntry['tier'] & string,
    host: intent.host,
    hostType: intent.host_type,
    actionId: intent.action_id,
    sessionId: intent.session_id,
    principal: intent.principal,
    intentSeq: intent.seq,
    error: { code: INTERRUPTED, message: 'interrupted: outcome unknown' },
  };
}

export function adoptedEntry(before: ChainPosition, after: ChainPosition): LedgerEntry {
  return {
    kind: 'recovery',
    decision: 'session',
    reason: ADOPTED,
    tool: 'praxis',
    tier: 'T0',
    args: { first_seq: before.nextSeq, last_seq: after.nextSeq - 1 },
  };
}

function invalid(message: string): Error {
  return ledgerError('LEDGER_ENTRY_INVALID', message);
}
