import type {
  Assignment,
  Branches,
  FunctionDefinition,
  Loop,
  Node,
  Redirection,
  Script,
  SimpleCommand,
} from './ast.ts';
import { judgeEffect } from './effects.ts';
import { Environment, HOME_PLACEHOLDER } from './environment.ts';
import { expandUnsplit, expandWords, type ExpansionContext } from './expand.ts';
import { isForkBomb } from './fork-bomb.ts';
import { judgeHiddenSubstitutions } from './hidden-substitutions.ts';
import { judgeArguments } from './judge-command.ts';
import { parseShell } from './parse.ts';
import { judgeVariable } from './roles.ts';
import {
  COMMANDS_MAX,
  type Engine,
  NESTED_SHELLS_MAX,
  type NestedText,
  type ShellContext,
  spanIn,
  type Stdin,
} from './shell-context.ts';
import { redirectedInput, staticOutput, withoutTrailingNewlines } from './static-output.ts';
import { judgeSubstitutions } from './substitutions.ts';
import { Verdict } from './verdict.ts';
import { literalValue, setValue, textsOf, unknownValue, type WordValue } from './word.ts';

/** Walks every branch, body and substitution; the verdict is the maximum over all of them. */
export const engine: Engine = { judgeArguments: judgeBounded, judgeText, judgeScript, judgeNode };

function judgeBounded(
  values: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
): void {
  if (++context.limits.commands > COMMANDS_MAX || context.depth > NESTED_SHELLS_MAX) {
    verdict.raise(3, 'bound-exceeded', 'too many or too deeply nested commands');
    return;
  }
  judgeArguments(values, { ...context, depth: context.depth + 1 }, verdict, stdin);
}

function judgeScript(script: Script, context: ShellContext, verdict: Verdict): void {
  judgeNode(script.body, context, verdict, undefined);
}

/** A text that some shell reads: parsed anew and judged as part of the command that hands it over. */
function judgeText(text: WordValue, context: ShellContext, verdict: Verdict, options: NestedText = {}): void {
  const span = spanIn(context, text);
  const kind = options.kind ?? 'shell';
  if (context.depth >= NESTED_SHELLS_MAX)
    return verdict.raise(3, 'bound-exceeded', 'shells are nested too deeply', span);
  if (text.kind === 'set') {
    for (const alternative of text.alternatives)
      judgeText(literalValue(alternative, text.start, text.end), context, verdict, options);
    return;
  }
  if (text.kind !== 'literal') verdict.raise(3, 'unknown-code', `the text for ${kind} is not known`, span);
  // What is known of the beginning is judged as well: it may be on the deny list.
  const { script, faults } = parseShell(text.text);
  const part = new Verdict();
  for (const found of faults) part.raise(3, found.code, found.detail, span);
  const environment = nestedEnvironment(context, options);
  judgeNode(
    script.body,
    { ...context, source: text.text, environment, depth: context.depth + 1, span },
    part,
    options.stdin,
  );
  verdict.attach(kind, text.text, part);
}

function nestedEnvironment(context: ShellContext, options: NestedText): Environment {
  if (options.isSameShell === true) return context.environment;
  const environment =
    options.isRemote === true
      ? new Environment({ home: HOME_PLACEHOLDER, workspace: context.environment.workspace })
      : context.environment.fork();
  if (options.positional !== undefined) environment.positional = options.positional;
  if (options.scriptName !== undefined) environment.scriptName = options.scriptName;
  return environment;
}

/** Judges one node; assignments and `cd` in it hold for what follows in the same environment. */
function judgeNode(node: Node, context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  switch (node.kind) {
    case 'simple':
      return judgeSimple(node, context, verdict, stdin);
    case 'pipeline':
      return judgePipeline(node.stages, context, verdict, stdin);
    case 'sequence':
      for (const item of node.items) judgeNode(item, context, verdict, stdin);
      return;
    case 'and-or':
      return judgeAndOr(node.items, context, verdict, stdin);
    case 'background':
    case 'subshell':
    case 'coproc':
      return judgeNode(node.body, { ...context, environment: context.environment.fork() }, verdict, stdin);
    case 'group':
      return judgeNode(node.body, context, verdict, stdin);
    case 'redirected': {
      const input = judgeRedirections(node.redirections, context, verdict);
      return judgeNode(node.body, context, verdict, input === undefined ? stdin : input);
    }
    case 'function':
      return judgeFunction(node, context, verdict);
    case 'test':
      judgeSubstitutions(node.words, context, verdict);
      if (node.arithmetic !== null) judgeAsCommands(node.arithmetic, node.start, node.end, context, verdict);
      return;
    case 'if':
    case 'case':
      return judgeBranches(node, context, verdict, stdin);
    case 'for':
    case 'while':
    case 'select':
      return judgeLoop(node, context, verdict, stdin);
  }
}

/** `((rm -rf /))` is arithmetic to bash but a command to a POSIX shell that may stand behind `sh`. */
function judgeAsCommands(
  text: string,
  start: number,
  end: number,
  context: ShellContext,
  verdict: Verdict,
): void {
  if (!/[a-zA-Z]\s+\S/.test(text)) return;
  const part = new Verdict();
  judgeText(literalValue(text, start, end), context, part, { kind: 'subshell' });
  if (part.rank === 3) verdict.absorb(part);
}

/** `a && b`: the environment after it is that of either having run or not. */
function judgeAndOr(items: readonly Node[], context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  const { environment } = context;
  const before: Environment[] = [];
  for (const [i, item] of items.entries()) {
    // Whether a later item runs is not known: what holds afterwards is either.
    if (i > 0) before.push(environment.fork());
    judgeNode(item, context, verdict, stdin);
  }
  for (const earlier of before) environment.join(earlier);
}

function judgePipeline(stages: readonly Node[], context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  let input = stdin;
  for (const stage of stages) {
    judgeNode(stage, { ...context, environment: context.environment.fork() }, verdict, input);
    input = staticOutput(stage, context, typeof input === 'string' ? input : null);
  }
}

function judgeBranches(node: Branches, context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  judgeSubstitutions(node.words, context, verdict);
  const before = context.environment.fork();
  for (const arm of node.arms) {
    const environment = before.fork();
    for (const item of arm) judgeNode(item, { ...context, environment }, verdict, stdin);
    context.environment.join(environment);
  }
}

function judgeLoop(node: Loop, context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  if (node.words !== null) judgeSubstitutions(node.words, context, verdict);
  const { environment } = context;
  const before = environment.fork();
  // What the body assigns may already hold when it starts again.
  for (const name of assignedNames([node.condition, node.body])) environment.forget(name);
  if (node.variable !== null) environment.assign(node.variable, loopValue(node, context));
  if (changesDirectory(node.body)) environment.cwd = null;
  if (node.condition !== null) judgeNode(node.condition, context, verdict, stdin);
  judgeNode(node.body, context, verdict, stdin);
  if (node.variable === null) environment.join(before);
}

function loopValue(node: Loop, context: ShellContext): WordValue {
  const { start, end } = node;
  if (node.words === null) return unknownValue(start, end);
  const values = expandWords(node.words, expansionOf(context));
  const texts: string[] = [];
  for (const value of values) {
    const known = value.isGlob ? null : textsOf(value);
    if (known === null) return values.length === 1 ? { ...value, isOpen: false } : unknownValue(start, end);
    texts.push(...known);
  }
  return setValue(texts, start, end, true);
}

function assignedNames(nodes: readonly (Node | null)[]): string[] {
  const names: string[] = [];
  for (const node of nodes) {
    if (node?.kind === 'simple') names.push(...node.assignments.map((assignment) => assignment.name));
    else if (node?.kind === 'sequence' || node?.kind === 'and-or') names.push(...assignedNames(node.items));
    else if (node?.kind === 'group' || node?.kind === 'redirected') names.push(...assignedNames([node.body]));
    else if (node?.kind === 'if' || node?.kind === 'case') names.push(...assignedNames(node.arms.flat()));
    else if (node?.kind === 'for' || node?.kind === 'while')
      names.push(...assignedNames([node.condition, node.body]));
  }
  return names;
}

function changesDirectory(node: Node): boolean {
  if (node.kind === 'simple') return /^(?:cd|pushd|popd)$/.test(node.words[0]?.literal ?? '');
  if (node.kind === 'sequence' || node.kind === 'and-or')
    return node.items.some((item) => changesDirectory(item));
  return (node.kind === 'group' || node.kind === 'redirected') && changesDirectory(node.body);
}

/** A body counts where it is defined: it may be called from anywhere, with any arguments and variables. */
function judgeFunction(node: FunctionDefinition, context: ShellContext, verdict: Verdict): void {
  if (isForkBomb(node, context.functions))
    verdict.deny(
      'fork-bomb',
      `${node.name ?? 'a function'} starts itself without end`,
      spanIn(context, node),
    );
  const environment = new Environment({
    home: context.environment.home,
    workspace: context.environment.workspace,
  });
  const functions = new Map(context.functions);
  if (node.name !== null) functions.delete(node.name);
  judgeNode(node.body, { ...context, environment, functions, depth: context.depth + 1 }, verdict, undefined);
  if (node.name !== null) context.functions.set(node.name, node);
}

function expansionOf(context: ShellContext): ExpansionContext {
  return {
    environment: context.environment,
    outputOf: (script) => {
      const text = staticOutput(script.body, context);
      return text === null ? null : withoutTrailingNewlines(text);
    },
  };
}

function judgeSimple(node: SimpleCommand, context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  const part = new Verdict();
  judgeSubstitutions(node.words, context, part);
  const values = expandWords(node.words, expansionOf(context));
  const isCommand = values.length > 0;
  for (const assignment of node.assignments) judgeAssignment(assignment, isCommand, context, part);
  const input = judgeRedirections(node.redirections, context, part);
  if (isCommand) judgeBounded(values, context, part, input === undefined ? stdin : input);
  recordWritten(node, values, context);
  verdict.attach('command', context.source.slice(node.start, node.end), part);
}

/** `FOO=bar` alone assigns; before a command it only lasts for that command. */
function judgeAssignment(
  assignment: Assignment,
  isCommand: boolean,
  context: ShellContext,
  verdict: Verdict,
): void {
  const { environment } = context;
  const { name, value, items, start, end } = assignment;
  const words = [assignment.index, value, ...(items ?? [])].filter((word) => word !== null);
  judgeSubstitutions(words, context, verdict);
  const expansion = expansionOf(context);
  const assigned = value === null ? unknownValue(start, end) : expandUnsplit(value, expansion);
  judgeVariable(name, assigned, context, verdict);
  // A subscript in arithmetic expands what the value holds, although it was quoted here.
  if (assigned.text.includes('[')) judgeHiddenSubstitutions(assigned, context, verdict);
  if (isCommand) return;
  if (assignment.index !== null) environment.forget(name);
  else if (items !== null)
    environment.assign(
      name,
      assignment.append ? [unknownValue(start, end, true)] : expandWords(items, expansion),
    );
  else environment.assign(name, assignment.append ? appended(name, assigned, environment) : assigned);
}

function appended(name: string, value: WordValue, environment: Environment): WordValue {
  const before = environment.variables.get(name);
  if (before === undefined || Array.isArray(before)) return unknownValue(value.start, value.end);
  const old = before as WordValue;
  if (old.kind !== 'literal' || value.kind !== 'literal') return unknownValue(value.start, value.end);
  return { ...value, text: old.text + value.text };
}

/** Judges redirections; what they give as standard input, or undefined when they leave it. */
function judgeRedirections(
  redirections: readonly Redirection[],
  context: ShellContext,
  verdict: Verdict,
): Stdin {
  let input: Stdin;
  for (const redirection of redirections) {
    const { target, operator } = redirection;
    if (target === null) continue;
    judgeSubstitutions([target], context, verdict);
    const value = expandUnsplit(target, expansionOf(context), !redirection.isText);
    if (redirection.isText) input = redirectedInput(redirection, value);
    else if (operator === '<') input = inputOf(value, context);
    else if (operator === '<&') continue;
    else if (operator === '>&' && /^(?:\d+-?|-)$/.test(value.text) && value.kind === 'literal') continue;
    else if (value.process === null) judgeEffect('write', value, context, verdict, `redirection ${operator}`);
  }
  return input;
}

function inputOf(value: WordValue, context: ShellContext): Stdin {
  if (value.process !== null) return staticOutput(value.process.body, context);
  return null;
}

/** `echo TEXT > FILE`: the content is known to a later command that runs the file. */
function recordWritten(node: SimpleCommand, values: readonly WordValue[], context: ShellContext): void {
  if (context.writtenFiles.size === 0 || values.length === 0) return;
  const [redirection] = node.redirections.filter((item) => item.operator === '>' || item.operator === '>|');
  const name = redirection?.target?.literal?.replace(/^(?:\.\/)+/, '') ?? '';
  if (name === '') return;
  for (const [path, content] of context.writtenFiles) {
    if (content !== null || !path.endsWith(name)) continue;
    const others = node.redirections.filter((item) => item !== redirection);
    context.writtenFiles.set(path, staticOutput({ ...node, redirections: others }, context));
  }
}
