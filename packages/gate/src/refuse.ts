import type { Tier } from '@praxis/core';
import { redactText } from '@praxis/screen';
import type { GateResult, RefusedCall } from './call.ts';
import type { CallStart } from './state.ts';
import { type RecordFields, writeRecord } from './record.ts';
import type { GateRefusal } from './reasons.ts';

/** The longest explanation that a record or an answer carries, in UTF-16 code units. */
export const DETAIL_LENGTH_MAX = 500;

/** What every call hears while everything is stopped. */
export const STOPPED: GateRefusal = { reason: 'kill_switch', detail: 'everything is stopped' };

/** Records a call that never got as far as being judged. */
export function refusalRun(start: CallStart, call: RefusedCall): Promise<GateResult<never>> {
  // A stop is the first thing to hear: nothing else matters until it is lifted.
  const stopped = start.deps.killSwitch.tripped() ? STOPPED : null;
  return finishRefusal(start, stopped ?? call.refusal, {
    tool: call.tool,
    tier: call.tier,
    target: call.target,
    hostType: call.hostType,
    dryRun: null,
    actionId: null,
  });
}

type RefusedFields = Pick<RecordFields, 'tool' | 'target' | 'hostType' | 'dryRun' | 'actionId'> & {
  tier: Tier;
};

/** One record, and the answer that carries its number. A refusal that cannot be recorded stays a refusal. */
export async function finishRefusal<T>(
  start: CallStart,
  refusal: GateRefusal,
  fields: RefusedFields,
): Promise<GateResult<T>> {
  const detail = boundedDetail(refusal.detail);
  const base = emptyResult<T>(start, fields.tier);
  const answer = {
    ...base,
    reason: refusal.reason,
    detail,
    dryRun: fields.dryRun ?? false,
    actionId: fields.actionId,
  };
  try {
    const seq = await writeRecord(start, {
      ...fields,
      kind: 'refusal',
      decision: 'denied',
      reason: refusal.reason,
      output: null,
      error: detail,
      approval: null,
      intentSeq: null,
    });
    return { ...answer, seq };
  } catch {
    // The ledger keeps count of what it could not write; the caller hears why nothing more is done.
    return {
      ...answer,
      reason: 'ledger_unavailable',
      detail: 'the record of this refusal could not be written',
    };
  }
}

/** A denial that says nothing yet: the shape every answer starts from. */
export function emptyResult<T>(start: CallStart, tier: Tier): GateResult<T> {
  return {
    decision: 'denied',
    reason: 'internal_error',
    detail: '',
    tier,
    dryRun: false,
    actionId: null,
    decisionId: start.decisionId,
    value: null,
    output: null,
    outputSha256: null,
    outputLengthBytes: 0,
    seq: null,
    approvalId: null,
    redactedArgs: start.args.redacted,
  };
}

/** An explanation without secrets and of bounded length. */
export function boundedDetail(detail: string): string {
  return redactText(detail.slice(0, DETAIL_LENGTH_MAX * 4)).slice(0, DETAIL_LENGTH_MAX);
}
