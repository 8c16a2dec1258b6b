import { consoleLine } from './approvals/console-line.ts';
import type { CallOutput, GateResult } from './call.ts';
import { describeFailure } from './failure.ts';
import { boundOutput } from './output.ts';
import type { GateRefusal } from './reasons.ts';
import { callSignal, digestOf } from './read.ts';
import { type RecordFields, writeRecord } from './record.ts';
import { boundedDetail, emptyResult, finishRefusal } from './refuse.ts';
import type { ActState } from './state.ts';
import { ADMISSION_STEPS, type Step } from './steps.ts';

/**
 * The order of an action, in one screen: every admission step, then either a preview (one record, and an
 * approval opened when one will be needed) or intent, execution and outcome.
 */
export async function actRun<T>(state: ActState<T>): Promise<GateResult<T>> {
  for (const step of ADMISSION_STEPS) {
    const refusal = await admit(step, state);
    if (refusal !== null) return finishRefusal(state, refusal, askedFields(state));
  }
  return state.call.dryRun ? preview(state) : execute(state);
}

/** A step that throws is a step that refuses. */
async function admit<T>(step: Step, state: ActState<T>): Promise<GateRefusal | null> {
  try {
    return await step(state);
  } catch (error) {
    return describeFailure(error);
  }
}

async function preview<T>(state: ActState<T>): Promise<GateResult<T>> {
  const ran = await attempt(() => state.call.preview(callSignal(state)));
  const finished = await finish(state, ran, { kind: 'read', intentSeq: null, allowedReason: 'preview' });
  if (finished.decision !== 'allowed' || !state.gated) return finished;
  return { ...finished, approvalId: openApproval(state) };
}

async function execute<T>(state: ActState<T>): Promise<GateResult<T>> {
  let intentSeq: number;
  try {
    intentSeq = await writeRecord(state, {
      ...askedFields(state),
      kind: 'intent',
      decision: 'allowed',
      reason: 'allowed',
      output: null,
      error: null,
      approval: state.approval,
      intentSeq: null,
    });
  } catch {
    const answer = emptyResult<T>(state, state.tier);
    return {
      ...answer,
      reason: 'ledger_unavailable',
      detail: 'nothing was run: its intent could not be recorded',
    };
  }
  const { budget } = state.context.session;
  const beganMs = state.deps.clock.monotonicMs();
  const ran = await attempt(() => state.call.execute(callSignal(state)));
  budget.chargeWall(state.deps.clock.monotonicMs() - beganMs);
  return finish(state, ran, { kind: 'outcome', intentSeq, allowedReason: 'allowed' });
}

/** Runs something that may throw anything; from here on a failure is a value. */
async function attempt<T>(run: () => Promise<CallOutput<T>>): Promise<Attempted<T>> {
  try {
    const output = await run();
    if (output.failure === undefined) return { output, failure: null };
    return { output, failure: { ...output.failure, detail: boundedDetail(output.failure.detail) } };
  } catch (error) {
    return { output: null, failure: describeFailure(error) };
  }
}

interface Attempted<T> {
  readonly output: CallOutput<T> | null;
  readonly failure: ReturnType<typeof describeFailure> | null;
}

async function finish<T>(
  state: ActState<T>,
  { output, failure }: Attempted<T>,
  how: { kind: 'read' | 'outcome'; intentSeq: number | null; allowedReason: 'preview' | 'allowed' },
): Promise<GateResult<T>> {
  const decision = failure === null ? 'allowed' : 'error';
  const reason = failure?.reason ?? how.allowedReason;
  const digest = output === null ? null : digestOf(output);
  const answer: GateResult<T> = {
    ...emptyResult<T>(state, state.tier),
    decision,
    reason,
    detail: failure?.detail ?? '',
    dryRun: state.call.dryRun,
    actionId: state.binding?.actionId ?? null,
    value: output?.value ?? null,
    output: output === null ? null : boundOutput(output.body, digest?.lengthBytes ?? 0),
    outputSha256: digest?.sha256 ?? null,
    outputLengthBytes: digest?.lengthBytes ?? 0,
  };
  try {
    const seq = await writeRecord(state, {
      ...askedFields(state),
      kind: how.kind,
      decision,
      reason,
      output: digest,
      error: failure?.detail ?? null,
      approval: state.approval,
      intentSeq: how.intentSeq,
    });
    return { ...answer, seq };
  } catch {
    // The run cannot be taken back; its durable intent will show as interrupted. The caller must not
    // take it for a clean success.
    return { ...answer, decision: 'error', reason: 'ledger_unavailable', detail: lostOutcome(how.kind) };
  }
}

function lostOutcome(kind: 'read' | 'outcome'): string {
  return kind === 'outcome'
    ? 'the action ran, but its outcome could not be recorded'
    : 'the preview could not be recorded';
}

/** Opens the approval that the real run will use up, and shows its token to the operator alone. */
function openApproval<T>(state: ActState<T>): string | null {
  const { call, context, deps, binding, classification, tier, approvalRules } = state;
  if (binding === null) return null;
  const { subject } = call;
  const minted = deps.approvals.mint(binding, context.session.id, {
    tool: call.tool,
    command: subject.command,
    destination: subject.destination,
    adapter: subject.adapter,
    principal: context.session.principal,
    sessionId: context.session.id,
    preview: subject.preview,
    reasons: [
      ...(classification?.reasons ?? []).map((reason) => `${reason.code}: ${reason.detail}`),
      ...approvalRules.map((rule) => `policy: ${rule}`),
    ],
  });
  deps.operatorConsole?.(
    consoleLine({
      tool: call.tool,
      actionId: binding.actionId,
      target: subject.target,
      tier,
      token: minted.token,
      ttlSeconds: minted.ttlSeconds,
    }),
  );
  return minted.id;
}

function askedFields<T>(
  state: ActState<T>,
): Pick<RecordFields, 'tool' | 'tier' | 'target' | 'hostType' | 'dryRun' | 'actionId'> {
  const { call, tier, binding } = state;
  return {
    tool: call.tool,
    tier,
    target: call.subject.target,
    hostType: call.subject.hostType,
    dryRun: call.dryRun,
    actionId: binding?.actionId ?? null,
  };
}
