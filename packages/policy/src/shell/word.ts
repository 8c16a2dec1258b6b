import type { Script } from './ast.ts';

/**
 * What is known of one argument after expansion: a lattice, least known last.
 * `literal`: exactly `text`; `set`: one of `alternatives`; `prefix`: begins with `text`; `unknown`: anything.
 */
export interface WordValue {
  readonly kind: 'literal' | 'set' | 'prefix' | 'unknown';
  readonly text: string;
  readonly alternatives: readonly string[];
  /** The whole word with `UNKNOWN_PIECE` for what is not known in it. */
  readonly shape: string;
  /** Every alternative does occur (a loop over them), so the worst of them is certain. */
  readonly isEach: boolean;
  /** Holds live pattern characters: `text` is the pattern. */
  readonly isGlob: boolean;
  /** Unquoted and not known: it may be no argument at all, or several. */
  readonly isOpen: boolean;
  /** Depends on a variable that nothing here assigns, taken as unset. */
  readonly isAssumed: boolean;
  /** The script behind a process substitution. */
  readonly process: Script | null;
  readonly start: number;
  readonly end: number;
}

const NONE: readonly string[] = [];

/** Stands for a piece of a word that is not known: no text contains it. */
export const UNKNOWN_PIECE = '\uFFFF';

/** Most alternatives a finite set keeps; beyond it the value is unknown. */
export const ALTERNATIVES_MAX = 16;

export function literalValue(text: string, start: number, end: number): WordValue {
  return make('literal', text, start, end, false);
}

export function globValue(text: string, start: number, end: number): WordValue {
  return { ...make('literal', text, start, end, false), isGlob: true };
}

export function unknownValue(start: number, end: number, isOpen = false): WordValue {
  return make('unknown', '', start, end, isOpen);
}

export function prefixValue(text: string, start: number, end: number, isOpen = false): WordValue {
  return make(text === '' ? 'unknown' : 'prefix', text, start, end, isOpen);
}

export function setValue(
  alternatives: readonly string[],
  start: number,
  end: number,
  isEach: boolean,
): WordValue {
  const distinct = [...new Set(alternatives)];
  const only = distinct[0];
  if (only === undefined || distinct.length > ALTERNATIVES_MAX) return unknownValue(start, end);
  if (distinct.length === 1) return literalValue(only, start, end);
  return { ...make('set', only, start, end, false), alternatives: distinct, isEach };
}

export function processValue(script: Script, start: number, end: number): WordValue {
  return { ...make('prefix', '/dev/fd/', start, end, false), process: script };
}

function make(kind: WordValue['kind'], text: string, start: number, end: number, isOpen: boolean): WordValue {
  return {
    kind,
    text,
    shape: kind === 'literal' ? text : text + UNKNOWN_PIECE,
    alternatives: NONE,
    isEach: false,
    isGlob: false,
    isOpen,
    isAssumed: false,
    process: null,
    start,
    end,
  };
}

/** The exact text of a value that is one static argument, else null. */
export function staticTextOf(value: WordValue | undefined): string | null {
  return value !== undefined && value.kind === 'literal' && !value.isGlob ? value.text : null;
}

/** What both values can be. */
export function joinValues(a: WordValue, b: WordValue): WordValue {
  const left = textsOf(a);
  const right = textsOf(b);
  if (left === null || right === null) return unknownValue(a.start, a.end, a.isOpen || b.isOpen);
  return setValue([...left, ...right], a.start, a.end, false);
}

/** All texts a value may have, or null when they are not finite. */
export function textsOf(value: WordValue): readonly string[] | null {
  if (value.kind === 'literal') return [value.text];
  return value.kind === 'set' ? value.alternatives : null;
}
