import type { Pattern } from './pattern.ts';
import { matchesPattern, placeComponents } from './pattern-match.ts';

/** Lists of patterns by number: a value matches a list when it matches one of its patterns. */
export interface ListMatcher<S> {
  readonly matches: (list: number, value: S) => boolean;
}

// How one pattern is tested. Numbers, so that they stand in one array and are told apart without following a pointer.
const EVERYTHING = 0;
const EXACT = 1;
const PREFIX = 2;
const SUFFIX = 3;
/** A path component and what follows: `**` and a slash, a literal, a star. */
const COMPONENT = 4;
/** A literal, a star, a literal, a star. */
const PREFIX_AND_RUN = 5;
const GENERAL = 6;

/** The test that decides a pattern, with the literals it compares. */
interface PatternTest {
  readonly kind: number;
  readonly text: string;
  readonly second: string;
}

/**
 * Many lists of patterns over plain strings, laid out flat: a question about a rule among many finds nothing of it in a
 * near cache, so what counts is how many steps through memory must wait for one another.
 */
export class PatternLists implements ListMatcher<string> {
  /** Where the patterns of each list begin; one more number than there are lists. */
  readonly #starts: Int32Array;
  readonly #kinds: Uint8Array;
  readonly #texts: readonly string[];
  readonly #seconds: readonly string[];
  readonly #patterns: readonly Pattern[];

  constructor(lists: readonly (readonly Pattern[])[]) {
    this.#starts = new Int32Array(lists.length + 1);
    for (const [list, { length }] of lists.entries())
      this.#starts[list + 1] = (this.#starts[list] ?? 0) + length;
    this.#patterns = lists.flat();
    const tests = this.#patterns.map(testOf);
    this.#kinds = Uint8Array.from(tests, ({ kind }) => kind);
    this.#texts = tests.map(({ text }) => text);
    this.#seconds = tests.map(({ second }) => second);
  }

  /** True when `value` matches a pattern of the list. */
  matches(list: number, value: string): boolean {
    const end = this.#starts[list + 1] as number;
    for (let at = this.#starts[list] as number; at < end; at += 1) {
      if (this.#matchesOne(at, value)) return true;
    }
    return false;
  }

  #matchesOne(at: number, value: string): boolean {
    const text = this.#texts[at] as string;
    switch (this.#kinds[at]) {
      case EVERYTHING:
        return true;
      case EXACT:
        return value === text;
      case PREFIX:
        return value.startsWith(text);
      case SUFFIX:
        return value.endsWith(text);
      case COMPONENT:
        return placeComponents(text, value, 0) >= 0;
      case PREFIX_AND_RUN:
        return value.startsWith(text) && value.indexOf(this.#seconds[at] as string, text.length) >= 0;
      default:
        return matchesPattern(this.#patterns[at] as Pattern, value);
    }
  }
}

function testOf(pattern: Pattern): PatternTest {
  const { literal: text } = pattern;
  switch (pattern.shape) {
    case 'everything':
      return { kind: EVERYTHING, text, second: '' };
    case 'exact':
      return { kind: EXACT, text, second: '' };
    case 'prefix':
      return { kind: PREFIX, text, second: '' };
    case 'suffix':
      return { kind: SUFFIX, text, second: '' };
    case 'general':
    default:
      return generalTestOf(pattern);
  }
}

function generalTestOf({ segments, isOpen }: Pattern): PatternTest {
  const [first, second, third] = segments;
  const text = first?.text ?? '';
  const rest = second?.text ?? '';
  if (isOpen && text !== '') {
    if (first?.gap === 'components' && second === undefined) return { kind: COMPONENT, text, second: '' };
    const isPair = first?.gap === 'start' && second?.gap === 'run' && third === undefined;
    if (isPair && rest !== '') return { kind: PREFIX_AND_RUN, text, second: rest };
  }
  return { kind: GENERAL, text: '', second: '' };
}
