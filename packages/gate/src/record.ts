import type { Tier } from '@praxis/core';
import type { LedgerEntry } from '@praxis/ledger';
import { redactText } from '@praxis/screen';
import { callFields } from './audit.ts';
import type { CallStart } from './state.ts';
import type { OutputDigest } from './output.ts';
import type { GateReason } from './reasons.ts';

/** What a record says besides what every record of the call says. */
export interface RecordFields {
  readonly kind: LedgerEntry['kind'];
  readonly decision: 'allowed' | 'denied' | 'error';
  readonly reason: GateReason;
  readonly tool: string;
  readonly tier: Tier;
  readonly target: string | null;
  readonly hostType: string | null;
  readonly dryRun: boolean | null;
  readonly actionId: string | null;
  readonly output: OutputDigest | null;
  readonly error: string | null;
  readonly approval: { readonly id: string; readonly approver: string } | null;
  readonly intentSeq: number | null;
}

/** Writes one record of a call. Throws what the ledger throws: the caller decides what that means. */
export async function writeRecord(start: CallStart, fields: RecordFields): Promise<number> {
  const { deps, context, frame, args } = start;
  // A host that the inventory knows is named as it is; every other target is a caller's own word.
  const target = fields.hostType === null ? spokenName(fields.target) : fields.target;
  const { seq } = await deps.audit.append({
    ...callFields(context, frame),
    kind: fields.kind,
    decision: fields.decision,
    reason: fields.reason,
    tool: spokenName(fields.tool) ?? '',
    tier: fields.tier,
    target,
    host: target,
    hostType: fields.hostType,
    dryRun: fields.dryRun,
    actionId: fields.actionId,
    args: args.redacted,
    argsSha256: args.sha256,
    argsLen: args.lengthBytes,
    outputSha256: fields.output?.sha256 ?? null,
    outputLen: fields.output?.lengthBytes ?? null,
    error: fields.error === null ? null : { code: fields.reason, message: fields.error },
    decisionId: start.decisionId,
    approvalId: fields.approval?.id ?? null,
    approver: fields.approval?.approver ?? null,
    durationUs: Math.max(0, Math.round((deps.clock.monotonicMs() - start.startedAtMs) * 1000)),
    intentSeq: fields.intentSeq,
  });
  return seq;
}

/** The longest name that is looked through for secrets, in UTF-16 code units; the ledger keeps less of it. */
const SPOKEN_NAME_LENGTH_MAX = 4096;

/** A name that a caller chose: like any argument it may hold a secret in the wrong place. */
function spokenName(name: string | null): string | null {
  return name === null ? null : redactText(name.slice(0, SPOKEN_NAME_LENGTH_MAX));
}
