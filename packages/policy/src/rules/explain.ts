import type { PolicyRequest } from '../document/policy-types.ts';
import type { CompiledRule } from './compile.ts';
import type { ConditionResult } from './conditions.ts';
import { readPath } from './path-resource.ts';
import type { Pattern } from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';
import type { DecideOptions, PolicyDecision, PolicyEngine } from './policy-engine.ts';
import { type ResourceKind, resourceKind, shellOfAction } from './resource-kind.ts';
import { shellParts } from './shell-parts.ts';
import { URL_LANGUAGE } from './url-pattern.ts';
import { readUrl } from './url-resource.ts';

/** What became of one rule: which of its parts match, and what it still lacks. */
export interface RuleExplanation {
  readonly rule: string;
  readonly effect: 'allow' | 'deny';
  readonly principal: boolean;
  readonly action: boolean;
  /** The readings of the resource, or the commands of a script, that its patterns match. */
  readonly resources: readonly string[];
  readonly missingLabels: readonly string[];
  readonly conditions: readonly ConditionResult[];
  readonly verdict:
    | 'decides'
    | 'matches'
    | 'labels_missing'
    | 'conditions_fail'
    | 'resource_differs'
    | 'action_differs'
    | 'principal_differs';
}

/** A decision with everything that was considered for it. */
export interface PolicyExplanation {
  readonly decision: PolicyDecision;
  readonly kind: ResourceKind;
  /** What the resource was taken to mean; for a script, the texts of its commands. */
  readonly readings: readonly string[];
  /** False when nothing may allow the resource, whatever the rules say. */
  readonly isAllowable: boolean;
  readonly rules: readonly RuleExplanation[];
}

interface Subject {
  readonly kind: ResourceKind;
  readonly readings: readonly string[];
  readonly isAllowable: boolean;
  readonly matched: (rule: CompiledRule) => readonly string[];
}

/** Decides a request and says of every rule, in document order, why it did or did not take part. */
export function explainDecision(
  engine: PolicyEngine,
  request: PolicyRequest,
  options: DecideOptions = {},
): PolicyExplanation {
  // The rules are judged first: deciding may count against a rate.
  const subject = subjectOf(engine, request, options);
  const judged = engine.policy.rules.map((rule) => judgeRule(rule, engine, request, options, subject));
  const decision = engine.decide(request, options);
  const deciding = new Set([
    ...decision.matchedRules,
    ...(decision.violatedRule === null ? [] : [decision.violatedRule]),
  ]);
  const rules = judged.map((rule) =>
    deciding.has(rule.rule) ? { ...rule, verdict: 'decides' as const } : rule,
  );
  return {
    decision,
    kind: subject.kind,
    readings: subject.readings,
    isAllowable: subject.isAllowable,
    rules,
  };
}

function subjectOf(engine: PolicyEngine, request: PolicyRequest, options: DecideOptions): Subject {
  const kind = resourceKind(request.action, request.resource);
  if (kind === 'url') {
    const { readings, isAllowable } = readUrl(request.resource);
    const matched = (rule: CompiledRule): string[] =>
      readings
        .filter((url) => rule.urls.some((test) => URL_LANGUAGE.matches(test, url)))
        .map((url) => url.href);
    return { kind, readings: readings.map((url) => url.href), isAllowable, matched };
  }
  if (kind === 'file') {
    const { readings, isAllowable } = readPath(request.resource, options.environment ?? engine.options);
    return { kind, readings, isAllowable, matched: (rule) => matching(rule.files, readings) };
  }
  const whole = request.resource.normalize('NFC');
  if (kind === 'text')
    return { kind, readings: [whole], isAllowable: true, matched: (rule) => matching(rule.texts, [whole]) };
  const { parts, isComplete } = shellParts(request.resource, shellOfAction(request.action));
  const texts = [...new Set([whole, ...parts.flatMap((part) => [...part.texts, ...part.denyTexts])])];
  return { kind, readings: texts, isAllowable: isComplete, matched: (rule) => matching(rule.texts, texts) };
}

function matching(patterns: readonly Pattern[], values: readonly string[]): string[] {
  return values.filter((value) => patterns.some((pattern) => matchesPattern(pattern, value)));
}

function judgeRule(
  rule: CompiledRule,
  engine: PolicyEngine,
  request: PolicyRequest,
  options: DecideOptions,
  subject: Subject,
): RuleExplanation {
  const principal = matching(rule.principals, [request.principal.normalize('NFC')]).length > 0;
  const action = matching(rule.actions, [request.action.normalize('NFC')]).length > 0;
  const resources = subject.matched(rule);
  const missingLabels = rule.requiredLabels.filter((label) => !(request.labels ?? []).includes(label));
  const context = { request, now: options.now ?? null, meter: engine.options.meter ?? null };
  const conditions = rule.conditions.map((condition) => condition(context));
  const found = { principal, action, resources, missingLabels, conditions };
  return { rule: rule.rule.name, effect: rule.rule.effect, ...found, verdict: verdictOf(found) };
}

function verdictOf(found: Omit<RuleExplanation, 'rule' | 'effect' | 'verdict'>): RuleExplanation['verdict'] {
  if (!found.principal) return 'principal_differs';
  if (!found.action) return 'action_differs';
  if (found.resources.length === 0) return 'resource_differs';
  if (found.conditions.some((result) => result !== 'yes')) return 'conditions_fail';
  return found.missingLabels.length > 0 ? 'labels_missing' : 'matches';
}
