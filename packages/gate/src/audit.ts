import type { LedgerEntry } from '@praxis/ledger';
import type { CallContext } from './call.ts';

/** Where records go. `append` answers only when the record is as durable as the ledger promises. */
export interface AuditSink {
  append(entry: LedgerEntry): Promise<{ readonly seq: number }>;
}

/** What every record of one process has in common. */
export interface AuditFrame {
  readonly mode: string;
  readonly rulesetVersion: string;
  readonly policyVersion: string | null;
}

/** What every record of one call has in common. */
export function callFields(
  context: CallContext,
  frame: AuditFrame,
): Pick<
  LedgerEntry,
  | 'sessionId'
  | 'principal'
  | 'clientId'
  | 'requestId'
  | 'traceId'
  | 'mode'
  | 'patternsVersion'
  | 'policyVersion'
> {
  return {
    sessionId: context.session.id,
    principal: context.session.principal,
    clientId: context.session.clientId,
    requestId: context.requestId,
    traceId: context.traceId,
    mode: frame.mode,
    patternsVersion: frame.rulesetVersion,
    policyVersion: frame.policyVersion,
  };
}
