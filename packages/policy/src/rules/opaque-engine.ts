import { compilePattern, isPatternFault, type Pattern } from './pattern.ts';
import { ALWAYS_HOLDS, type IndexedRule, TEXT_LANGUAGE } from './indexed-rule.ts';
import { RuleIndex } from './rule-index.ts';

/** A rule over strings that are matched as they are. */
export interface OpaqueRule {
  readonly name: string;
  readonly effect: 'allow' | 'deny';
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly required_labels?: readonly string[];
}

/** A request over strings that are matched as they are. */
export interface OpaqueRequest {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly labels?: readonly string[];
}

/** The answer, and the rule that decided. */
export interface OpaqueDecision {
  readonly allowed: boolean;
  readonly reason: 'allowed' | 'explicit_deny' | 'no_matching_policy' | 'missing_labels';
  readonly rule: string | null;
  readonly missingLabels: readonly string[];
}

const NO_LABELS: readonly string[] = [];
const NO_MATCH: OpaqueDecision = {
  allowed: false,
  reason: 'no_matching_policy',
  rule: null,
  missingLabels: NO_LABELS,
};

/**
 * Compiles rules over opaque strings: no normalisation, no classification. Throws `RangeError` on an invalid pattern.
 * Nothing is remembered between requests.
 */
export function buildOpaqueEngine(rules: readonly OpaqueRule[]): (request: OpaqueRequest) => OpaqueDecision {
  const patterns = new Map<string, Pattern>();
  const compile = (source: string): Pattern => {
    const known = patterns.get(source) ?? compilePattern(source);
    if (isPatternFault(known)) throw new RangeError(`${known.code} in \`${source}\``);
    patterns.set(source, known);
    return known;
  };
  const compiled = rules.map(
    (rule): IndexedRule<Pattern> => ({
      effect: rule.effect,
      principals: rule.principals.map(compile),
      actions: rule.actions.map(compile),
      resources: rule.resources.map(compile),
      requiredLabels: rule.effect === 'allow' ? (rule.required_labels ?? NO_LABELS) : NO_LABELS,
    }),
  );
  const index = new RuleIndex(compiled, TEXT_LANGUAGE);
  const answers = rules.map(answerOf);
  // One object for every question: the index keeps nothing of it.
  const query = { principal: '', action: '', key: '', resource: '', labels: NO_LABELS };
  return (request) => {
    const labels = request.labels ?? NO_LABELS;
    query.principal = request.principal;
    query.action = request.action;
    query.key = request.resource;
    query.resource = request.resource;
    query.labels = labels;
    index.ask(query);
    const denied = index.firstDeny(query, ALWAYS_HOLDS);
    if (denied >= 0) return answers[denied] ?? NO_MATCH;
    const held = index.firstAllow(query, ALWAYS_HOLDS);
    if (held >= 0) return answers[held] ?? NO_MATCH;
    const failed = index.firstFailed;
    if (failed < 0) return NO_MATCH;
    const missingLabels = (compiled[failed]?.requiredLabels ?? NO_LABELS).filter(
      (label) => !labels.includes(label),
    );
    return { allowed: false, reason: 'missing_labels', rule: rules[failed]?.name ?? null, missingLabels };
  };
}

function answerOf(rule: OpaqueRule): OpaqueDecision {
  const allowed = rule.effect === 'allow';
  return {
    allowed,
    reason: allowed ? 'allowed' : 'explicit_deny',
    rule: rule.name,
    missingLabels: NO_LABELS,
  };
}
