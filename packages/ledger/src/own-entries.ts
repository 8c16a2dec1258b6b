import { formatInstant, type Instant } from '@praxis/core';
import type { ChainPosition, OpenIntent } from './chain-walk.ts';
import { ledgerError } from './errors.ts';
import type { RecoveredTail } from './log/recover.ts';
import { type LedgerEntry, RECORD_DECISIONS, RECORD_KINDS, type SessionHeaderFields } from './record.ts';

/** The kinds that only the ledger itself may write: a forged one would explain away damage. */
const OWN_KINDS: readonly string[] = ['segment', 'recovery'];

/** The reason of the record that closes an intent whose outcome nobody recorded. */
export const INTERRUPTED = 'outcome_unknown';
/** The reason of the record that owns up to records whose callers were told they had failed. */
export const ADOPTED = 'adopted';

/** Throws `LEDGER_ENTRY_INVALID` for what a caller may not ask to be recorded. */
export function refuseInvalidEntry(entry: LedgerEntry): void {
  const { kind, decision, reason } = entry;
  if (!RECORD_KINDS.includes(kind) || OWN_KINDS.includes(kind))
    throw invalid(`\`${kind}\` is no kind of entry`);
  if (!RECORD_DECISIONS.includes(decision)) throw invalid(`\`${decision}\` is no decision`);
  if (typeof reason !== 'string') throw invalid('an entry needs a reason');
}

export function sessionEntry(session: SessionHeaderFields, startedAt: Instant): LedgerEntry {
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
    },
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

export function adoptedEntry(before: ChainPosition, tail: RecoveredTail): LedgerEntry {
  return {
    kind: 'recovery',
    decision: 'session',
    reason: ADOPTED,
    tool: 'praxis',
    tier: 'T0',
    args: { first_seq: before.nextSeq, last_seq: tail.position.nextSeq - 1 },
  };
}

function invalid(message: string): Error {
  return ledgerError('LEDGER_ENTRY_INVALID', message);
}
