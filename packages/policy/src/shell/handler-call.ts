import type { Invocation } from './flags.ts';
import type { ShellContext, Stdin } from './shell-context.ts';
import type { CommandRule } from './table.ts';
import type { Verdict } from './verdict.ts';
import type { WordValue } from './word.ts';

/** What a handler gets: the entry, the arguments without the command word, and where to put its findings. */
export interface HandlerCall {
  readonly rule: CommandRule;
  readonly args: readonly WordValue[];
  readonly context: ShellContext;
  readonly verdict: Verdict;
  readonly stdin: Stdin;
  /** The arguments as read, where the handler belongs to a subcommand. */
  readonly invocation?: Invocation;
}
