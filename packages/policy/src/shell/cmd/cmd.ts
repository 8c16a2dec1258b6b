import {
  type Findings,
  type FrontEndContext,
  type FrontEndResult,
  isReadable,
  runFrontEnd,
} from '../front-end.ts';
import { judgeBuiltin, type BuiltinContext, synonyms } from './cmd-builtins.ts';
import { scanCmd, type CmdCommand } from './cmd-scan.ts';
import { expandPercent, UNKNOWN, type CmdVariables } from './cmd-variables.ts';
import { judgeNative } from './native.ts';
import { programName } from './native-word.ts';
import { windowsPlace, WORKSPACE, writeTier, type WindowsDirectory } from './windows-path.ts';
import { judgeWindowsRules } from '../windows/windows-deny.ts';

/**
 * The tier of a text for cmd.exe: the highest of its commands, in every branch, loop and group. Text that cannot be
 * read, or exceeds a bound, is T3. Never throws; linear in the text for each level of nesting.
 */
export function classifyCmd(command: string, context: FrontEndContext): FrontEndResult {
  return runFrontEnd((findings) => new CmdJudge(findings, context, 0).judge(command));
}

/** In which order the lines of a text run: it may jump; the lines are taken as they stand; nothing is known. */
type LineOrder = 'undecided' | 'as written' | 'any';

class CmdJudge {
  readonly #findings: Findings;
  readonly #frontEnd: FrontEndContext;
  readonly #depth: number;
  #variables: CmdVariables = new Map();
  #directory: WindowsDirectory = WORKSPACE;
  #previous: CmdCommand | null = null;
  #order: LineOrder = 'undecided';

  constructor(findings: Findings, frontEnd: FrontEndContext, depth: number) {
    this.#findings = findings;
    this.#frontEnd = frontEnd;
    this.#depth = depth;
  }

  judge(text: string): void {
    if (isReadable(text, this.#depth + this.#frontEnd.depth, this.#findings)) this.#judgeText(text);
  }

  #judgeText(text: string): void {
    if (/%~?0[^|\n]{0,64}\|[^|\n]{0,64}%~?0/.test(text))
      this.#findings.deny('deny-fork-bomb', 'a script that pipes itself into itself');
    const jumps = /\bgoto\b|\bcall\s*:/i.test(text);
    if (!jumps || this.#order !== 'undecided') return this.#lines(text);
    // Jumps run lines in an order that cannot be followed: what they do is what they do as they stand, or
    // in any other order.
    for (const order of ['as written', 'any'] as const) this.#copy(this.#depth, order).#lines(text);
  }

  #lines(text: string): void {
    let depth = 0;
    for (const line of logicalLines(text)) {
      const scan = scanCmd(expandPercent(line, this.#variables), depth);
      depth = scan.depth;
      if (scan.problem !== null) this.#findings.add('T3', 'parse-error', scan.problem);
      for (const loop of scan.loops) this.#nested(loop);
      for (const command of scan.commands) this.#command(command);
      if (this.#order === 'any') for (const name of this.#variables.keys()) this.#variables.set(name, null);
    }
  }

  /** Text that runs inside: the same variables and directory, one level deeper. */
  #nested(text: string): void {
    this.#copy(this.#depth + 1, this.#order).judge(text);
  }

  #copy(depth: number, order: LineOrder): CmdJudge {
    const judge = new CmdJudge(this.#findings, this.#frontEnd, depth);
    judge.#variables = new Map(this.#variables);
    judge.#directory = this.#directory;
    judge.#order = order;
    return judge;
  }

  #command(command: CmdCommand): void {
    for (const target of command.writes) this.#write(target.text, command);
    this.#operatorRules(command);
    const program = command.name === null ? null : programName(command.name);
    if (command.name === null)
      this.#findings.add('T3', 'command-unknown', 'the command is not known', command);
    else if (/^\/[a-z?]$/i.test(command.name))
      this.#findings.add('T3', 'parse-error', 'a flag in place of a command', command);
    else if (program === null) this.#findings.add('T2', 'command-unknown', command.name, command);
    else if (/^[a-z]:$/.test(program)) this.#directory = { kind: 'known', path: `${program}\\` };
    else if (program !== '' && !program.startsWith(':') && !judgeBuiltin(program, command, this.#context()))
      this.#native(program, command);
    this.#previous = command;
  }

  #operatorRules({ name, args, start, end }: CmdCommand): void {
    if (name === null || name.startsWith(':')) return;
    const names = [name, ...synonyms(name)];
    judgeWindowsRules({ names, args }, this.#frontEnd, this.#findings, { start, end });
  }

  #native(name: string, command: CmdCommand): void {
    const { args, tail, start, end, piped } = command;
    const input = piped ? echoed(this.#previous) : null;
    judgeNative({ name, args, tail, start, end, input, piped }, this.#context());
  }

  #write(path: string | null, command: CmdCommand): void {
    const place = windowsPlace(path, this.#directory);
    if (place === 'device') this.#findings.deny('deny-raw-disk', 'output onto a raw disk', command);
    else if (place !== 'none')
      this.#findings.add(writeTier(place), 'redirection', `> ${path ?? 'what is not known'}`, command);
  }

  #context(): BuiltinContext {
    return {
      findings: this.#findings,
      frontEnd: this.#frontEnd,
      directory: this.#directory,
      variables: this.#variables,
      changeDirectory: (directory) => {
        this.#directory = directory;
      },
      runText: (text) => this.#nested(text),
    };
  }
}

/** The text a literal `echo` writes, or null. */
function echoed(command: CmdCommand | null): string | null {
  if (command?.name?.toLowerCase() !== 'echo' || command.tail.includes(UNKNOWN)) return null;
  return command.tail;
}

/** Lines, with those that a caret continues joined. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    const joined = open === '' ? line : `${open}\n${line}`;
    const carets = trailingCarets(line);
    open = carets % 2 === 1 ? joined : '';
    if (open === '') lines.push(joined);
  }
  if (open !== '') lines.push(open);
  return lines;
}

function trailingCarets(line: string): number {
  const end = line.endsWith('\r') ? line.length - 1 : line.length;
  let count = 0;
  while (line[end - 1 - count] === '^') count += 1;
  return count;
}
