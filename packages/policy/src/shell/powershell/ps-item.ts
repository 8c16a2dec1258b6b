/** A piece of a word or string: text, a variable by its lower-case name, or null for what is not known. */
export type PsPart = string | { readonly variable: string } | null;

/** A word of a command, or a value. */
export interface PsWord {
  readonly parts: readonly PsPart[];
  /** The parameter's name, lower case, without its dash; null for a value. */
  readonly parameter: string | null;
  /** True for a literal script block, whose commands are items of their own. */
  readonly block: boolean;
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
}

/** A command of a pipeline. */
export interface PsCommand {
  readonly kind: 'command';
  readonly operator: '' | '&' | '.';
  readonly name: PsWord;
  readonly args: readonly PsWord[];
  /** The item that feeds it, when it stands behind a `|`. */
  readonly source: PsItem | null;
  readonly piped: boolean;
  readonly depth: number;
  readonly start: number;
  readonly end: number;
}

/** A member used on a value or a type; `name` is null when computed. */
export interface PsMember {
  readonly kind: 'member';
  readonly type: string | null;
  readonly name: string | null;
  readonly called: boolean;
  readonly isStatic: boolean;
  readonly start: number;
  readonly end: number;
}

/** Output sent to a file. */
export interface PsWrite {
  readonly kind: 'write';
  readonly target: PsWord;
  readonly depth: number;
  readonly start: number;
  readonly end: number;
}

/** `$name = value`; the value is null when it is not a plain text. */
export interface PsAssignment {
  readonly kind: 'assignment';
  readonly name: string;
  readonly value: readonly PsPart[] | null;
  readonly depth: number;
}

/** A plain value that stands at the head of a pipeline. */
export interface PsValue {
  readonly kind: 'value';
  readonly parts: readonly PsPart[] | null;
  readonly depth: number;
}

/** What a text does, in the order it is written; nested code comes before what it stands in. */
export type PsItem = PsCommand | PsMember | PsWrite | PsAssignment | PsValue;

/** The items of a text, the functions it defines, and what was wrong with it. */
export interface PsScript {
  readonly items: readonly PsItem[];
  readonly functions: ReadonlySet<string>;
  readonly problem: string | null;
}

/** Bound of nested brackets; deeper text is not read. */
export const PS_DEPTH_MAX = 64;

/** Bound of the items of one text; more are not read. */
export const PS_ITEMS_MAX = 4000;
