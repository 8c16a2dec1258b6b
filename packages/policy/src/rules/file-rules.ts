import { AccessPath, KeyCensus, RARE_RULES_MAX, type Selector } from './access-path.ts';
import { type IndexedRule, patternSelector, type ResourceLanguage } from './indexed-rule.ts';

/** A rule whose rarest key is shared by more rules than this and by a large part of all is scanned, not looked up. */
const SHARED_RULES_MAX = 64;
const SHARED_PART_MAX = 1 / 16;

/** Files each rule under the dimension in which its keys are rarest, or names it among those that must be scanned. */
export function fileRules<T, S>(
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
