import {
  anyMatches,
  anyResource,
  hasLabels,
  type IndexedRule,
  type IndexQuery,
  type JudgeRule,
  type ResourceLanguage,
} from './indexed-rule.ts';

/** The rules that no lookup narrows down, in document order. */
export class ScannedRules<T, S> {
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
    // Nothing asks about lists when nothing is scanned.
    const listed = this.isEmpty ? [] : rules;
    this.#rules = rules;
    this.#language = language;
    const lists = [
      numberLists(listed, (rule) => rule.principals),
      numberLists(listed, (rule) => rule.actions),
      numberLists(listed, (rule) => rule.resources),
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
