import { matchGlob } from './shell-pattern.ts';
import type { CommandRule, FlagRule } from './table.ts';
import { literalValue, prefixValue, type WordValue } from './word.ts';

/** One flag that was given, with its value where it takes one. */
export interface GivenFlag {
  readonly rule: FlagRule;
  readonly value: WordValue | null;
  /** All arguments after it, where it takes the rest of the line. */
  readonly rest: readonly WordValue[] | null;
}

/** The arguments of one command, read by the grammar of its table entry. */
export interface Invocation {
  /** The entry of the innermost subcommand. */
  readonly rule: CommandRule;
  readonly flags: readonly GivenFlag[];
  readonly operands: readonly WordValue[];
  /** Flags that the table does not know. */
  readonly unknownFlags: readonly WordValue[];
  /** The highest tier of the entries before whose subcommand such a flag stood: it may have taken that word as its value. */
  readonly unknownHighest: number;
  /** A subcommand that the table does not know, or that is not static. */
  readonly otherSubcommand: WordValue | null;
  /** Words after a flag that is not listed (`anyFlags`): values of it, or operands. With the number of operands before. */
  readonly ambiguous: readonly (readonly [number, WordValue])[];
  /** `--help` or `--version` was given. */
  readonly asksHelp: boolean;
  /** Index in `operands` of the first operand after `--`, or -1. */
  readonly dashesAt: number;
}

interface Reading {
  rule: CommandRule;
  readonly args: readonly WordValue[];
  at: number;
  readonly flags: GivenFlag[];
  readonly operands: WordValue[];
  readonly unknownFlags: WordValue[];
  unknownHighest: number;
  otherSubcommand: WordValue | null;
  readonly ambiguous: [number, WordValue][];
  asksHelp: boolean;
  dashesAt: number;
}

/** Reads the arguments (without the command word) of a command of the tables. */
export function readInvocation(rule: CommandRule, args: readonly WordValue[]): Invocation {
  const reading: Reading = {
    rule,
    args,
    at: 0,
    flags: [],
    operands: [],
    unknownFlags: [],
    unknownHighest: 0,
    otherSubcommand: null,
    ambiguous: [],
    asksHelp: false,
    dashesAt: -1,
  };
  while (reading.at < args.length) {
    const arg = args[reading.at++];
    if (arg !== undefined && !readArgument(reading, arg)) break;
  }
  while (reading.at < args.length) {
    const rest = args[reading.at++];
    if (rest !== undefined) reading.operands.push(rest);
  }
  return reading;
}

/** Reads one argument; false when everything after it is an operand. */
function readArgument(reading: Reading, arg: WordValue): boolean {
  const { rule } = reading;
  const { text } = arg;
  if (text.length > 1 && text.charCodeAt(0) === 45 && rule.style !== 'none') {
    if (text === '--' && arg.kind === 'literal') {
      reading.dashesAt = reading.operands.length;
      return false;
    }
    readFlag(reading, arg);
    return true;
  }
  if (rule.plus && text.charCodeAt(0) === 43) return true;
  if (
    rule.oldStyle &&
    reading.operands.length === 0 &&
    reading.flags.length === 0 &&
    arg.kind === 'literal'
  ) {
    readBundle(reading, { ...arg, text: `-${text}` });
    return true;
  }
  return readOperand(reading, arg);
}

function readOperand(reading: Reading, arg: WordValue): boolean {
  const { rule } = reading;
  if (rule.subcommands !== null && reading.operands.length === 0) {
    const found = arg.kind === 'literal' && !arg.isGlob ? findSubcommand(rule, arg.text) : undefined;
    if (found !== undefined) {
      reading.rule = found;
      return true;
    }
    reading.otherSubcommand ??= arg;
  }
  reading.operands.push(arg);
  if (rule.style !== 'posix') return true;
  // INVARIANT: a wrapper's own operands (a duration, a host) do not end its options; the inner command does.
  return rule.wrapper !== null && reading.operands.length <= (rule.wrapper.skip ?? 0);
}

function findSubcommand(rule: CommandRule, name: string): CommandRule | undefined {
  const { subcommands } = rule;
  if (subcommands === null) return undefined;
  const exact =
    subcommands.get(name) ?? rule.patternSubcommands.find(([pattern]) => matchGlob(pattern, name))?.[1];
  if (exact !== undefined || !rule.abbreviateSubcommands || name === '') return exact;
  let worst: CommandRule | undefined;
  for (const [full, sub] of subcommands) {
    if (full.startsWith(name) && (worst === undefined || sub.highest > worst.highest)) worst = sub;
  }
  return worst;
}

/** The flag of this name in the entry or an entry above it. */
function findFlag(rule: CommandRule, name: string): FlagRule | undefined {
  for (let at: CommandRule | null = rule; at !== null; at = at.parent) {
    const flag = at.flags.get(name);
    if (flag !== undefined) return flag;
  }
  return undefined;
}

function readFlag(reading: Reading, arg: WordValue): void {
  const { text } = arg;
  const { rule } = reading;
  const isLong = text.charCodeAt(1) === 45;
  if (isLong || rule.style === 'single-dash') {
    if (readLong(reading, arg, isLong)) return;
    if (isLong) {
      unknownFlag(reading, arg);
      return;
    }
  }
  const whole = findFlag(rule, text);
  if (whole !== undefined && text.length > 2 && arg.kind === 'literal') {
    give(reading, whole, null, arg);
    return;
  }
  readBundle(reading, arg);
}

/** Where any flag may be given, the next word may be its value. */
function unknownFlag(reading: Reading, arg: WordValue): void {
  if (!reading.rule.anyFlags) {
    reading.unknownFlags.push(arg);
    const { rule } = reading;
    if (rule.subcommands !== null && !arg.text.includes('='))
      reading.unknownHighest = Math.max(reading.unknownHighest, rule.highest);
    return;
  }
  const next = reading.args[reading.at];
  if (next === undefined || next.text.startsWith('-') || arg.text.includes('=')) return;
  reading.at++;
  reading.ambiguous.push([reading.operands.length, next]);
}

function readLong(reading: Reading, arg: WordValue, isLong: boolean): boolean {
  const { text } = arg;
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const attached = equals < 0 ? null : tailOf(arg, equals + 1);
  // The rest of a name that is not known may make it another flag.
  if (arg.kind !== 'literal' && equals < 0) return false;
  const flag = findFlag(reading.rule, name) ?? (isLong ? findAbbreviated(reading.rule, name) : undefined);
  if (flag !== undefined) {
    give(reading, flag, attached, arg);
    return true;
  }
  if (name === '--help' || name === '--version' || (!isLong && (name === '-help' || name === '-version'))) {
    reading.asksHelp = true;
    return true;
  }
  return false;
}

/** The worst flag that this abbreviation may mean. */
function findAbbreviated(rule: CommandRule, name: string): FlagRule | undefined {
  let worst: FlagRule | undefined;
  if (name.length < 3) return undefined;
  for (let at: CommandRule | null = rule; at !== null; at = at.parent) {
    for (const [full, flag] of at.flags) {
      if (full.startsWith(name) && (worst === undefined || severity(flag) > severity(worst))) worst = flag;
    }
  }
  return worst;
}

function severity(flag: FlagRule): number {
  return flag.isReadonly
    ? -1
    : flag.rank + (flag.role === null ? 0 : 2) + flag.marks.length + (flag.rewrites ? 2 : 0);
}

function readBundle(reading: Reading, arg: WordValue): void {
  const { text } = arg;
  if (reading.rule.numeric && /^-[0-9]+[a-z]?$/.test(text)) return;
  for (let i = 1; i < text.length; i++) {
    const name = `-${text.charAt(i)}`;
    const flag = findFlag(reading.rule, name);
    if (flag === undefined) {
      if ((name === '-h' || name === '-V') && text.length === 2) reading.asksHelp = true;
      else unknownFlag(reading, arg);
      return;
    }
    if (flag.isHelp) reading.asksHelp = true;
    if (flag.value === 'none') {
      reading.flags.push({ rule: flag, value: null, rest: null });
      continue;
    }
    const hasTail = i + 1 < text.length || arg.kind !== 'literal';
    const tail = hasTail ? tailOf(arg, text[i + 1] === '=' ? i + 2 : i + 1) : null;
    give(reading, flag, tail, arg);
    return;
  }
  if (arg.kind !== 'literal') unknownFlag(reading, arg);
}

function give(reading: Reading, rule: FlagRule, attached: WordValue | null, arg: WordValue): void {
  let value = attached;
  if (rule.isHelp) reading.asksHelp = true;
  if (value === null && rule.value === 'required') {
    value = reading.args[reading.at++] ?? literalValue('', arg.start, arg.end);
  }
  let rest: WordValue[] | null = null;
  if (rule.value === 'rest') {
    rest = reading.args.slice(reading.at);
    reading.at = reading.args.length;
  }
  reading.flags.push({ rule, value, rest });
}

function tailOf(arg: WordValue, from: number): WordValue {
  const text = arg.text.slice(from);
  if (arg.kind === 'literal') return { ...arg, text };
  return prefixValue(text, arg.start, arg.end);
}
