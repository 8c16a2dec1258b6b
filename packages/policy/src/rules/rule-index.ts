import { AccessPath, KeyCensus, RARE_RULES_MAX, type Selector } from './access-path.ts';
import { type Pattern, patternLiterals } from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';
import { SMALL_RULES_MAX, SmallRules } from './small-rules.ts';

/** A rule whose rarest key is shared by more rules than this and by a large part of all is scanned, not looked up. */
const SHARED_RULES_MAX = 64;
const SHARED_PART_MAX = 1 / 16;

/** A rule as the index sees it. Rules are given in document order; `T` is the resource pattern of one resource kind. */
export interface IndexedRule<T> {
  readonly effect: 'allow' | 'deny';
  readonly principals: readonly Pattern[];
  readonly actions: readonly Pattern[];
  readonly resources: readonly T[];
  readonly requiredLabels: readonly string[];
}

/** How resource patterns `T` match resources `S` of one kind. */
export interface ResourceLanguage<T, S> {
  readonly selector: (pattern: T) => Selector;
  readonly matches: (pattern: T, resource: S) => boolean;
}

/** One question. `key` is the text in which the literals of the selectors are looked for. */
export interface IndexQuery<S> {
  readonly principal: string;
  readonly action: string;
  readonly key: string;
  readonly resource: S;
  readonly labels: readonly string[];
}

/** What is to be made of a rule whose patterns match: it holds, it fails in a way worth reporting, or it is passed over. */
export type RuleVerdict = 'holds' | 'fails' | 'skip';
/** Judges a rule beyond its patterns and labels (conditions, delegation depth). */
export type JudgeRule = (rule: number) => RuleVerdict;
export const ALWAYS_HOLDS: JudgeRule = () => 'holds';

/** Patterns of plain strings. */
export const TEXT_LANGUAGE: ResourceLanguage<Pattern, string> = {
  selector: patternSelector,
  matches: matchesPattern,
};

const selectors = new WeakMap<Pattern, Selector>();

/** The selector of a pattern over plain strings, one object per pattern. */
export function patternSelector(pattern: Pattern): Selector {
  const known = selectors.get(pattern);
  if (known !== undefined) return known;
  const isExact = pattern.shape === 'exact';
  const selector = { exact: isExact ? pattern.literal : null, literals: patternLiterals(pattern) };
  selectors.set(pattern, selector);
  return selector;
}

/**
 * Finds the rules that match, at a cost that depends on how many match and not on how many there are. Each rule is filed
 * under the dimension (principal, action, resource) in which it is rarest; what a lookup finds is then verified in full.
 * Rules that are rare in no dimension are scanned, grouped so that each distinct list of patterns is tested once.
 * Not re-entrant: `ask` prepares the answers of `firstDeny` and `firstAllow`.
 */
export class RuleIndex<T, S> {
  readonly #language: ResourceLanguage<T, S>;
  readonly #checks: readonly RuleCheck<T>[];
  readonly #paths: readonly [AccessPath, AccessPath, AccessPath];
  readonly #hasPath: readonly [boolean, boolean, boolean];
  readonly #scanned: ScannedRules<T, S>;
  readonly #isDeny: Uint8Array;
  readonly #marks: Uint32Array;
  readonly #found: Int32Array;
  readonly #small: SmallRules | null;
  #foundCount = 0;
  #failed = -1;
  #generation = 0;

  constructor(rules: readonly IndexedRule<T>[], language: ResourceLanguage<T, S>) {
    this.#checks = rules.map(checkOf);
    this.#language = language;
    this.#isDeny = Uint8Array.from(rules, (rule) => (rule.effect === 'deny' ? 1 : 0));
    this.#marks = new Uint32Array(rules.length);
    this.#found = new Int32Array(rules.length);
    this.#small = rules.length <= SMALL_RULES_MAX ? new SmallRules(rules) : null;
    const { paths, hasPath, scanned } = fileRules(this.#small === null ? rules : [], language);
    this.#paths = paths;
    this.#hasPath = hasPath;
    this.#scanned = new ScannedRules(rules, scanned, language);
  }

  /** Looks up the rules that may match. */
  ask(query: IndexQuery<S>): void {
    if (this.#small !== null) {
      this.#foundCount = this.#small.collect(query.principal, query.action, this.#found);
      return;
    }
    this.#generation = (this.#generation + 1) >>> 0;
    if (this.#generation === 0) {
      this.#marks.fill(0);
      this.#generation = 1;
    }
    const [principals, actions, resources] = this.#paths;
    const generation = this.#generation;
    let count = 0;
    if (this.#hasPath[0])
      count = principals.collect(query.principal, this.#found, count, this.#marks, generation);
    if (this.#hasPath[1]) count = actions.collect(query.action, this.#found, count, this.#marks, generation);
    if (this.#hasPath[2]) count = resources.collect(query.key, this.#found, count, this.#marks, generation);
    this.#foundCount = count;
    if (!this.#scanned.isEmpty) this.#scanned.ask();
  }

  /** The first deny in document order that matches and holds, or -1. */
  firstDeny(query: IndexQuery<S>, judge: JudgeRule): number {
    let best = -1;
    for (let at = 0; at < this.#foundCount; at += 1) {
      const rule = this.#found[at] as number;
      if (this.#isDeny[rule] === 0 || (best >= 0 && rule > best)) continue;
      if (this.#matches(rule, query) && judge(rule) === 'holds') best = rule;
    }
    return this.#scanned.isEmpty ? best : this.#scanned.firstDeny(query, judge, best);
  }

  /** The first allow in document order that matches, has its labels and holds, or -1; see `firstFailed` then. */
  firstAllow(query: IndexQuery<S>, judge: JudgeRule): number {
    let held = -1;
    let failed = -1;
    for (let at = 0; at < this.#foundCount; at += 1) {
      const rule = this.#found[at] as number;
      if (this.#isDeny[rule] === 1 || (held >= 0 && rule > held)) continue;
      if (!this.#matches(rule, query)) continue;
      const verdict = judge(rule);
      if (verdict === 'skip') continue;
      const { labels } = this.#checks[rule] as RuleCheck<T>;
      const isLabelled = labels === null || hasLabels(labels, query.labels);
      if (isLabelled && verdict === 'holds') held = rule;
      else if (failed < 0 || rule < failed) failed = rule;
    }
    if (this.#scanned.isEmpty) {
      this.#failed = failed;
      return held;
    }
    held = this.#scanned.firstHeld(query, judge, held);
    this.#failed = held < 0 ? this.#scanned.firstMatching(query, judge, failed) : -1;
    return held;
  }

  /** After `firstAllow` found none: the first allow in document order that matches and fails, or -1. */
  get firstFailed(): number {
    return this.#failed;
  }

  #matches(rule: number, query: IndexQuery<S>): boolean {
    const check = this.#checks[rule] as RuleCheck<T>;
    const { principal, action, resource } = check;
    if (this.#small === null) {
      const isAction =
        action === null ? anyMatches(check.rule.actions, query.action) : matchesPattern(action, query.action);
      if (!isAction) return false;
      const isPrincipal =
        principal === null
          ? anyMatches(check.rule.principals, query.principal)
          : matchesPattern(principal, query.principal);
      if (!isPrincipal) return false;
    }
    return resource === null
      ? anyResource(check.rule.resources, query.resource, this.#language)
      : this.#language.matches(resource, query.resource);
  }
}

function fileRules<T, S>(
  rules: readonly IndexedRule<T>[],
  language: ResourceLanguage<T, S>,
): { paths: [AccessPath, AccessPath, AccessPath]; hasPath: [boolean, boolean, boolean]; scanned: number[] } {
  const dimensions = rules.map((rule): Selector[][] => [
    rule.principals.map(patternSelector),
    rule.actions.map(patternSelector),
    rule.resources.map(language.selector),
  ]);
  const censuses = [0, 1, 2].map((dimension) => takeCensus(dimensions, dimension));
  const filed: { key: ReturnType<KeyCensus['keyOf']>; rule: number }[][] = [[], [], []];
  const scanned: number[] = [];
  const costsOf = dimensions.map((lists) =>
    lists.map((list, at) => list.reduce((sum, selector) => sum + (censuses[at]?.costOf(selector) ?? 0), 0)),
  );
  const preferred = mostlyRareDimension(costsOf);
  for (const [rule, selectorsOfRule] of dimensions.entries()) {
    const costs = costsOf[rule] ?? [];
    const isRare = (costs[preferred] ?? 0) <= RARE_RULES_MAX;
    const cheapest = isRare ? preferred : costs.indexOf(Math.min(...costs));
    const cost = costs[cheapest] ?? 0;
    const isShared = cost > SHARED_RULES_MAX && cost > rules.length * SHARED_PART_MAX;
    // A rule with an empty list matches nothing and is filed nowhere.
    if (costs.includes(0)) continue;
    if (isShared) scanned.push(rule);
    else
      for (const selector of selectorsOfRule[cheapest] ?? []) {
        filed[cheapest]?.push({ key: censuses[cheapest]?.keyOf(selector) ?? null, rule });
      }
  }
  const path = (at: number): AccessPath => new AccessPath(filed[at] ?? []);
  const has = (at: number): boolean => (filed[at]?.length ?? 0) > 0;
  return { paths: [path(0), path(1), path(2)], hasPath: [has(0), has(1), has(2)], scanned };
}

/** The dimension in which most rules have a rare key: filing what one can there spares the other lookups. */
function mostlyRareDimension(costsOf: readonly (readonly number[])[]): number {
  const rare = [0, 0, 0];
  for (const costs of costsOf) {
    for (const [at, cost] of costs.entries()) if (cost <= RARE_RULES_MAX) rare[at] = (rare[at] ?? 0) + 1;
  }
  return rare.indexOf(Math.max(...rare));
}

function takeCensus(dimensions: readonly (readonly Selector[])[][], dimension: number): KeyCensus {
  const uses = new Map<Selector, number>();
  for (const rule of dimensions) {
    for (const selector of rule[dimension] ?? []) uses.set(selector, (uses.get(selector) ?? 0) + 1);
  }
  const census = new KeyCensus(dimensions.length);
  for (const [selector, rules] of uses) census.count(selector, rules);
  return census;
}

/** A rule with its lists unpacked where they hold one pattern, as most do: fewer steps through memory. */
interface RuleCheck<T> {
  readonly rule: IndexedRule<T>;
  readonly principal: Pattern | null;
  readonly action: Pattern | null;
  readonly resource: T | null;
  /** The required labels, or null when there are none. */
  readonly labels: readonly string[] | null;
}

function checkOf<T>(rule: IndexedRule<T>): RuleCheck<T> {
  const { principals, actions, resources, requiredLabels } = rule;
  const labels = requiredLabels.length === 0 ? null : requiredLabels;
  return { rule, principal: only(principals), action: only(actions), resource: only(resources), labels };
}

function only<P>(list: readonly P[]): P | null {
  return list.length === 1 ? (list[0] ?? null) : null;
}

/** The rules that no lookup narrows down, in document order. */
class ScannedRules<T, S> {
  readonly isEmpty: boolean;
  readonly #rules: readonly IndexedRule<T>[];
  readonly #language: ResourceLanguage<T, S>;
  readonly #denies: readonly number[];
  readonly #allows: readonly number[];
  readonly #unlabelled: readonly number[];
  readonly #byLabel: ReadonlyMap<string, readonly LabelledRules[]>;
  readonly #listOf: readonly [Int32Array, Int32Array, Int32Array];
  readonly #verdicts: readonly [Uint32Array, Uint32Array, Uint32Array];
  #generation = 0;

  constructor(
    rules: readonly IndexedRule<T>[],
    scanned: readonly number[],
    language: ResourceLanguage<T, S>,
  ) {
    this.isEmpty = scanned.length === 0;
    this.#rules = rules;
    this.#language = language;
    const lists = [
      numberLists(rules, (rule) => rule.principals),
      numberLists(rules, (rule) => rule.actions),
      numberLists(rules, (rule) => rule.resources),
    ] as const;
    this.#listOf = [lists[0].listOf, lists[1].listOf, lists[2].listOf];
    this.#verdicts = [
      new Uint32Array(lists[0].count),
      new Uint32Array(lists[1].count),
      new Uint32Array(lists[2].count),
    ];
    this.#denies = scanned.filter((rule) => rules[rule]?.effect === 'deny');
    this.#allows = scanned.filter((rule) => rules[rule]?.effect === 'allow');
    this.#unlabelled = this.#allows.filter((rule) => rules[rule]?.requiredLabels.length === 0);
    this.#byLabel = byRarestLabel(rules, this.#allows);
  }

  ask(): void {
    // Two numbers per question: the generation itself is "no", the next one is "yes".
    this.#generation += 2;
    if (this.#generation < 0xffff_fff0) return;
    for (const verdicts of this.#verdicts) verdicts.fill(0);
    this.#generation = 2;
  }

  firstDeny(query: IndexQuery<S>, judge: JudgeRule, best: number): number {
    for (const rule of this.#denies) {
      if (best >= 0 && rule > best) return best;
      if (this.#matches(rule, query) && judge(rule) === 'holds') return rule;
    }
    return best;
  }

  firstHeld(query: IndexQuery<S>, judge: JudgeRule, best: number): number {
    let first = this.#firstOf(this.#unlabelled, query, judge, best);
    if (this.#byLabel.size === 0) return first;
    for (const label of query.labels) {
      for (const { labels, rules } of this.#byLabel.get(label) ?? []) {
        if (hasLabels(labels, query.labels)) first = this.#firstOf(rules, query, judge, first);
      }
    }
    return first;
  }

  firstMatching(query: IndexQuery<S>, judge: JudgeRule, best: number): number {
    for (const rule of this.#allows) {
      if (best >= 0 && rule > best) return best;
      if (this.#matches(rule, query) && judge(rule) !== 'skip') return rule;
    }
    return best;
  }

  #firstOf(rules: readonly number[], query: IndexQuery<S>, judge: JudgeRule, best: number): number {
    for (const rule of rules) {
      if (best >= 0 && rule > best) return best;
      if (this.#matches(rule, query) && judge(rule) === 'holds') return rule;
    }
    return best;
  }

  #matches(rule: number, query: IndexQuery<S>): boolean {
    const entry = this.#rules[rule] as IndexedRule<T>;
    const [principals, actions, resources] = this.#verdicts;
    const no = this.#generation;
    const principalList = this.#listOf[0][rule] as number;
    const actionList = this.#listOf[1][rule] as number;
    const resourceList = this.#listOf[2][rule] as number;
    if ((actions[actionList] as number) < no)
      actions[actionList] = no + (anyMatches(entry.actions, query.action) ? 1 : 0);
    if (actions[actionList] === no) return false;
    if ((principals[principalList] as number) < no) {
      principals[principalList] = no + (anyMatches(entry.principals, query.principal) ? 1 : 0);
    }
    if (principals[principalList] === no) return false;
    if ((resources[resourceList] as number) < no) {
      resources[resourceList] = no + (anyResource(entry.resources, query.resource, this.#language) ? 1 : 0);
    }
    return resources[resourceList] !== no;
  }
}

/** Gives each distinct list of patterns a number. */
function numberLists<T>(
  rules: readonly IndexedRule<T>[],
  listOfRule: (rule: IndexedRule<T>) => readonly unknown[],
): { listOf: Int32Array; count: number } {
  const ids = new Map<unknown, number>();
  const lists = new Map<string, number>();
  const listOf = Int32Array.from(rules, (rule) => {
    const key = listOfRule(rule)
      .map((pattern) => numberOf(ids, pattern))
      .join();
    return numberOf(lists, key);
  });
  return { listOf, count: lists.size };
}

function numberOf<K>(numbers: Map<K, number>, key: K): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

/** Allows that require the same labels, in document order. */
interface LabelledRules {
  readonly labels: readonly string[];
  readonly rules: number[];
}

// An allow with labels is only looked at when the request carries the rarest of them, and once for all that ask the same.
function byRarestLabel<T>(
  rules: readonly IndexedRule<T>[],
  allows: readonly number[],
): Map<string, LabelledRules[]> {
  const groups = new Map<string, LabelledRules>();
  const uses = new Map<string, number>();
  for (const rule of allows) {
    const labels = rules[rule]?.requiredLabels ?? [];
    if (labels.length === 0) continue;
    const key = JSON.stringify(labels);
    const group = groups.get(key);
    if (group !== undefined) group.rules.push(rule);
    else groups.set(key, { labels, rules: [rule] });
    for (const label of labels) uses.set(label, (uses.get(label) ?? 0) + 1);
  }
  const filed = new Map<string, LabelledRules[]>();
  for (const group of groups.values()) {
    const rarest = group.labels.toSorted((a, b) => (uses.get(a) ?? 0) - (uses.get(b) ?? 0))[0] ?? '';
    const posted = filed.get(rarest);
    if (posted === undefined) filed.set(rarest, [group]);
    else posted.push(group);
  }
  return filed;
}

function hasLabels(required: readonly string[], given: readonly string[]): boolean {
  for (let at = 0; at < required.length; at += 1) {
    if (!given.includes(required[at] as string)) return false;
  }
  return true;
}

function anyMatches(patterns: readonly Pattern[], value: string): boolean {
  for (let at = 0; at < patterns.length; at += 1) {
    if (matchesPattern(patterns[at] as Pattern, value)) return true;
  }
  return false;
}

function anyResource<T, S>(patterns: readonly T[], resource: S, language: ResourceLanguage<T, S>): boolean {
  for (let at = 0; at < patterns.length; at += 1) {
    if (language.matches(patterns[at] as T, resource)) return true;
  }
  return false;
}
