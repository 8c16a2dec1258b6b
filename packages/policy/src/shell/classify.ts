import { errorMessage, type Tier, tierRank } from '@praxis/core';
import type { SimpleCommand } from './ast.ts';
import { Environment, HOME_PLACEHOLDER, WORKSPACE_PLACEHOLDER } from './environment.ts';
import { judgeForeign, type NestedClassifier } from './foreign-shell.ts';
import { parseShell } from './parse.ts';
import type { OperatorDenyRule } from './operator-match.ts';
import { NESTED_SHELLS_MAX, type ShellContext } from './shell-context.ts';
import { loadTables } from './table.ts';
import { type ClassificationReason, type ClassifiedNode, tierOf, Verdict } from './verdict.ts';
import { engine } from './walk.ts';

/** The shells a command can be written for. It is declared by who sends the command, never guessed. */
export type ShellKind = 'bash' | 'powershell' | 'cmd';

/** What a command would do, and why. */
export interface Classification {
  readonly tier: Tier;
  /** On the deny list: refused in every mode. Implies `T3`. */
  readonly denied: boolean;
  readonly shell: ShellKind;
  readonly reasons: readonly ClassificationReason[];
  /** The arguments when the text is exactly one static simple command: what an executor runs without a shell. */
  readonly argv: readonly string[] | null;
  readonly tree: ClassifiedNode;
}

/** The shell that would run the command and what is known of where; placeholders stand for a directory or home that is not given. */
export interface ClassifyOptions {
  readonly shell?: ShellKind;
  /** Rules of the operator that extend the shipped deny list. */
  readonly deny?: readonly OperatorDenyRule[];
  /** Directory the command starts in, if it is known. */
  readonly cwd?: string;
  readonly home?: string;
}

const TABLES = loadTables();

/** Classifies a command line. Pure and synchronous; never throws: what cannot be judged is `T3`. */
export function classify(command: string, options: ClassifyOptions = {}): Classification {
  const shell = options.shell ?? 'bash';
  const verdict = new Verdict();
  let argv: readonly string[] | null = null;
  try {
    if (shell === 'bash') argv = classifyBash(command, options, verdict, 0);
    else verdict.absorb(judgeForeign(shell, command, 0, lentBy(options)));
  } catch (error) {
    // Fail closed: a fault of the classifier must not let a command pass for harmless.
    verdict.raise(3, 'classifier-failure', errorMessage(error));
    argv = null;
  }
  const tree = verdict.toNode('script', command);
  return { tier: tierOf(verdict.rank), denied: verdict.denied, shell, reasons: reasonsOf(tree), argv, tree };
}

function lentBy(options: ClassifyOptions): Parameters<typeof judgeForeign>[3] {
  return { classifyNested: nestedWith(options), denyRules: options.deny ?? [] };
}

/** The way from one shell into another, with the same options and one depth for all of them. */
function nestedWith(options: ClassifyOptions): NestedClassifier {
  return (text, shell, depth) => {
    const verdict = new Verdict();
    if (depth > NESTED_SHELLS_MAX) verdict.raise(3, 'bound-exceeded', 'shells are nested too deeply');
    else if (shell === 'bash') classifyBash(text, options, verdict, depth);
    else verdict.absorb(judgeForeign(shell, text, depth, lentBy(options)));
    return verdict;
  };
}

function classifyBash(
  command: string,
  options: ClassifyOptions,
  verdict: Verdict,
  depth: number,
): readonly string[] | null {
  const { script, faults } = parseShell(command);
  for (const found of faults) verdict.raise(3, found.code, found.detail, found);
  const context: ShellContext = {
    source: command,
    tables: TABLES,
    engine,
    classifyNested: nestedWith(options),
    limits: { commands: 0 },
    denyRules: options.deny ?? [],
    environment: new Environment({
      home: options.home ?? HOME_PLACEHOLDER,
      workspace: options.cwd ?? WORKSPACE_PLACEHOLDER,
    }),
    functions: new Map(),
    writtenFiles: new Map(),
    depth,
    span: null,
  };
  engine.judgeScript(script, context, verdict);
  const [only] = script.body.items;
  return faults.length === 0 && script.body.items.length === 1 && only?.kind === 'simple'
    ? staticArguments(only)
    : null;
}

function staticArguments(node: SimpleCommand): readonly string[] | null {
  if (node.assignments.length > 0 || node.redirections.length > 0 || node.words.length === 0) return null;
  if (SHELL_ONLY.has(node.words[0]?.literal ?? '')) return null;
  const argv: string[] = [];
  for (const word of node.words) {
    if (word.literal === null) return null;
    argv.push(word.literal);
  }
  return argv;
}

/** Words that only a shell understands: no program of that name exists to be started. */
const SHELL_ONLY: ReadonlySet<string> = new Set(
  'alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown enable eval exec exit export fc fg function getopts hash help history jobs let local logout mapfile popd pushd read readarray readonly return set shift shopt source suspend time times trap type typeset ulimit umask unalias unset wait . :'.split(
    ' ',
  ),
);

/** Most reasons a classification lists; the worst come first. */
export const REASONS_MAX = 64;

/** All reasons of the tree, the ones that decide first. */
function reasonsOf(tree: ClassifiedNode): ClassificationReason[] {
  const reasons: ClassificationReason[] = [];
  gather(tree, reasons);
  reasons.sort((a, b) => tierRank(b.tier) - tierRank(a.tier));
  if (reasons.length > REASONS_MAX) reasons.length = REASONS_MAX;
  return reasons;
}

function gather(node: ClassifiedNode, into: ClassificationReason[]): void {
  into.push(...node.reasons);
  for (const child of node.children) gather(child, into);
}
