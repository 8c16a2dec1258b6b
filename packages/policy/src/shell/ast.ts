/**
 * The syntax tree the classifier reads: smaller than any parser's, so that the parser can be replaced.
 * Positions are UTF-16 offsets into the classified text.
 */

/** A half-open range of the classified text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One piece of a word, in source order. `quoted` pieces are neither split nor expanded as patterns. */
export type WordPart =
  | { readonly kind: 'literal'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'glob'; readonly text: string }
  | ParameterPart
  | { readonly kind: 'command'; readonly script: Script; readonly quoted: boolean }
  | { readonly kind: 'process'; readonly direction: '<' | '>'; readonly script: Script }
  | { readonly kind: 'arithmetic'; readonly text: string; readonly scripts: readonly Script[] }
  | { readonly kind: 'opaque'; readonly text: string };

/** `$name`, `${name}`, `${!name}`, `${#name}`, `${name[index]}` and every `${name OP operands}`. */
export interface ParameterPart {
  readonly kind: 'parameter';
  readonly name: string;
  readonly quoted: boolean;
  readonly prefix: '' | '!' | '#';
  readonly index: string | null;
  readonly operator: string;
  readonly operands: readonly Word[];
}

/** `literal` is the whole value when the word is static; otherwise `parts` must be read. */
export interface Word extends Span {
  readonly text: string;
  readonly literal: string | null;
  readonly parts: readonly WordPart[];
}

/** `name=value`, `name+=value`, `name[index]=value` or `name=(items)`. */
export interface Assignment extends Span {
  readonly name: string;
  readonly append: boolean;
  readonly index: Word | null;
  readonly value: Word | null;
  readonly items: readonly Word[] | null;
}

/** `text` redirections are here-documents and here-strings; the others name a file or a descriptor. */
export interface Redirection extends Span {
  readonly operator: string;
  readonly descriptor: number | null;
  readonly target: Word | null;
  readonly isText: boolean;
}

/** A command with its words; without words it only assigns and redirects. */
export interface SimpleCommand extends Span {
  readonly kind: 'simple';
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

export interface Pipeline extends Span {
  readonly kind: 'pipeline';
  readonly stages: readonly Node[];
}

export interface Sequence extends Span {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
}

/** `a && b || c`: later items may not run. */
export interface AndOr extends Span {
  readonly kind: 'and-or';
  readonly items: readonly Node[];
}

export interface Background extends Span {
  readonly kind: 'background';
  readonly body: Node;
}

export interface Branches extends Span {
  readonly kind: 'if' | 'case';
  readonly words: readonly Word[];
  readonly arms: readonly (readonly Node[])[];
}

export interface Loop extends Span {
  readonly kind: 'for' | 'while' | 'select';
  readonly variable: string | null;
  readonly words: readonly Word[] | null;
  readonly condition: Node | null;
  readonly body: Node;
}

export interface Group extends Span {
  readonly kind: 'group' | 'subshell' | 'coproc';
  readonly body: Node;
}

export interface FunctionDefinition extends Span {
  readonly kind: 'function';
  readonly name: string | null;
  readonly body: Node;
}

/** `[[ … ]]` and `(( … ))`: no command of their own, but their words may hold substitutions. */
export interface Test extends Span {
  readonly kind: 'test';
  readonly words: readonly Word[];
  /** The text of `((…))`: a POSIX shell reads it as two subshells. */
  readonly arithmetic: string | null;
}

export interface Redirected extends Span {
  readonly kind: 'redirected';
  readonly body: Node;
  readonly redirections: readonly Redirection[];
}

/** Anything that can stand where a command can. */
export type Node =
  | SimpleCommand
  | Pipeline
  | Sequence
  | AndOr
  | Background
  | Branches
  | Loop
  | Group
  | FunctionDefinition
  | Test
  | Redirected;

/** A text, read. */
export interface Script {
  readonly source: string;
  readonly body: Sequence;
}

/** Why a text could not be read in full. Any of these makes the classification `T3`. */
export type SyntaxFaultCode =
  | 'syntax-error'
  | 'nul-byte'
  | 'input-too-long'
  | 'too-deep'
  | 'too-many-nodes'
  | 'unterminated-heredoc'
  | 'unhandled-node'
  | 'parser-failure';

/** What is wrong with a text, and where. */
export interface SyntaxFault extends Span {
  readonly code: SyntaxFaultCode;
  readonly detail: string;
}

/** What was read of a text, and what was wrong with it. Never thrown: a text without faults is the only one to be judged below `T3`. */
export interface ParsedShell {
  readonly script: Script;
  readonly faults: readonly SyntaxFault[];
}
