import type { Environment } from './environment.ts';
import { readInvocation } from './flags.ts';
import type { HandlerCall } from './handler-call.ts';
import { judgeHiddenSubstitutions } from './hidden-substitutions.ts';
import { resolvePath } from './paths.ts';
import { judgeRole, judgeVariable } from './roles.ts';
import { spanIn } from './shell-context.ts';
import type { Mark } from './table-schema.ts';
import { filterText } from './text-filters.ts';
import { joinWords } from './wrappers.ts';
import { literalValue, staticTextOf, unknownValue, type WordValue } from './word.ts';

const NO_MARKS: ReadonlySet<Mark> = new Set();

/** `bash [options] -c TEXT [name args]`, `bash SCRIPT`, `… | bash`. */
export function judgeShell({ rule, args, context, verdict, stdin }: HandlerCall): boolean {
  const options = readShellOptions(args);
  if (options.isHelp) {
    verdict.raise(0, 'read-only', `${rule.id} prints about itself`, undefined, rule.id);
    return true;
  }
  if (options.unknown !== null)
    verdict.raise(
      3,
      'unknown-flag',
      `${rule.id} ${options.unknown.text}`,
      spanIn(context, options.unknown),
      rule.id,
    );
  for (const file of options.files)
    judgeRole('execute', file, context, verdict, { entry: rule.id, marks: NO_MARKS, stdin });
  const [first, ...rest] = args.slice(options.at);
  if (options.isCommand) {
    if (first === undefined)
      verdict.raise(2, 'shell-empty', `${rule.id} -c without a text`, undefined, rule.id);
    else
      context.engine.judgeText(first, context, verdict, {
        kind: 'shell',
        positional: rest.slice(1),
        scriptName: rest[0],
        stdin,
      });
    return true;
  }
  if (options.isCheck && options.unknown === null) {
    verdict.raise(0, 'read-only', `${rule.id} -n only reads commands`, undefined, rule.id);
    return true;
  }
  if (first !== undefined && !options.isStdin && first.text !== '-') {
    judgeRole('execute', first, context, verdict, { entry: rule.id, marks: NO_MARKS, stdin });
    return true;
  }
  if (stdin === undefined) {
    verdict.raise(
      2,
      'interactive-shell',
      `${rule.id} reads commands that are not known yet`,
      undefined,
      rule.id,
    );
    return true;
  }
  const [start, end] = [args[0]?.start ?? 0, args.at(-1)?.end ?? 0];
  const text = stdin === null ? unknownValue(start, end) : literalValue(stdin, start, end);
  context.engine.judgeText(text, context, verdict, { kind: 'stdin', positional: args.slice(options.at) });
  return true;
}

interface ShellOptions {
  at: number;
  isCommand: boolean;
  isStdin: boolean;
  isCheck: boolean;
  isHelp: boolean;
  unknown: WordValue | null;
  files: WordValue[];
}

const LONG_OPTIONS: ReadonlySet<string> = new Set(
  '--norc --noprofile --posix --login --noediting --restricted --verbose --debugger --dump-strings --dump-po-strings --no-rcs --emulate --pretty-print'.split(
    ' ',
  ),
);

function readShellOptions(args: readonly WordValue[]): ShellOptions {
  const options: ShellOptions = {
    at: 0,
    isCommand: false,
    isStdin: false,
    isCheck: false,
    isHelp: false,
    unknown: null,
    files: [],
  };
  for (; options.at < args.length; options.at++) {
    const arg = args[options.at];
    if (arg === undefined || arg.kind === 'unknown') break;
    const { text } = arg;
    if (text === '--' || text === '-') {
      options.at++;
      break;
    }
    if (!/^[-+]./.test(text)) break;
    if (text === '--help' || text === '--version') options.isHelp = true;
    else if (text === '--rcfile' || text === '--init-file') options.files.push(args[++options.at] ?? arg);
    else if (text.startsWith('--')) {
      if (!LONG_OPTIONS.has(text) || arg.kind !== 'literal') options.unknown = arg;
    } else readShortOptions(arg, args, options);
  }
  return options;
}

function readShortOptions(arg: WordValue, args: readonly WordValue[], options: ShellOptions): void {
  for (const letter of arg.text.slice(1)) {
    if (letter === 'c') options.isCommand = true;
    else if (letter === 's') options.isStdin = true;
    else if (letter === 'n') options.isCheck = arg.text.startsWith('-');
    else if (letter === 'o' || letter === 'O') options.at++;
    else if (!/[abefhiklmnprtuvxBCDEHPT]/.test(letter)) options.unknown = arg;
  }
  if (arg.kind !== 'literal') options.unknown = arg;
  if (options.at > args.length) options.at = args.length;
}

/** `eval WORD…`: the words joined are read again by this very shell. */
export function judgeEval({ args, context, verdict }: HandlerCall): boolean {
  const words = args[0]?.text === '--' ? args.slice(1) : args;
  if (words.length > 0)
    context.engine.judgeText(joinWords(words), context, verdict, { kind: 'eval', isSameShell: true });
  return true;
}

/** `source FILE`, `. FILE`. */
export function judgeSource({ rule, args, context, verdict, stdin }: HandlerCall): boolean {
  const words = args[0]?.text === '--' ? args.slice(1) : args;
  const [file] = words;
  if (file !== undefined)
    judgeRole('execute', file, context, verdict, { entry: rule.id, marks: NO_MARKS, stdin });
  return true;
}

/** `set -- a b` replaces the positional parameters. */
export function judgeSet({ args, context }: HandlerCall): boolean {
  const dashes = args.findIndex((arg) => arg.text === '--' && arg.kind === 'literal');
  const first = dashes >= 0 ? dashes + 1 : args.findIndex((arg) => !/^[-+]/.test(arg.text));
  if (dashes >= 0 || first >= 0) context.environment.positional = args.slice(first);
  return false;
}

/** `export`, `declare`, `local`, `readonly`, `typeset`: assignments as arguments. */
export function judgeDeclare({ args, context, verdict }: HandlerCall): boolean {
  const isReference = args.some((arg) => /^-[a-zA-Z]*n/.test(arg.text));
  for (const arg of args) {
    if (/^[-+]/.test(arg.text)) continue;
    judgeHiddenSubstitutions({ ...arg, text: arg.text.split('=', 1)[0] ?? '' }, context, verdict);
    const found = /^([A-Za-z_]\w*)(\+?)=/.exec(arg.text);
    if (found === null) {
      if (arg.kind !== 'literal')
        verdict.raise(2, 'unknown-variable', 'the variable is not known', spanIn(context, arg));
      continue;
    }
    const [head, name = '', append] = found;
    const text = arg.text.slice(head.length);
    const value = arg.kind === 'literal' ? { ...arg, text } : unknownValue(arg.start, arg.end);
    judgeVariable(name, value, context, verdict);
    if (isReference || append === '+') context.environment.forget(name);
    else context.environment.assign(name, value);
  }
  return false;
}

/** `read NAME…`, `mapfile`, `getopts`, `printf -v`: from here on the variables may hold anything. */
export function judgeRead({ rule, args, context, verdict, stdin }: HandlerCall): boolean {
  const { operands } = readInvocation(rule, args);
  const [line] = typeof stdin === 'string' ? stdin.split('\n') : [null];
  const words = typeof line === 'string' ? line.trim().split(/\s+/) : null;
  for (const [i, operand] of operands.entries()) {
    judgeHiddenSubstitutions(operand, context, verdict);
    const name = staticTextOf(operand);
    if (name === null) continue;
    const text =
      words === null ? null : i === operands.length - 1 ? words.slice(i).join(' ') : (words[i] ?? '');
    if (text === null || text.includes('\\')) context.environment.forget(name);
    else context.environment.assign(name, literalValue(text, operand.start, operand.end));
  }
  return false;
}

/** `cd DIR`, `pushd DIR`: relative paths mean something else from here on. */
export function judgeCd({ args, context }: HandlerCall): boolean {
  const { environment } = context;
  const operand = args.find((arg) => !/^-[LPe@n]*$/.test(arg.text) || arg.text === '-');
  const places = environment.inEachDirectory().map((place) => directoryAfter(operand, place));
  const [first = null, ...others] = new Set(places);
  environment.cwd = first;
  environment.otherDirectories = others;
  return false;
}

function directoryAfter(operand: WordValue | undefined, environment: Environment): string | null {
  if (operand === undefined) return environment.home;
  const isKnown =
    operand.kind === 'literal' && !operand.isGlob && operand.text !== '-' && !/^[-+]\d/.test(operand.text);
  return isKnown ? resolvePath(operand.text, environment) : null;
}

/** `shift [N]` drops positional parameters. */
export function judgeShift({ args, context }: HandlerCall): boolean {
  const { environment } = context;
  const count = Number(staticTextOf(args[0]) ?? (args.length === 0 ? '1' : 'NaN'));
  const { positional } = environment;
  const isKnown =
    positional !== null && Number.isSafeInteger(count) && !positional.some((value) => value.isOpen);
  environment.positional = isKnown ? positional.slice(count) : null;
  return false;
}

/** `unset NAME…`: from here on only defaults give the variable a value. */
export function judgeUnset({ args, context, verdict }: HandlerCall): boolean {
  for (const arg of args) {
    judgeHiddenSubstitutions(arg, context, verdict);
    const name = staticTextOf(arg);
    if (name === null || name.startsWith('-')) continue;
    context.environment.variables.delete(name);
    context.functions.delete(name);
  }
  return false;
}

/** `printf -v NAME FORMAT…` assigns. */
export function judgePrintf({ args, context, verdict }: HandlerCall): boolean {
  const [flag, target] = args;
  const name = staticTextOf(target);
  if (staticTextOf(flag) !== '-v' || target === undefined) return false;
  judgeHiddenSubstitutions(target, context, verdict);
  if (name === null) return false;
  const texts = args.slice(2).map((arg) => staticTextOf(arg));
  const text = texts.every((word) => word !== null) ? filterText('printf', texts, null) : null;
  if (text === null) context.environment.forget(name);
  else context.environment.assign(name, literalValue(text, target.start, target.end));
  return false;
}

/** `let EXPRESSION…`: subscripts in it are expanded, whatever the quotes. */
export function judgeLet({ args, context, verdict }: HandlerCall): boolean {
  for (const arg of args) judgeHiddenSubstitutions(arg, context, verdict);
  return false;
}
