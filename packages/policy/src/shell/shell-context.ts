import type { FunctionDefinition, Node, Script, Span } from './ast.ts';
import type { NestedClassifier } from './foreign-shell.ts';
import type { OperatorDenyRule } from './operator-match.ts';
import type { Environment } from './environment.ts';
import type { Tables } from './table.ts';
import type { Verdict } from './verdict.ts';
import type { WordValue } from './word.ts';

/** Deepest nesting of shells in shells (`sh -c`, `eval`, substitutions, wrappers) that is followed. */
export const NESTED_SHELLS_MAX = 16;
/** Most simple commands that one classification judges, over all nested shells. */
export const COMMANDS_MAX = 4_000;

/** What a command reads: its own terminal or file (`undefined`), unknown data (`null`), or a known text. */
export type Stdin = string | null | undefined;

/** Counts shared by everything that one classification judges. */
export interface Limits {
  commands: number;
}

/** The line of execution a command is judged in, and the way back to the walker for what it runs. */
export interface ShellContext {
  readonly source: string;
  readonly tables: Tables;
  readonly engine: Engine;
  readonly classifyNested: NestedClassifier;
  readonly limits: Limits;
  readonly denyRules: readonly OperatorDenyRule[];
  readonly environment: Environment;
  readonly functions: Map<string, FunctionDefinition>;
  /** Files written by an earlier command of the same text, by absolute path; the content where it is known. */
  readonly writtenFiles: Map<string, string | null>;
  readonly depth: number;
  /** Where a nested text stands in the classified text; positions inside it are not ours. */
  readonly span: Span | null;
}

/** What judges need from the walker; given as an object so that no module imports upwards. */
export interface Engine {
  /** Judges an argument list as the command that it runs. */
  judgeArguments(values: readonly WordValue[], context: ShellContext, verdict: Verdict, stdin: Stdin): void;
  /** Judges a text that a shell reads; `positional` are the arguments it gets. */
  judgeText(text: WordValue, context: ShellContext, verdict: Verdict, options?: NestedText): void;
  judgeScript(script: Script, context: ShellContext, verdict: Verdict): void;
  judgeNode(node: Node, context: ShellContext, verdict: Verdict, stdin: Stdin): void;
}

export interface NestedText {
  /** What the text is in the tree: `shell`, `eval`, `remote` … */
  readonly kind?: string;
  readonly positional?: readonly WordValue[];
  readonly scriptName?: WordValue | undefined;
  /** Runs in the same shell: assignments and `cd` last. */
  readonly isSameShell?: boolean;
  /** Runs on another machine or in a container. */
  readonly isRemote?: boolean;
  readonly stdin?: Stdin;
}

export function spanIn(context: ShellContext, at: Span): Span {
  return context.span ?? { start: at.start, end: at.end };
}
