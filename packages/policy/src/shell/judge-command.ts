import { entryOfVariant, programName } from './command-name.ts';
import { judgeHandler } from './handlers.ts';
import { judgeOperatorRules } from './deny-list.ts';
import { type GivenFlag, type Invocation, readInvocation } from './flags.ts';
import { isRunningRole, judgeRole } from './roles.ts';
import { type ShellContext, spanIn, type Stdin } from './shell-context.ts';
import { matchGlob } from './shell-pattern.ts';
import type { CommandRule, OperandRoles } from './table.ts';
import type { Mark, Role } from './table-schema.ts';
import type { Verdict } from './verdict.ts';
import { judgeUnknownArguments } from './unknown-command.ts';
import { judgeWrapper } from './wrappers.ts';
import { literalValue, unknownValue, type WordValue } from './word.ts';

/** Most variants of one command that alternatives of its words may make; beyond it they are unknown. */
const VARIANTS_MAX = 32;

/** Judges an argument list: expands finite alternatives, then judges each variant. */
export function judgeArguments(
  values: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
): void {
  if (!values.some((value) => value.kind === 'set')) {
    judgeVariant(values, context, verdict, stdin);
    return;
  }
  const variants = variantsOf(values);
  // A loop over alternatives executes every one; of mere possibilities none is certain, so none denies alone.
  const isCertain = values.every((value) => value.kind !== 'set' || value.isEach);
  const parts = variants.map((variant) => {
    const part = new (verdict.constructor as typeof Verdict)();
    judgeVariant(variant, context, part, stdin);
    return part;
  });
  const isDenied = isCertain ? parts.some((part) => part.denied) : parts.every((part) => part.denied);
  for (const part of parts) {
    part.denied &&= isDenied;
    verdict.absorb(part);
  }
}

function variantsOf(values: readonly WordValue[]): WordValue[][] {
  let variants: WordValue[][] = [[]];
  for (const value of values) {
    if (value.kind !== 'set') for (const variant of variants) variant.push(value);
    else if (variants.length * value.alternatives.length > VARIANTS_MAX) {
      for (const variant of variants) variant.push({ ...value, kind: 'unknown', text: '' });
    } else {
      variants = variants.flatMap((variant) =>
        value.alternatives.map((text) => [...variant, literalValue(text, value.start, value.end)]),
      );
    }
  }
  return variants;
}

function judgeVariant(
  values: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
): void {
  const [name] = values;
  if (name === undefined) return;
  judgeOperatorRules(values, context, verdict);
  const found = resolveCommand(name, context, verdict);
  if (found === null) {
    judgeNamesake(values, context, verdict, stdin);
    return judgeOutsideTables(values, context, verdict);
  }
  const definition = context.functions.get(name.text);
  if (definition !== undefined) {
    context.engine.judgeNode(definition.body, callContext(context, values, name.text), verdict, stdin);
    return;
  }
  const rule = context.tables.commands.get(found) ?? entryOfVariant(name, found, context, verdict);
  if (rule === undefined) judgeUnknownCommand(values, context, verdict);
  else judgeRule(rule, values.slice(1), context, verdict, stdin);
}

/** A command word that is a pattern, or a path outside the program directories. */
function judgeOutsideTables(values: readonly WordValue[], context: ShellContext, verdict: Verdict): void {
  const [name, ...args] = values;
  if (name === undefined) return;
  if (!name.isGlob) return judgeUnknownArguments(values, context, verdict);
  let tried = 0;
  const base = name.text.slice(name.text.lastIndexOf('/') + 1);
  for (const [known, rule] of context.tables.commands) {
    if (!matchGlob(base, known) || ++tried > VARIANTS_MAX) continue;
    judgeRule(rule, args, context, verdict, undefined);
  }
}

/** The body of a function sees the arguments of the call; it does not see itself, so that recursion ends. */
function callContext(context: ShellContext, values: readonly WordValue[], name: string): ShellContext {
  const functions = new Map(context.functions);
  functions.delete(name);
  const environment = context.environment.fork();
  environment.positional = values.slice(1);
  return { ...context, functions, environment, depth: context.depth + 1 };
}

/** The name under which the tables know the command, or null when the verdict is already final. */
function resolveCommand(name: WordValue, context: ShellContext, verdict: Verdict): string | null {
  const span = spanIn(context, name);
  if (name.kind !== 'literal' || name.isGlob) {
    verdict.raise(3, 'unknown-command-word', 'the command to be run is not known', span);
    return null;
  }
  if (name.isAssumed) verdict.raise(3, 'assumed-command-word', 'the command depends on a variable', span);
  if (name.text === '') {
    verdict.raise(2, 'unknown-command', 'an empty command word', span);
    return null;
  }
  if (!name.text.includes('/')) return name.text;
  return programName(name.text) ?? judgePathCommand(name, context, verdict);
}

function judgePathCommand(name: WordValue, context: ShellContext, verdict: Verdict): null {
  judgeRole('execute', name, context, verdict, { entry: undefined, marks: NO_MARKS, stdin: undefined });
  return null;
}

/** A program outside the system's directories may be a copy of the one its name says: never less than that one. */
function judgeNamesake(
  [name, ...args]: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
): void {
  if (name === undefined || name.kind !== 'literal' || name.isGlob) return;
  const slash = name.text.lastIndexOf('/');
  const rule = slash < 0 ? undefined : context.tables.commands.get(name.text.slice(slash + 1));
  // A program cannot act as a builtin of this shell does.
  if (rule !== undefined && rule.family !== 'shell') judgeRule(rule, args, context, verdict, stdin);
}

function judgeUnknownCommand(values: readonly WordValue[], context: ShellContext, verdict: Verdict): void {
  const [name] = values;
  if (name === undefined) return;
  verdict.raise(2, 'unknown-command', `${name.text} is in no table`, spanIn(context, name));
  judgeUnknownArguments(values, context, verdict);
}

const NO_MARKS: ReadonlySet<Mark> = new Set();

/** Judges a command of the tables. */
export function judgeRule(
  rule: CommandRule,
  args: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
): void {
  if (rule.handler !== null && judgeHandler(rule.handler, { rule, args, context, verdict, stdin })) return;
  const invocation = readInvocation(rule, args);
  const entry = invocation.rule.id;
  const sub = invocation.rule === rule ? null : invocation.rule.handler;
  if (sub !== null && judgeHandler(sub, { rule: invocation.rule, args, context, verdict, stdin, invocation }))
    return;
  judgeUnknownParts(invocation, context, verdict);
  if (invocation.rule.wrapper !== null) {
    judgeFlags(invocation, context, verdict, stdin, false);
    const isDryRun = invocation.unknownFlags.length === 0 && invocation.flags.some(isReadonlyFlag);
    judgeWrapper(invocation, context, verdict, { stdin, isDryRun });
    return;
  }
  const isReadonly = judgeReadonly(invocation);
  judgeFlags(invocation, context, verdict, stdin, isReadonly);
  if (isReadonly) {
    verdict.raise(0, 'read-only', `${entry} changes nothing with these arguments`, undefined, entry);
    return;
  }
  const rank = baseRank(invocation);
  verdict.raise(
    rank,
    rank === 0 ? 'read-only' : 'command',
    `${entry} ${rank === 0 ? 'only reads' : 'acts'}`,
    undefined,
    entry,
  );
  judgeStdin(invocation, context, verdict, stdin);
  judgeOperands(invocation, context, verdict, stdin);
}

/** What is piped into an interpreter is code, unless a script or inline code was given. */
function judgeStdin(invocation: Invocation, context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  const { rule, operands } = invocation;
  const [first] = operands;
  const takesCode = invocation.flags.some(
    (flag) => flag.rule.operands !== null || isRunningRole(flag.rule.role ?? 'text'),
  );
  if (stdin === undefined && !takesCode && rule.interactiveRank > 0) {
    verdict.raise(
      rule.interactiveRank,
      'interactive',
      `${rule.id} waits for what a person types`,
      undefined,
      rule.id,
    );
  }
  if (rule.stdin === null || stdin === undefined) return;
  if (takesCode || (first !== undefined && first.text !== '-' && rule.stdin.startsWith('code:'))) return;
  const text = stdin === null ? unknownValue(0, 0) : literalValue(stdin, 0, 0);
  judgeRole(rule.stdin, text, context, verdict, { entry: rule.id, marks: NO_MARKS, stdin: undefined });
}

function judgeReadonly(invocation: Invocation): boolean {
  if (invocation.unknownFlags.length > 0) return false;
  if (invocation.asksHelp && invocation.operands.length === 0) return true;
  return invocation.flags.some((flag) => isReadonlyFlag(flag));
}

function isReadonlyFlag(flag: GivenFlag): boolean {
  if (flag.rule.isReadonly) return !isSwitchedOff(flag);
  const allowed = flag.rule.readonlyValues;
  return (
    allowed !== null && flag.value !== null && flag.value.kind === 'literal' && allowed.has(flag.value.text)
  );
}

/** `--dry-run=false` does not simulate; a value that is not known may be just that. */
function isSwitchedOff({ rule, value }: GivenFlag): boolean {
  if (value === null || rule.value === 'required') return false;
  return value.kind !== 'literal' || /^(?:false|f|no|n|0|off|none)$/i.test(value.text);
}

function baseRank(invocation: Invocation): number {
  const { rule, operands } = invocation;
  const hasCode = invocation.flags.some((flag) => flag.rule.role !== null && isRunningRole(flag.rule.role));
  // A word after a flag that is not listed may be its value, or the operand that makes the command act.
  if (operands.length === 0 && (hasCode || invocation.ambiguous.length === 0))
    return hasCode ? rule.rank : rule.bareRank;
  let { rank } = rule;
  if (rule.verbs.length > 0) return verbRank(invocation);
  for (const [count, tier] of rule.arity) if (operands.length >= count) rank = tier;
  const { dashesAt } = invocation;
  return dashesAt >= 0 && operands.length > dashesAt ? Math.max(rank, rule.dashesRank) : rank;
}

/** The first operand that names what is done decides; a word that may be one raises only. */
function verbRank({ rule, operands, ambiguous }: Invocation): number {
  const rankOf = (word: WordValue): number | undefined =>
    word.kind === 'literal' ? rule.verbs.find((verb) => matchGlob(verb.glob, word.text))?.rank : undefined;
  const at = operands.findIndex((operand) => operand.kind !== 'literal' || rankOf(operand) !== undefined);
  const decided = operands[at];
  let rank = decided === undefined ? rule.otherVerbRank : (rankOf(decided) ?? rule.highest);
  for (const [before, word] of ambiguous) {
    if (at < 0 || before <= at) rank = Math.max(rank, rankOf(word) ?? 0);
  }
  return rank;
}

function judgeUnknownParts(invocation: Invocation, context: ShellContext, verdict: Verdict): void {
  const { rule } = invocation;
  const highest = rule.wrapper === null ? Math.max(rule.highest, invocation.unknownHighest) : 3;
  for (const flag of invocation.unknownFlags) {
    if (highest > 0)
      verdict.raise(highest, 'unknown-flag', `${rule.id} ${flag.text}`, spanIn(context, flag), rule.id);
  }
  if (rule.subcommands !== null && invocation.operands.length > 0 && rule.wrapper === null) {
    const [other] = invocation.operands;
    const rank = other?.kind === 'literal' ? rule.otherRank : rule.highest;
    if (rank > 0 && other !== undefined) {
      verdict.raise(rank, 'unknown-subcommand', `${rule.id} ${other.text}`, spanIn(context, other), rule.id);
    }
  }
  if (rule.opaqueRank === 0) return;
  const open = invocation.operands.find((operand) => operand.isOpen && operand.text === '');
  if (open !== undefined)
    verdict.raise(
      rule.opaqueRank,
      'opaque-argument',
      `${rule.id}: an argument is not known`,
      spanIn(context, open),
      rule.id,
    );
}

function judgeFlags(
  invocation: Invocation,
  context: ShellContext,
  verdict: Verdict,
  stdin: Stdin,
  isReadonly: boolean,
): void {
  if (invocation.flags.length === 0) return;
  const entry = invocation.rule.id;
  const marks = marksOf(invocation);
  for (const { rule, value, rest } of invocation.flags) {
    if (rest !== null) {
      const end = rest.findIndex((word) => word.text === ';');
      const inner = end < 0 ? rest : rest.slice(0, end);
      const [first] = inner;
      const found = unknownValue(first?.start ?? 0, first?.end ?? 0, true);
      context.engine.judgeArguments([...inner, found], context, verdict, undefined);
    }
    if (rule.role !== null && value !== null && (!isReadonly || rule.isAlways || isRunningRole(rule.role))) {
      judgeRole(rule.role, value, context, verdict, { entry: `${entry} ${rule.name}`, marks, stdin });
    }
    if (isReadonly && !rule.isAlways) continue;
    if (rule.deny !== null) verdict.deny(rule.deny, `${entry} ${rule.name}`, undefined, entry);
    if (rule.rank > 0) verdict.raise(rule.rank, 'flag', `${entry} ${rule.name}`, undefined, entry);
    if (rule.valueRanks !== null) judgeFlagValue(rule.name, rule.valueRanks, value, entry, verdict);
  }
}

function judgeFlagValue(
  name: string,
  ranks: ReadonlyMap<string, number>,
  value: WordValue | null,
  entry: string,
  verdict: Verdict,
): void {
  const known = value?.kind === 'literal' ? (ranks.get(value.text) ?? ranks.get('*')) : undefined;
  const rank = known ?? Math.max(...ranks.values());
  if (rank > 0) verdict.raise(rank, 'flag-value', `${entry} ${name}=${value?.text ?? ''}`, undefined, entry);
}

function marksOf(invocation: Invocation): ReadonlySet<Mark> {
  const marks = new Set<Mark>(invocation.rule.marks);
  for (const flag of invocation.flags) for (const mark of flag.rule.marks) marks.add(mark);
  return marks;
}

/** Judges every operand by its role, its key and the patterns of the entry. */
function judgeOperands(invocation: Invocation, context: ShellContext, verdict: Verdict, stdin: Stdin): void {
  const { rule, operands } = invocation;
  if (operands.length === 0) return;
  const marks = marksOf(invocation);
  const roles = rolesOf(invocation);
  const rewrites = invocation.flags.some((flag) => flag.rule.rewrites);
  for (const [i, operand] of operands.entries()) {
    const keyed = rule.keys === null ? undefined : keyedRole(rule, operand);
    let role = keyed?.role ?? roleAt(roles, i, operands.length);
    if (role === 'read' && rewrites) role = 'write';
    if (role !== 'text')
      judgeRole(role, keyed?.value ?? operand, context, verdict, { entry: rule.id, marks, stdin });
    if (rule.strictOperands && operand.kind !== 'literal') {
      verdict.raise(
        rule.highest,
        'opaque-argument',
        `${rule.id}: an argument is not known`,
        spanIn(context, operand),
        rule.id,
      );
    }
  }
  judgeMatches(rule, operands, context, verdict);
}

function rolesOf(invocation: Invocation): OperandRoles {
  let roles = invocation.rule.operands;
  for (const flag of invocation.flags) if (flag.rule.operands !== null) roles = flag.rule.operands;
  return roles;
}

function roleAt(roles: OperandRoles, i: number, count: number): Role {
  if (roles.last !== null && i === count - 1 && count > 1) return roles.last;
  if (i === 0 && roles.first !== null) return roles.first;
  if (i === 1 && roles.second !== null) return roles.second;
  return roles.rest;
}

function keyedRole(rule: CommandRule, operand: WordValue): { role: Role; value: WordValue } | undefined {
  const equals = operand.text.indexOf('=');
  if (equals < 0) return undefined;
  const role = rule.keys?.get(operand.text.slice(0, equals));
  return role === undefined
    ? undefined
    : { role, value: { ...operand, text: operand.text.slice(equals + 1) } };
}

function judgeMatches(
  rule: CommandRule,
  operands: readonly WordValue[],
  context: ShellContext,
  verdict: Verdict,
): void {
  for (const match of rule.matches) {
    for (const [i, operand] of operands.entries()) {
      if (match.at !== null && match.at !== i) continue;
      if (operand.kind === 'unknown' || !matchGlob(match.glob, operand.text)) continue;
      const detail = `${rule.id} ${operand.text}`;
      if (match.deny !== null) verdict.deny(match.deny, detail, spanIn(context, operand), rule.id);
      else verdict.raise(match.rank, 'operand', detail, spanIn(context, operand), rule.id);
    }
  }
}
