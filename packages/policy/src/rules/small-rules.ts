import type { Pattern } from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';

/** Up to this many rules one machine word holds a bit for each, and narrowing by words beats any lookup. */
export const SMALL_RULES_MAX = 31;

/** One dimension of a few rules: which of them a value matches, as bits. */
class MaskedDimension {
  readonly #everything: number;
  readonly #exact = new Map<string, number>();
  readonly #patterns: readonly Pattern[];
  readonly #masks: Int32Array;

  constructor(lists: readonly (readonly Pattern[])[]) {
    const masks = new Map<Pattern, number>();
    for (const [rule, list] of lists.entries()) {
      for (const pattern of list) masks.set(pattern, (masks.get(pattern) ?? 0) | (1 << rule));
    }
    let everything = 0;
    const others: [Pattern, number][] = [];
    for (const [pattern, mask] of masks) {
      if (pattern.shape === 'everything') everything |= mask;
      else if (pattern.shape === 'exact')
        this.#exact.set(pattern.literal, mask | (this.#exact.get(pattern.literal) ?? 0));
      else others.push([pattern, mask]);
    }
    this.#everything = everything;
    this.#patterns = others.map(([pattern]) => pattern);
    this.#masks = Int32Array.from(others, ([, mask]) => mask);
  }

  /** The bits of `wanted` whose rules match. Patterns that could add no wanted bit are not tried. */
  match(value: string, wanted: number): number {
    let mask = this.#everything;
    if ((wanted & ~mask) === 0) return wanted;
    if (this.#exact.size > 0) mask |= this.#exact.get(value) ?? 0;
    for (let at = 0; at < this.#patterns.length; at += 1) {
      const bits = this.#masks[at] as number;
      if ((bits & wanted & ~mask) !== 0 && matchesPattern(this.#patterns[at] as Pattern, value)) mask |= bits;
    }
    return mask & wanted;
  }
}

/** A handful of rules, narrowed by action and principal. */
export class SmallRules {
  readonly #all: number;
  readonly #principals: MaskedDimension;
  readonly #actions: MaskedDimension;

  constructor(
    rules: readonly { readonly principals: readonly Pattern[]; readonly actions: readonly Pattern[] }[],
  ) {
    this.#all = 2 ** rules.length - 1;
    this.#principals = new MaskedDimension(rules.map((rule) => rule.principals));
    this.#actions = new MaskedDimension(rules.map((rule) => rule.actions));
  }

  /** Writes the rules whose principal and action match to `found`, in document order, and returns how many. */
  collect(principal: string, action: string, found: Int32Array): number {
    let mask = this.#actions.match(action, this.#all);
    if (mask !== 0) mask = this.#principals.match(principal, mask);
    let count = 0;
    for (; mask !== 0; mask &= mask - 1) {
      found[count] = 31 - Math.clz32(mask & -mask);
      count += 1;
    }
    return count;
  }
}
