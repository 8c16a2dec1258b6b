import type { Selector } from './access-path.ts';
import { type Pattern, patternLiterals } from './pattern.ts';
import { type ListMatcher, PatternLists } from './pattern-lists.ts';
import { matchesPattern } from './pattern-match.ts';

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
  /** Prepares the resource patterns of many rules. */
  readonly prepare: (lists: readonly (readonly T[])[]) => ListMatcher<S>;
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
  prepare: (lists) => new PatternLists(lists),
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

export function hasLabels(required: readonly string[], given: readonly string[]): boolean {
  for (let at = 0; at < required.length; at += 1) {
    if (!given.includes(required[at] as string)) return false;
  }
  return true;
}

export function anyMatches(patterns: readonly Pattern[], value: string): boolean {
  for (let at = 0; at < patterns.length; at += 1) {
    if (matchesPattern(patterns[at] as Pattern, value)) return true;
  }
  return false;
}

export function anyResource<T, S>(
  patterns: readonly T[],
  resource: S,
  language: ResourceLanguage<T, S>,
): boolean {
  for (let at = 0; at < patterns.length; at += 1) {
    if (language.matches(patterns[at] as T, resource)) return true;
  }
  return false;
}
