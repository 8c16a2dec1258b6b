import { judgeNative } from '../cmd/native.ts';
import { programName, type NativeWord } from '../cmd/native-word.ts';
import { windowsPlace, WORKSPACE, writeTier, type WindowsDirectory } from '../cmd/windows-path.ts';
import { judgeWindowsRules } from '../windows/windows-deny.ts';
import {
  type Findings,
  type FrontEndContext,
  type FrontEndResult,
  isReadable,
  runFrontEnd,
} from '../front-end.ts';
import { judgeCmdlet, type CmdletContext } from './ps-cmdlets.ts';
import type { PsCommand, PsItem, PsPart, PsScript, PsWord, PsWrite } from './ps-item.ts';
import { memberTier } from './ps-members.ts';
import { parsePowershell } from './ps-parse.ts';
import { ALIASES, namesOfCmdlet } from './ps-table.ts';
import { PsVariables } from './ps-variables.ts';

/**
 * The tier of a text of PowerShell: the highest of everything in it, in every block, branch, function and
 * subexpression. Text that cannot be read, or exceeds a bound, is T3. Never throws; linear in the text for each level
 * of nesting.
 */
export function classifyPowershell(command: string, context: FrontEndContext): FrontEndResult {
  return runFrontEnd((findings) => new PsJudge(findings, context, 0).judge(command));
}

class PsJudge {
  readonly #findings: Findings;
  readonly #frontEnd: FrontEndContext;
  readonly #depth: number;
  #variables: PsVariables = new PsVariables([]);
  #functions: ReadonlySet<string> = new Set();
  #directory: WindowsDirectory = WORKSPACE;

  constructor(findings: Findings, frontEnd: FrontEndContext, depth: number) {
    this.#findings = findings;
    this.#frontEnd = frontEnd;
    this.#depth = depth;
  }

  judge(text: string): void {
    if (isReadable(text, this.#depth + this.#frontEnd.depth, this.#findings))
      this.#judgeScript(parsePowershell(text));
  }

  #judgeScript(script: PsScript): void {
    if (script.problem !== null) this.#findings.add('T3', 'parse-error', script.problem);
    this.#variables = new PsVariables(script.items);
    this.#functions = script.functions;
    if (callsItself(script)) this.#findings.add('T3', 'powershell-recursion', 'a function starts itself');
    for (const item of script.items) this.#item(item);
  }

  #item(item: PsItem): void {
    if (item.kind === 'command') this.#command(item);
    else if (item.kind === 'write') this.#write(item);
    else if (item.kind === 'assignment') this.#assign(item.name, item.value, item.depth);
    else if (item.kind === 'member') {
      const tier = memberTier(item);
      if (tier !== null)
        this.#findings.add(tier, 'powershell-member', `${item.type ?? ''}.${item.name ?? 'computed'}`, item);
    }
  }

  #assign(name: string, value: readonly PsPart[] | null, depth: number): void {
    this.#variables.assign(name, value === null ? null : this.#variables.resolve(value, depth));
    if (name.startsWith('function:') || name.startsWith('alias:'))
      this.#findings.add('T3', 'powershell-alias', 'a command is redefined');
    else if (/^env:(?:path|pathext|psmodulepath|comspec)$/.test(name))
      this.#findings.add('T2', 'powershell-environment', name);
    else if (name.includes(':') && !name.startsWith('env:'))
      this.#findings.add('T2', 'powershell-environment', name);
  }

  #write(item: PsWrite): void {
    const path = this.#variables.resolve(item.target.parts, item.depth);
    const place = windowsPlace(path, this.#directory);
    if (place === 'device') this.#findings.deny('deny-raw-disk', 'output onto a raw disk', item);
    else if (place !== 'none')
      this.#findings.add(writeTier(place), 'redirection', `> ${path ?? 'what is not known'}`, item);
  }

  #command(command: PsCommand): void {
    // A literal block behind & or . is judged where it stands.
    if (command.name.block) return;
    const word = this.#variables.resolve(command.name.parts, command.depth);
    if (word === null || word === '') {
      this.#findings.add('T3', 'command-unknown', 'the command is not known', command);
      return;
    }
    const name = word.toLowerCase();
    if (this.#functions.has(name) || name === 'default') return;
    const cmdlet = cmdletName(name);
    this.#operatorRules([word, cmdlet, ...namesOfCmdlet(cmdlet)], command);
    if (!judgeCmdlet(cmdlet, command, this.#context(command))) this.#program(word, command);
  }

  #operatorRules(names: readonly string[], command: PsCommand): void {
    const args = command.args.map((arg) => ({
      text: arg.block ? null : this.#variables.resolve(arg.parts, command.depth),
      parameter: arg.parameter,
    }));
    judgeWindowsRules({ names, args }, this.#frontEnd, this.#findings, command);
  }

  #program(word: string, command: PsCommand): void {
    const args = command.args.map((arg) => this.#nativeWord(arg, command));
    this.#runNative(word, args, command);
  }

  #nativeWord(arg: PsWord, command: PsCommand): NativeWord {
    // A block handed to another PowerShell is judged where it stands.
    const text = arg.block ? '' : this.#variables.resolve(arg.parts, command.depth);
    return { text, start: arg.start, end: arg.end };
  }

  #runNative(word: string, args: readonly NativeWord[], command: PsCommand): void {
    const name = programName(word);
    if (name === null || /\.ps[md]?1$/i.test(word)) {
      this.#findings.add('T2', 'command-unknown', word, command);
      return;
    }
    const input = this.#inputOf(command);
    const { start, end, piped } = command;
    judgeNative({ name, args, tail: '', start, end, input, piped }, this.#context(command));
  }

  /** Literal text piped into a program, or null. */
  #inputOf(command: PsCommand): string | null {
    const { source } = command;
    if (source?.kind === 'value' && source.parts !== null)
      return this.#variables.resolve(source.parts, command.depth);
    if (source?.kind !== 'command') return null;
    const name = this.#variables.resolve(source.name.parts, source.depth)?.toLowerCase() ?? '';
    if ((ALIASES.get(name) ?? name) !== 'write-output') return null;
    const texts = source.args.map((arg) => this.#variables.resolve(arg.parts, source.depth));
    return texts.includes(null) ? null : texts.join(' ');
  }

  #context(command: PsCommand): CmdletContext {
    return {
      findings: this.#findings,
      frontEnd: this.#frontEnd,
      directory: this.#directory,
      resolve: (parts) => this.#variables.resolve(parts, command.depth),
      changeDirectory: (directory) => {
        this.#directory = directory;
      },
      forgetVariables: () => this.#variables.forget(),
      runText: (text) => this.#nested(text),
      runProgram: (name, args) => this.#started(name, args, command),
    };
  }

  #started(name: string, args: readonly (string | null)[], command: PsCommand): void {
    const words = args.map((text) => ({ text, start: command.start, end: command.end }));
    if (/^https?:/i.test(name)) return;
    judgeWindowsRules({ names: [name], args: words }, this.#frontEnd, this.#findings, command);
    this.#runNative(name, words, command);
  }

  #nested(text: string): void {
    const judge = new PsJudge(this.#findings, this.#frontEnd, this.#depth + 1);
    judge.#directory = this.#directory;
    judge.judge(text);
  }
}

/** The full name of a cmdlet: aliases replaced, the module before a backslash dropped. */
function cmdletName(name: string): string {
  const alias = ALIASES.get(name);
  if (alias !== undefined) return alias;
  const qualified = /^[a-z][\w.]*\\([a-z]+-\w+)$/.exec(name);
  return qualified?.[1] ?? name;
}

/** A function whose own text starts it again twice over, the shape of a fork bomb. */
function callsItself(script: PsScript): boolean {
  if (script.functions.size === 0) return false;
  return script.items.some(
    (item) =>
      item.kind === 'command' &&
      item.depth > 1 &&
      item.piped &&
      typeof item.name.parts[0] === 'string' &&
      script.functions.has(item.name.parts[0].toLowerCase()),
  );
}
