import type { Instant } from '@praxis/core';
import type { PolicyDocument, PolicyRequest } from '../document/policy-types.ts';
import { type CompiledPolicy, type CompiledRule, compilePolicy, requireSound } from './compile.ts';
import { type ConditionContext, type RateMeter, rateKey, rateSeconds } from './conditions.ts';
import { type PathEnvironment, readPath } from './path-resource.ts';
import type { Pattern } from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';
import { type ResourceKind, type RuleShell, resourceKind, shellOfAction } from './resource-kind.ts';
import {
  type IndexedRule,
  type IndexQuery,
  type JudgeRule,
  type RuleVerdict,
  TEXT_LANGUAGE,
} from './indexed-rule.ts';
import { RuleIndex } from './rule-index.ts';
import { type ShellPart, shellParts } from './shell-parts.ts';
import { URL_LANGUAGE, type UrlTest } from './url-pattern.ts';
import { readUrl, type UrlReading } from './url-resource.ts';

/** Longest resource that is read, in UTF-16 units. A longer one matches no rule. */
export const RESOURCE_LENGTH_MAX = 65_536;

/** Stable reason codes of a policy decision. */
export type PolicyReason =
  | 'allowed'
  | 'explicit_deny'
  | 'no_matching_policy'
  | 'missing_labels'
  | 'max_delegation_depth_exceeded'
  | 'rate_limit_exceeded';

/** What comes with a decision. `log_only` names a deny that would have decided had it not only been noted. */
export type Obligation =
  | { readonly type: 'require_approval'; readonly rule: string }
  | { readonly type: 'redact'; readonly rule: string; readonly fields: readonly string[] }
  | { readonly type: 'log_only'; readonly rule: string };

/** The answer to one request. Detail stands in the other fields, never in `reason`. */
export interface PolicyDecision {
  readonly allowed: boolean;
  readonly reason: PolicyReason;
  /** The rule that refused, or `deny-list:<code>` for a command on the deny list. */
  readonly violatedRule: string | null;
  /** The first allow that held. */
  readonly matchedRule: string | null;
  /** Every allow it took: one for each command of a script and each reading of a resource. */
  readonly matchedRules: readonly string[];
  readonly missingLabels: readonly string[];
  readonly obligations: readonly Obligation[];
}

/** The first deny-list entry a command is on, or null. */
export type ShellDenyList = (command: string, shell: RuleShell) => string | null;

/** Surroundings a policy is compiled for. */
export interface PolicyEngineOptions extends PathEnvironment {
  readonly denyList: ShellDenyList;
  readonly meter?: RateMeter;
}

/** Surroundings of one request; what is absent is taken from the engine's options. */
export interface DecideOptions {
  readonly environment?: PathEnvironment;
  readonly now?: Instant;
}

interface Asked {
  readonly request: PolicyRequest;
  readonly context: ConditionContext;
  readonly shadowed: Set<number>;
}

interface Failure {
  readonly reason: PolicyReason;
  readonly rule: number;
}

type Outcome =
  | { readonly denied: number }
  | { readonly held: readonly number[] }
  | { readonly failure: Failure };

const NO_MATCH: Outcome = { failure: { reason: 'no_matching_policy', rule: -1 } };
const NO_LABELS: readonly string[] = [];

/**
 * Decides requests by the rules of one document: any matching deny wins, whatever the order; then the first allow whose
 * labels and conditions hold; otherwise the answer is no. Synchronous, and free of effects but for the rate meter.
 */
export class PolicyEngine {
  readonly document: PolicyDocument;
  readonly policy: CompiledPolicy;
  readonly options: PolicyEngineOptions;
  readonly #text: RuleIndex<Pattern, string>;
  readonly #file: RuleIndex<Pattern, string>;
  readonly #url: RuleIndex<UrlTest, UrlReading> | null;
  readonly #depthMax: number;

  /** Throws `POLICY_INVALID` when a pattern or condition cannot be compiled. */
  constructor(document: PolicyDocument, options: PolicyEngineOptions) {
    const policy = compilePolicy(document, options);
    requireSound(policy);
    this.document = document;
    this.policy = policy;
    this.options = options;
    this.#text = new RuleIndex(
      indexed(policy, (rule) => rule.texts),
      TEXT_LANGUAGE,
    );
    this.#file = policy.hasHomePatterns
      ? new RuleIndex(
          indexed(policy, (rule) => rule.files),
          TEXT_LANGUAGE,
        )
      : this.#text;
    this.#url = policy.hasUrlPatterns
      ? new RuleIndex(
          indexed(policy, (rule) => rule.urls),
          URL_LANGUAGE,
        )
      : null;
    this.#depthMax = document.global_max_delegation_depth ?? Number.POSITIVE_INFINITY;
  }

  decide(request: PolicyRequest, options: DecideOptions = {}): PolicyDecision {
    const principal = request.principal.normalize('NFC');
    const action = request.action.normalize('NFC');
    const normal = { ...request, principal, action };
    const context = { request: normal, now: options.now ?? null, meter: this.options.meter ?? null };
    const asked: Asked = { request: normal, context, shadowed: new Set() };
    if (request.resource.length > RESOURCE_LENGTH_MAX) return this.#answer(NO_MATCH, asked);
    const kind = resourceKind(action, request.resource);
    if (kind === 'shell') {
      const shell = shellOfAction(action);
      const entry = this.options.denyList(request.resource, shell);
      if (entry !== null) return refused('explicit_deny', `deny-list:${entry}`, []);
      return this.#answer(this.#decideShell(asked, shell), asked);
    }
    return this.#answer(this.#decideKind(kind, asked, options.environment ?? this.options), asked);
  }

  #decideKind(kind: Exclude<ResourceKind, 'shell'>, asked: Asked, environment: PathEnvironment): Outcome {
    const { resource } = asked.request;
    if (kind === 'file') {
      const { readings, isAllowable } = readPath(resource, environment);
      return this.#decideAll(
        this.#file,
        readings.map((path) => this.#textQuery(asked, path)),
        isAllowable,
        asked,
      );
    }
    if (kind === 'text')
      return this.#decideAll(this.#text, [this.#textQuery(asked, resource.normalize('NFC'))], true, asked);
    const { readings, isAllowable } = readUrl(resource);
    if (this.#url === null) {
      return this.#decideAll(
        this.#text,
        readings.map((url) => this.#textQuery(asked, url.href)),
        isAllowable,
        asked,
      );
    }
    const queries = readings.map((url) => ({ ...this.#textQuery(asked, url.href), resource: url }));
    return this.#decideAll(this.#url, queries, isAllowable, asked);
  }

  #decideAll<T, S>(
    index: RuleIndex<T, S>,
    queries: readonly IndexQuery<S>[],
    isAllowable: boolean,
    asked: Asked,
  ): Outcome {
    const denied = this.#firstDeny(index, queries, asked);
    if (denied >= 0) return { denied };
    if (!isAllowable || queries.length === 0) return NO_MATCH;
    const judge: JudgeRule = (rule) => this.#judgeAllow(rule, asked);
    const held: number[] = [];
    for (const query of queries) {
      if (queries.length > 1) index.ask(query);
      const rule = index.firstAllow(query, judge);
      if (rule < 0) return this.#failureOf(index.firstFailed, asked);
      held.push(rule);
    }
    return { held };
  }

  #firstDeny<T, S>(index: RuleIndex<T, S>, queries: readonly IndexQuery<S>[], asked: Asked): number {
    const judge: JudgeRule = (rule) => this.#judgeDeny(rule, asked);
    let best = -1;
    for (const query of queries) {
      index.ask(query);
      const rule = index.firstDeny(query, judge);
      if (rule >= 0 && (best < 0 || rule < best)) best = rule;
    }
    return best;
  }

  #decideShell(asked: Asked, shell: RuleShell): Outcome {
    const source = asked.request.resource;
    const whole = source.normalize('NFC');
    const { parts, isComplete } = shellParts(source, shell);
    const texts = new Set([whole, whole.trim(), ...parts.flatMap((part) => part.denyTexts)]);
    const denied = this.#firstDeny(
      this.#text,
      [...texts].map((text) => this.#textQuery(asked, text)),
      asked,
    );
    if (denied >= 0) return { denied };
    if (!isComplete) return NO_MATCH;
    const covered: readonly ShellPart[] =
      parts.length > 0 ? parts : [{ texts: [whole.trim()], denyTexts: [], writes: false }];
    const held: number[] = [];
    for (const part of covered) {
      const outcome = this.#coverPart(part, asked);
      if (!('held' in outcome)) return outcome;
      held.push(...outcome.held);
    }
    return { held };
  }

  #coverPart(part: ShellPart, asked: Asked): Outcome {
    let outcome: Outcome = NO_MATCH;
    for (const text of part.texts) {
      const judge: JudgeRule = (rule) => {
        if (part.writes && !this.#coversWriting(rule, text)) return 'skip';
        return this.#judgeAllow(rule, asked);
      };
      const query = this.#textQuery(asked, text);
      this.#text.ask(query);
      const rule = this.#text.firstAllow(query, judge);
      if (rule >= 0) return { held: [rule] };
      const failed = this.#failureOf(this.#text.firstFailed, asked);
      if (outcome === NO_MATCH) outcome = failed;
    }
    return outcome;
  }

  #coversWriting(rule: number, text: string): boolean {
    const patterns = this.policy.rules[rule]?.texts ?? [];
    return patterns.some((pattern) => pattern.source.includes('>') && matchesPattern(pattern, text));
  }

  #textQuery(asked: Asked, text: string): IndexQuery<string> {
    const { principal, action, labels } = asked.request;
    return { principal, action, key: text, resource: text, labels: labels ?? NO_LABELS };
  }

  #judgeDeny(index: number, asked: Asked): RuleVerdict {
    const rule = this.policy.rules[index] as CompiledRule;
    // A deny whose condition cannot be judged stands.
    if (rule.conditions.some((condition) => condition(asked.context) === 'no')) return 'skip';
    if (rule.rule.obligations?.log_only !== true) return 'holds';
    asked.shadowed.add(index);
    return 'skip';
  }

  #judgeAllow(index: number, asked: Asked): RuleVerdict {
    const rule = this.policy.rules[index] as CompiledRule;
    if (rule.conditions.length > 0) {
      const results = rule.conditions.map((condition) => condition(asked.context));
      if (results.some((result) => result === 'no' || result === 'unknown')) return 'skip';
      if (results.includes('rate_exceeded')) return 'fails';
    }
    return this.#isTooDeep(rule, asked.request) ? 'fails' : 'holds';
  }

  #isTooDeep(rule: CompiledRule, request: PolicyRequest): boolean {
    return (
      (request.delegation_depth ?? 0) >
      Math.min(this.#depthMax, rule.rule.max_delegation_depth ?? this.#depthMax)
    );
  }

  #failureOf(index: number, asked: Asked): Outcome {
    const rule = this.policy.rules[index];
    if (rule === undefined) return NO_MATCH;
    if (this.#isTooDeep(rule, asked.request))
      return { failure: { reason: 'max_delegation_depth_exceeded', rule: index } };
    const isUnlabelled = missingLabels(rule, asked.request).length > 0;
    return { failure: { reason: isUnlabelled ? 'missing_labels' : 'rate_limit_exceeded', rule: index } };
  }

  #answer(outcome: Outcome, asked: Asked): PolicyDecision {
    const notes = [...asked.shadowed].map(
      (rule): Obligation => ({ type: 'log_only', rule: this.#nameOf(rule) ?? '' }),
    );
    if ('denied' in outcome) {
      return {
        ...refused('explicit_deny', this.#nameOf(outcome.denied), notes),
        obligations: [...notes, ...this.#obligations([outcome.denied])],
      };
    }
    if ('failure' in outcome) {
      const { reason, rule } = outcome.failure;
      const failed = this.policy.rules[rule];
      const missing =
        reason === 'missing_labels' && failed !== undefined ? missingLabels(failed, asked.request) : [];
      return { ...refused(reason, this.#nameOf(rule), notes), missingLabels: missing };
    }
    const held = [...new Set(outcome.held)];
    for (const rule of held) this.#takeRate(rule, asked.request.principal);
    return {
      allowed: true,
      reason: 'allowed',
      violatedRule: null,
      matchedRule: this.#nameOf(held[0] ?? -1),
      matchedRules: held.map((rule) => this.#nameOf(rule) ?? ''),
      missingLabels: [],
      obligations: [...notes, ...this.#obligations(held)],
    };
  }

  #takeRate(index: number, principal: string): void {
    const rule = this.policy.rules[index]?.rule;
    const seconds = rule === undefined ? null : rateSeconds(rule);
    if (rule !== undefined && seconds !== null) this.options.meter?.take(rateKey(rule, principal), seconds);
  }

  #obligations(rules: readonly number[]): Obligation[] {
    return rules.flatMap((index) => {
      const rule = this.policy.rules[index]?.rule;
      const wanted = rule?.obligations;
      if (rule === undefined || wanted === undefined) return [];
      const list: Obligation[] = [];
      if (wanted.require_approval === true) list.push({ type: 'require_approval', rule: rule.name });
      if (wanted.redact !== undefined) list.push({ type: 'redact', rule: rule.name, fields: wanted.redact });
      if (wanted.log_only === true) list.push({ type: 'log_only', rule: rule.name });
      return list;
    });
  }

  #nameOf(index: number): string | null {
    return this.policy.rules[index]?.rule.name ?? null;
  }
}

function indexed<T>(
  policy: CompiledPolicy,
  resources: (rule: CompiledRule) => readonly T[],
): IndexedRule<T>[] {
  return policy.rules.map((rule) => ({
    effect: rule.rule.effect,
    principals: rule.principals,
    actions: rule.actions,
    resources: resources(rule),
    requiredLabels: rule.requiredLabels,
  }));
}

function missingLabels(rule: CompiledRule, request: PolicyRequest): string[] {
  return rule.requiredLabels.filter((label) => !(request.labels ?? NO_LABELS).includes(label));
}

function refused(
  reason: PolicyReason,
  violatedRule: string | null,
  obligations: readonly Obligation[],
): PolicyDecision {
  return {
    allowed: false,
    reason,
    violatedRule,
    matchedRule: null,
    matchedRules: [],
    missingLabels: [],
    obligations,
  };
}
