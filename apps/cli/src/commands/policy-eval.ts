import { homedir } from 'node:os';
import { PraxisError, systemClock } from '@praxis/core';
import {
  classifiedDenyList,
  explainDecision,
  loadPolicy,
  type PolicyDecision,
  type PolicyDocument,
  policyDocumentSchema,
  PolicyEngine,
  type PolicyExplanation,
  type PolicyRequest,
  policyRequestSchema,
  SlidingRateMeter,
} from '@praxis/policy';
import { z } from 'zod';
import { EXIT } from '../exit.ts';
import { answerLines } from '../jsonl.ts';

/** Engines kept for lines that bring the same policy again. */
const ENGINES_MAX = 64;

const environmentSchema: z.ZodType<Environment> = z.object({ home: z.string(), cwd: z.string() });
const lineSchema = z.object({
  request: policyRequestSchema,
  policy: z.unknown().optional(),
  env: environmentSchema.optional(),
});

/** Where a request comes from. */
export interface Environment {
  readonly home: string;
  readonly cwd: string;
}

/** `praxis policy eval`: exit 0 when allowed, 1 when not. */
export async function evaluate(
  request: string | undefined,
  options: { policy?: string; jsonl?: boolean },
): Promise<void> {
  const policy = options.policy === undefined ? null : await loadPolicy(options.policy);
  if (options.jsonl === true) {
    const engines = new EngineCache(policy);
    return answerLines(process.stdin, process.stdout, (line) => answer(line, engines));
  }
  if (request === undefined || policy === null)
    throw new PraxisError('USAGE', 'give a request and --policy, or --jsonl');
  const decision = engineOf(policy, hereAndNow()).decide(readRequest(request), { now: systemClock.now() });
  console.log(JSON.stringify(wireDecision(decision)));
  process.exitCode = decision.allowed ? EXIT.yes : EXIT.no;
}

/** `praxis policy explain`: exit 0 when allowed, 1 when not. */
export async function explain(request: string, options: { policy: string; json?: boolean }): Promise<void> {
  const engine = engineOf(await loadPolicy(options.policy), hereAndNow());
  const explanation = explainDecision(engine, readRequest(request), { now: systemClock.now() });
  if (options.json === true) console.log(JSON.stringify(explanation));
  else printExplanation(explanation);
  process.exitCode = explanation.decision.allowed ? EXIT.yes : EXIT.no;
}

/** An engine with the classifier's deny list, for the surroundings of this process or of one line. */
export function engineOf(policy: PolicyDocument, environment: Environment): PolicyEngine {
  return new PolicyEngine(policy, {
    ...environment,
    denyList: classifiedDenyList(),
    meter: new SlidingRateMeter(systemClock),
  });
}

/** The home and working directory of this process. */
export function hereAndNow(): Environment {
  return { home: homedir(), cwd: process.cwd() };
}

/** The decision in the field names of the wire. */
export function wireDecision(decision: PolicyDecision): Record<string, unknown> {
  return {
    allowed: decision.allowed,
    reason: decision.reason,
    violated_rule: decision.violatedRule,
    matched_rule: decision.matchedRule,
    missing_labels: decision.missingLabels,
    obligations: decision.obligations,
  };
}

class EngineCache {
  readonly #fallback: PolicyDocument | null;
  readonly #engines = new Map<string, PolicyEngine>();

  constructor(fallback: PolicyDocument | null) {
    this.#fallback = fallback;
  }

  get(policy: unknown, environment: Environment): PolicyEngine {
    const key = JSON.stringify([policy ?? null, environment.home, environment.cwd]);
    const known = this.#engines.get(key);
    if (known !== undefined) return known;
    if (this.#engines.size >= ENGINES_MAX) this.#engines.clear();
    const engine = engineOf(this.#document(policy), environment);
    this.#engines.set(key, engine);
    return engine;
  }

  #document(policy: unknown): PolicyDocument {
    if (policy === undefined) {
      if (this.#fallback === null)
        throw new PraxisError('USAGE', 'the line has no policy, and there is no --policy');
      return this.#fallback;
    }
    const parsed = policyDocumentSchema.safeParse(policy);
    if (parsed.success) return parsed.data;
    throw new PraxisError('POLICY_INVALID', z.prettifyError(parsed.error), { cause: parsed.error });
  }
}

function answer(value: unknown, engines: EngineCache): unknown {
  const line = lineSchema.safeParse(value);
  if (!line.success)
    throw new PraxisError('REQUEST_INVALID', 'a line is {"request", "policy"?, "env"?: {"home","cwd"}}');
  const { request, policy, env } = line.data;
  return wireDecision(engines.get(policy, env ?? hereAndNow()).decide(request, { now: systemClock.now() }));
}

function readRequest(text: string): PolicyRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PraxisError('USAGE', 'the request is not JSON', { cause });
  }
  const parsed = policyRequestSchema.safeParse(value);
  if (!parsed.success) throw new PraxisError('USAGE', z.prettifyError(parsed.error), { cause: parsed.error });
  return parsed.data;
}

function printExplanation({ decision, kind, readings, isAllowable, rules }: PolicyExplanation): void {
  const by = decision.violatedRule ?? decision.matchedRule;
  console.log(
    `${decision.allowed ? 'allowed' : 'denied'}: ${decision.reason}${by === null ? '' : ` by \`${by}\``}`,
  );
  console.log(`resource read as ${kind}:${isAllowable ? '' : ' (nothing may allow it)'}`);
  for (const reading of readings) console.log(`  ${JSON.stringify(reading)}`);
  for (const { rule, effect, verdict, missingLabels } of rules) {
    const missing =
      missingLabels.length > 0 && verdict === 'labels_missing' ? ` (${missingLabels.join(', ')})` : '';
    console.log(
      `${verdict === 'decides' ? '>' : ' '} ${effect.padEnd(5)} ${rule}: ${verdict.replaceAll('_', ' ')}${missing}`,
    );
  }
}
