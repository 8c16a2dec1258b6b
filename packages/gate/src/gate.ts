import { randomUUID } from 'node:crypto';
import { actRun } from './act.ts';
import { recordArguments } from './arguments.ts';
import type { ActCall, CallContext, GateResult, ReadCall, RefusedCall } from './call.ts';
import { readRun } from './read.ts';
import { RecordKeeper } from './record-keeper.ts';
import { refusalRun } from './refuse.ts';
import type { CallStart, GateDeps } from './state.ts';

/**
 * The one audited path. Whatever is asked of praxis goes through one of these three, and each of them
 * answers with a value and leaves a record; none of them throws for what a caller did.
 */
export class Gate {
  readonly #deps: GateDeps;

  constructor(deps: GateDeps) {
    this.#deps = { ...deps, audit: new RecordKeeper(deps.audit) };
  }

  /** Observes: one record. */
  read<T>(call: ReadCall<T>, context: CallContext): Promise<GateResult<T>> {
    return readRun(this.#start(call.args, context), call);
  }

  /** Previews, or runs between a durable intent and one outcome record. */
  act<T>(call: ActCall<T>, context: CallContext): Promise<GateResult<T>> {
    const start = this.#start(call.args, context);
    return actRun({
      ...start,
      call,
      tier: call.baseTier,
      classification: null,
      binding: null,
      gated: false,
      approvalRules: [],
      approval: null,
    });
  }

  /** Records a call that was refused before it could be judged. */
  refuse(call: RefusedCall, context: CallContext): Promise<GateResult<never>> {
    return refusalRun(this.#start(call.args, context), call);
  }

  #start(args: unknown, context: CallContext): CallStart {
    const deps = this.#deps;
    return {
      deps,
      context,
      frame: {
        mode: deps.mode,
        rulesetVersion: deps.rulesetVersion,
        policyVersion: deps.policy?.version ?? null,
      },
      args: recordArguments(args),
      decisionId: randomUUID(),
      startedAtMs: deps.clock.monotonicMs(),
    };
  }
}
