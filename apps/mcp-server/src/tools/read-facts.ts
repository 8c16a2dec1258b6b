import { FactError, type FactErrorCode, inWireNames } from '@praxis/facts';
import type { CallContext, CallOutput } from '@praxis/gate';
import type { Services } from '../services.ts';
import { readAnswer, type ToolAnswer } from '../tool.ts';

/** What a question about facts is answered with, before the verdict is added. */
type Answer = Readonly<Record<string, unknown>>;

/** One question about facts. */
export interface FactQuestion {
  readonly tool: string;
  readonly args: unknown;
  readonly target: string | null;
  /** The members of the answer that hold facts: when one of them does, the session has read what machines said. */
  readonly holdsFacts: readonly string[];
  readonly ask: () => Promise<Answer>;
}

/** What the caller asked wrongly, as opposed to what failed here. */
const ASKED_WRONGLY: ReadonlySet<FactErrorCode> = new Set([
  'FACT_INVALID',
  'FACT_QUERY_INVALID',
  'FACT_CURSOR_INVALID',
]);

/** Arguments that are not just written otherwise than the store writes them. */
const ARGUMENT_NAMES: Readonly<Record<string, string>> = {
  depthMax: 'depth',
  subjectsMax: 'limit',
  notObservedForUs: 'not_observed_for_s',
  'from.validAt': 'from_valid_at',
  'from.recordedAt': 'from_recorded_at',
  'to.validAt': 'to_valid_at',
  'to.recordedAt': 'to_recorded_at',
};

/** Asks through the gate: one record, taint when anything observed comes back, and a refusal as a value. */
export async function readFacts(
  { tool, args, target, holdsFacts, ask }: FactQuestion,
  context: CallContext,
  services: Services,
): Promise<ToolAnswer> {
  const untrusted = (answer: Answer): boolean =>
    holdsFacts.some((name) => {
      const held = answer[name];
      return Array.isArray(held) && held.length > 0;
    });
  const run = (): Promise<CallOutput<Answer>> => answerOf(ask);
  return readAnswer(
    await services.gate.read<Answer>({ kind: 'read', tool, args, target, untrusted, run }, context),
  );
}

async function answerOf(ask: () => Promise<Answer>): Promise<CallOutput<Answer>> {
  try {
    const value = await ask();
    return { value, body: JSON.stringify(value) };
  } catch (thrown) {
    const error = inWireNames(thrown, ARGUMENT_NAMES);
    if (!(error instanceof FactError && ASKED_WRONGLY.has(error.code))) throw error;
    const failure = { reason: 'invalid_arguments', detail: `${error.code}: ${error.message}` } as const;
    return { value: {}, body: '', failure };
  }
}
