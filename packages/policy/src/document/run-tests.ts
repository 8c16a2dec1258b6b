import { parseInstant } from '@praxis/core';
import { type PolicyDecision, PolicyEngine, type PolicyEngineOptions } from '../rules/policy-engine.ts';
import type { PolicyDocument, PolicyTest } from './policy-types.ts';

/** The outcome of one test of a document. `problems` is empty when it passed. */
export interface PolicyTestResult {
  readonly name: string;
  readonly decision: PolicyDecision;
  readonly problems: readonly string[];
}

/** The outcome of all tests. A rule is covered when it decided some test. */
export interface PolicyTestReport {
  readonly results: readonly PolicyTestResult[];
  readonly passed: number;
  readonly failed: number;
  readonly uncoveredRules: readonly string[];
}

/** Runs the tests a document brings. A test's own `env` replaces the surroundings. Throws `POLICY_INVALID`. */
export function runPolicyTests(document: PolicyDocument, options: PolicyEngineOptions): PolicyTestReport {
  const engines = new Map<string, PolicyEngine>();
  const results = (document.tests ?? []).map((test) =>
    runTest(test, engineFor(test, document, options, engines)),
  );
  const failed = results.filter((result) => result.problems.length > 0).length;
  const covered = new Set(results.flatMap(({ decision }) => decidingRules(decision)));
  const uncoveredRules = document.rules.map((rule) => rule.name).filter((name) => !covered.has(name));
  return { results, passed: results.length - failed, failed, uncoveredRules };
}

function decidingRules(decision: PolicyDecision): string[] {
  const noted = decision.obligations.map((obligation) => obligation.rule);
  return [
    ...decision.matchedRules,
    ...noted,
    ...(decision.violatedRule === null ? [] : [decision.violatedRule]),
  ];
}

function engineFor(
  test: PolicyTest,
  document: PolicyDocument,
  options: PolicyEngineOptions,
  engines: Map<string, PolicyEngine>,
): PolicyEngine {
  const environment = test.env ?? { home: options.home, cwd: options.cwd };
  const key = JSON.stringify([environment.home, environment.cwd]);
  const known = engines.get(key) ?? new PolicyEngine(document, { ...options, ...environment });
  engines.set(key, known);
  return known;
}

function runTest(test: PolicyTest, engine: PolicyEngine): PolicyTestResult {
  const now = test.at === undefined ? {} : { now: parseInstant(test.at) };
  const decision = engine.decide(test.request, now);
  return { name: test.name, decision, problems: problemsOf(test, decision) };
}

function problemsOf(test: PolicyTest, decision: PolicyDecision): string[] {
  const { expect } = test;
  const problems: string[] = [];
  const check = (what: string, wanted: unknown, got: unknown): void => {
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(got)) {
      problems.push(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
    }
  };
  check('allowed', expect.allowed, decision.allowed);
  check('reason', expect.reason, decision.reason);
  check('rule', expect.rule, decision.matchedRule ?? decision.violatedRule);
  check('missing_labels', expect.missing_labels, decision.missingLabels);
  check(
    'require_approval',
    expect.require_approval,
    decision.obligations.some(({ type }) => type === 'require_approval'),
  );
  return problems;
}
