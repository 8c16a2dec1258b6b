import { GramTable, gramHashes } from './gram-table.ts';

/** Lengths of the runs rules are found by, longest first: a long run is rarer, a short one serves short literals. */
const GRAM_LENGTHS = [6, 3] as const;

/** A key shared by at most this many rules is as good as unique. */
export const RARE_RULES_MAX = 4;

/** What the index needs to know of one pattern: the only string it matches, or the literal runs every match contains. */
export interface Selector {
  readonly exact: string | null;
  readonly literals: readonly string[];
}

/** Where a rule is filed for one pattern. `null` is nowhere: the pattern says too little. */
type Key = { readonly exact: string } | { readonly level: number; readonly hash: number } | null;

/** Largest table of run counts, as a power of two. Runs that share a cell only look commoner than they are. */
const CENSUS_BITS_MAX = 18;
/** Cells of that table for each rule. */
const CELLS_PER_RULE = 64;

/** How often each key of one dimension (principals, actions or resources) occurs among the rules. */
export class KeyCensus {
  readonly #exact = new Map<string, number>();
  readonly #grams: readonly Uint32Array[];
  readonly #cellShift: number;
  readonly #keys = new Map<Selector, CountedKey>();

  /** `rules` is how many rules will be counted, for the size of the tables. */
  constructor(rules: number) {
    const bits = Math.min(CENSUS_BITS_MAX, Math.ceil(Math.log2((rules + 1) * CELLS_PER_RULE)));
    this.#cellShift = 32 - bits;
    this.#grams = GRAM_LENGTHS.map(() => new Uint32Array(2 ** bits));
  }

  count(selector: Selector, rules: number): void {
    if (selector.exact !== null)
      this.#exact.set(selector.exact, (this.#exact.get(selector.exact) ?? 0) + rules);
    const level = levelOf(selector);
    const counts = this.#grams[level];
    if (counts === undefined) return;
    for (const literal of selector.literals) {
      for (const hash of gramHashes(literal, GRAM_LENGTHS[level] ?? 1)) {
        const cell = this.#cellOf(hash);
        counts[cell] = (counts[cell] ?? 0) + rules;
      }
    }
  }

  /** The rarest key of the pattern. Call after every pattern was counted. */
  keyOf(selector: Selector): Key {
    return this.#counted(selector).key;
  }

  /** How many rules share the key of the pattern; infinite when it has none. */
  costOf(selector: Selector): number {
    return this.#counted(selector).count;
  }

  #counted(selector: Selector): CountedKey {
    const known = this.#keys.get(selector);
    if (known !== undefined) return known;
    const gram = this.#rarestGram(selector);
    // A whole string is looked up by itself only where its runs are common: one kind of lookup is cheaper than two.
    const isWhole = selector.exact !== null && gram.count > RARE_RULES_MAX;
    const whole = { key: { exact: selector.exact ?? '' }, count: this.#exact.get(selector.exact ?? '') ?? 0 };
    const counted = isWhole ? whole : gram;
    this.#keys.set(selector, counted);
    return counted;
  }

  #rarestGram(selector: Selector): CountedKey {
    const level = levelOf(selector);
    const counts = this.#grams[level];
    let best = 0;
    let bestCount = Number.POSITIVE_INFINITY;
    for (const literal of counts === undefined ? [] : selector.literals) {
      for (const hash of gramHashes(literal, GRAM_LENGTHS[level] ?? 1)) {
        const count = counts?.[this.#cellOf(hash)] ?? 0;
        if (count >= bestCount) continue;
        best = hash;
        bestCount = count;
      }
    }
    return { key: bestCount === Number.POSITIVE_INFINITY ? null : { level, hash: best }, count: bestCount };
  }

  #cellOf(hash: number): number {
    return Math.imul(hash, 0x9e3779b1) >>> this.#cellShift;
  }
}

interface CountedKey {
  readonly key: Key;
  readonly count: number;
}

/** The rules filed under one dimension. */
export class AccessPath {
  readonly #exact: ReadonlyMap<string, Int32Array>;
  readonly #grams: readonly GramTable[];

  constructor(filed: readonly { readonly key: Key; readonly rule: number }[]) {
    const exact = new Map<string, number[]>();
    const grams: Map<number, number[]>[] = GRAM_LENGTHS.map(() => new Map());
    for (const { key, rule } of filed) {
      if (key === null) continue;
      if ('exact' in key) file(exact, key.exact, rule);
      else file(grams[key.level] ?? new Map<number, number[]>(), key.hash, rule);
    }
    this.#exact = new Map([...exact].map(([value, rules]) => [value, Int32Array.from(rules)]));
    this.#grams = grams.flatMap((postings, level) =>
      postings.size === 0 ? [] : [new GramTable(GRAM_LENGTHS[level] ?? 1, postings)],
    );
  }

  /** Adds every rule that may match `value` to `found`, from `count` on, each once per `generation`. */
  collect(value: string, found: Int32Array, count: number, marks: Uint32Array, generation: number): number {
    let total = count;
    if (this.#exact.size > 0) {
      const rules = this.#exact.get(value);
      if (rules !== undefined) {
        for (let at = 0; at < rules.length; at += 1) {
          const rule = rules[at] ?? 0;
          if (marks[rule] === generation) continue;
          marks[rule] = generation;
          found[total] = rule;
          total += 1;
        }
      }
    }
    for (let at = 0; at < this.#grams.length; at += 1) {
      total = this.#grams[at]?.collect(value, found, total, marks, generation) ?? total;
    }
    return total;
  }
}

function levelOf(selector: Selector): number {
  let longest = 0;
  for (const literal of selector.literals) longest = Math.max(longest, literal.length);
  return GRAM_LENGTHS.findIndex((length) => length <= longest);
}

function file<K>(postings: Map<K, number[]>, key: K, rule: number): void {
  const rules = postings.get(key);
  if (rules === undefined) postings.set(key, [rule]);
  else if (rules.at(-1) !== rule) rules.push(rule);
}
