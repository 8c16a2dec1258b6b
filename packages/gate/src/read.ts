import type { CallOutput, GateResult, ReadCall } from './call.ts';
import { describeFailure } from './failure.ts';
import type { CallStart } from './state.ts';
import { digestOutput, type OutputDigest, READ_OUTPUT_BYTES_MAX } from './output.ts';
import { type RecordFields, writeRecord } from './record.ts';
import { boundedDetail, emptyResult, finishRefusal, STOPPED } from './refuse.ts';
import { judgeRead } from './policy-in-force.ts';
import type { GateRefusal } from './reasons.ts';

/** Redaction, kill switch, the policy document, the read itself, the taint latch, one record; in this order. */
export async function readRun<T>(start: CallStart, call: ReadCall<T>): Promise<GateResult<T>> {
  const refusal = admitRead(start, call);
  if (refusal !== null) return finishRefusal(start, refusal, refusedFields(call));
  // Armed before the content exists: a read that fails half way may have shown something already.
  if (call.untrusted === true) start.context.session.taint.mark();
  let output: CallOutput<T>;
  try {
    output = await call.run(callSignal(start));
  } catch (error) {
    return finishRead(start, call, { ...describeFailure(error), output: null });
  }
  if (typeof call.untrusted === 'function' && call.untrusted(output.value))
    start.context.session.taint.mark();
  return finishRead(start, call, { ...judgeOutput(output), output });
}

function admitRead<T>(start: CallStart, call: ReadCall<T>): GateRefusal | null {
  if (!start.args.ok) return { reason: 'redaction_failed', detail: 'the arguments could not be redacted' };
  if (call.exemptFromKillSwitch === true) return null;
  if (start.deps.killSwitch.tripped()) return STOPPED;
  try {
    return judgeRead(start, call);
  } catch (error) {
    // A policy that cannot be asked refuses.
    return describeFailure(error);
  }
}

interface ReadOutcome<T> {
  readonly reason: GateResult['reason'];
  readonly detail: string;
  readonly output: CallOutput<T> | null;
}

function judgeOutput<T>(output: CallOutput<T>): { reason: GateResult['reason']; detail: string } {
  if (output.failure) return { reason: output.failure.reason, detail: boundedDetail(output.failure.detail) };
  const lengthBytes = digestOf(output).lengthBytes;
  if (lengthBytes <= READ_OUTPUT_BYTES_MAX) return { reason: 'allowed', detail: '' };
  return {
    reason: 'output_too_large',
    detail: `the answer has ${lengthBytes} bytes and the bound is ${READ_OUTPUT_BYTES_MAX}: ask for less`,
  };
}

async function finishRead<T>(
  start: CallStart,
  call: ReadCall<T>,
  { reason, detail, output }: ReadOutcome<T>,
): Promise<GateResult<T>> {
  const decision = reason === 'allowed' ? 'allowed' : 'error';
  const digest = output === null ? null : digestOf(output);
  const shown = decision === 'allowed' && output !== null;
  const answer: GateResult<T> = {
    ...emptyResult<T>(start, 'T0'),
    decision,
    reason,
    detail,
    value: shown ? output.value : null,
    outputSha256: digest?.sha256 ?? null,
    outputLengthBytes: digest?.lengthBytes ?? 0,
  };
  try {
    const fields: RecordFields = {
      ...refusedFields(call),
      kind: 'read',
      decision,
      reason,
      output: digest,
      error: detail === '' ? null : detail,
      approval: null,
      intentSeq: null,
    };
    return { ...answer, seq: await writeRecord(start, fields) };
  } catch {
    // Counted by the record keeper; whether the reader may have the answer all the same was decided at start.
    if (start.deps.unrecordedReads === 'allow') return answer;
    const refused = emptyResult<T>(start, 'T0');
    return {
      ...refused,
      reason: 'ledger_unavailable',
      detail: 'the record of this read could not be written',
    };
  }
}

function refusedFields<T>(call: ReadCall<T>): Parameters<typeof finishRefusal>[2] {
  return { tool: call.tool, tier: 'T0', target: call.target, hostType: null, dryRun: null, actionId: null };
}

/** Aborted by the kill switch or by the caller, whichever comes first. */
export function callSignal(start: CallStart): AbortSignal {
  const { killSwitch } = start.deps;
  const caller = start.context.signal;
  return caller === undefined ? killSwitch.signal : AbortSignal.any([killSwitch.signal, caller]);
}

/** Digest of the whole output, also when only a part of it was kept. */
export function digestOf(output: CallOutput<unknown>): OutputDigest {
  return output.whole ?? digestOutput(output.body);
}
