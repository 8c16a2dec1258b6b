import type { AccessPath } from './access-path.ts';
import { fileRules } from './file-rules.ts';
import {
  hasLabels,
  type IndexedRule,
  type IndexQuery,
  type JudgeRule,
  type ResourceLanguage,
} from './indexed-rule.ts';
import { type ListMatcher, PatternLists } from './pattern-lists.ts';
import { ScannedRules } from './scanned-rules.ts';
import { SMALL_RULES_MAX, SmallRules } from './small-rules.ts';

// One object, so that most rules need nothing that is not at hand.
const NO_LABELS: readonly string[] = [];

/**
 * Finds the rules that match, at a cost that depends on how many match and not on how many there are. Each rule is filed
 * under the dimension (principal, action, resource) in which it is rarest; what a lookup finds is then verified in full.
 * Rules that are rare in no dimension are scanned, grouped so that each distinct list of patterns is tested once.
 * Not re-entrant: `ask` prepares the answers of `firstDeny` and `firstAllow`.
 */
export class RuleIndex<T, S> {
  readonly #principals: PatternLists;
  readonly #actions: PatternLists;
  readonly #resources: ListMatcher<S>;
  readonly #labels: readonly (readonly string[])[];
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
    this.#principals = new PatternLists(rules.map((rule) => rule.principals));
    this.#actions = new PatternLists(rules.map((rule) => rule.actions));
    this.#resources = language.prepare(rules.map((rule) => rule.resources));
    this.#labels = rules.map((rule) => (rule.requiredLabels.length === 0 ? NO_LABELS : rule.requiredLabels));
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
      const labels = this.#labels[rule] as readonly string[];
      const isLabelled = labels.length === 0 || hasLabels(labels, query.labels);
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
    if (this.#small === null) {
      if (!this.#actions.matches(rule, query.action)) return false;
      if (!this.#principals.matches(rule, query.principal)) return false;
    }
    return this.#resources.matches(rule, query.resource);
  }
}
