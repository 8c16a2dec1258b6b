import { userInfo } from 'node:os';
import { errorCode, errorMessage, formatInstant } from '@praxis/core';
import type { FactStore } from '@praxis/facts';
import { blessBaseline } from '@praxis/fleet';
import type { ApprovalStore, ApprovalView, AuditSink, KillSwitch, OperatorVerifier } from '@praxis/gate';
import { redact, redactText } from '@praxis/screen';
import type { ControlRequest } from './control/protocol.ts';
import { ServerError } from './errors.ts';

/** What an operator's acts work on. */
export interface OperatorDeps {
  readonly audit: AuditSink;
  readonly approvals: ApprovalStore;
  readonly operator: OperatorVerifier;
  readonly killSwitch: KillSwitch;
  readonly facts: FactStore;
  readonly mode: string;
  readonly rulesetVersion: string;
  /** Goes on in a new segment of the ledger, or with a new signing key; answers its path or the key. */
  rotateLedger(what: 'segment' | 'key'): Promise<string>;
  /** What a status request answers. */
  status(): Readonly<Record<string, unknown>>;
}

type Act = Exclude<ControlRequest, { op: 'mcp' }>;

/** Who does an act: the name that the secret proves, or the account that nothing proves. */
interface Actor {
  readonly principal: string;
  readonly authenticated: boolean;
}

interface Done {
  readonly result: unknown;
  readonly target: string | null;
  readonly approvalId: string | null;
  /** Takes back what lets work run, when it could not be recorded. */
  readonly undo?: () => void;
}

/**
 * Does what an operator asks, out of band, and leaves a record of it whether it succeeded or not.
 * Looking (status, list, show) leaves none. Throws what went wrong, after recording it.
 */
export async function operatorAct(deps: OperatorDeps, request: Act): Promise<unknown> {
  if (request.op === 'status') return deps.status();
  if (request.op === 'approvals.list') return deps.approvals.list().map(approvalView);
  if (request.op === 'approvals.show') return approvalView(deps.approvals.find(request.id));
  let actor: Actor = accountActor();
  try {
    actor = await authenticate(deps, request);
    const done = await perform(deps, request, actor);
    await recordOrUndo(deps, request, actor, done);
    return done.result;
  } catch (error) {
    await record(deps, request, actor, null, error);
    throw error;
  }
}

/** Acts after which praxis trusts something it did not trust before; with a secret set, only its owner does them. */
function extendsTrust(request: Act): boolean {
  if (request.op === 'audit.rotate') return request.what === 'key';
  return request.op === 'resume' || request.op === 'baseline.bless';
}

/** Grants and denials need the operator's secret, and what extends trust does once one is set; stopping never does. */
async function authenticate(deps: OperatorDeps, request: Act): Promise<Actor> {
  const secret = 'secret' in request ? request.secret : undefined;
  if (secret !== undefined && deps.operator.initialised) {
    return { principal: `operator:${await deps.operator.verify(secret)}`, authenticated: true };
  }
  const decides = request.op === 'approvals.approve' || request.op === 'approvals.deny';
  if (decides && !deps.operator.initialised) await deps.operator.verify('');
  if (decides || (extendsTrust(request) && deps.operator.initialised)) {
    throw new ServerError('OPERATOR_SECRET_REQUIRED', 'this act needs the operator secret');
  }
  return accountActor();
}

async function perform(deps: OperatorDeps, request: Act, actor: Actor): Promise<Done> {
  switch (request.op) {
    case 'approvals.approve': {
      const view = deps.approvals.grant(request.id, actor.principal, request.confirm ?? null);
      const undo = (): void => deps.approvals.withdraw(view.id);
      return { result: approvalView(view), target: view.target, approvalId: view.id, undo };
    }
    case 'approvals.deny': {
      const view = deps.approvals.deny(request.id, actor.principal);
      return { result: approvalView(view), target: view.target, approvalId: view.id };
    }
    case 'stop':
      deps.killSwitch.trip(request.reason);
      return { result: { stopped: true }, target: null, approvalId: null };
    case 'resume': {
      deps.killSwitch.reset();
      const undo = (): void => deps.killSwitch.trip('resuming could not be recorded');
      return { result: { stopped: false }, target: null, approvalId: null, undo };
    }
    case 'baseline.bless': {
      const blessed = await blessBaseline(deps.facts, {
        subject: request.subject,
        ...(request.predicate === undefined ? {} : { predicate: request.predicate }),
        actor: actor.principal,
        reason: request.reason,
      });
      return { result: blessed, target: request.subject, approvalId: null };
    }
    case 'facts.classify': {
      const { subject, predicate, classification, reason } = request;
      await deps.facts.classify({ subject, predicate, classification, actor: actor.principal, reason });
      return { result: { subject, predicate, classification }, target: subject, approvalId: null };
    }
    case 'audit.rotate':
      return { result: await deps.rotateLedger(request.what), target: null, approvalId: null };
    case 'status':
    case 'approvals.list':
    case 'approvals.show':
      throw new ServerError('CONTROL_UNKNOWN_OP', 'this only looks');
  }
}

/** An act that lets work run holds only when its record does: nothing runs by a grant that the ledger does not know. */
async function recordOrUndo(deps: OperatorDeps, request: Act, actor: Actor, done: Done): Promise<void> {
  try {
    await record(deps, request, actor, done, null);
  } catch (error) {
    done.undo?.();
    throw error;
  }
}

async function record(
  deps: OperatorDeps,
  request: Act,
  actor: Actor,
  done: Done | null,
  error: unknown,
): Promise<void> {
  const { op, ...rest } = request;
  const { secret: _secret, ...args } = rest as Record<string, unknown>;
  await deps.audit.append({
    kind: 'control',
    decision: error === null ? 'allowed' : 'denied',
    reason: error === null ? 'allowed' : errorCode(error).toLowerCase(),
    tool: op,
    tier: 'T0',
    target: done?.target ?? null,
    args: redact({ ...args, authenticated: actor.authenticated }),
    principal: actor.principal,
    mode: deps.mode,
    patternsVersion: deps.rulesetVersion,
    approvalId: done?.approvalId ?? null,
    error: error === null ? null : { code: errorCode(error), message: redactText(errorMessage(error)) },
  });
}

function accountActor(): Actor {
  return { principal: `operator:${userInfo().username}`, authenticated: false };
}

/** An approval in wire names, as `praxis approvals` prints it. */
function approvalView(view: ApprovalView): Record<string, unknown> {
  const { card } = view;
  return {
    id: view.id,
    action_id: view.actionId,
    state: view.state,
    tier: view.tier,
    target: view.target,
    destination: card.destination,
    adapter: card.adapter,
    command: card.command,
    reasons: card.reasons,
    preview: card.preview,
    principal: card.principal,
    session_id: card.sessionId,
    requested_at: formatInstant(view.requestedAt),
    expires_in_s: view.expiresInSeconds,
    approver: view.approver,
  };
}
