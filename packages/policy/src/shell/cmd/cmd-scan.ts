import { UNKNOWN } from './cmd-variables.ts';
import type { NativeWord } from './native-word.ts';

/** One simple command of cmd.exe. */
export interface CmdCommand {
  /** The first word, quotes and carets removed; null when it is not fully known. */
  readonly name: string | null;
  /** What follows the name, carets removed, quotes kept. */
  readonly tail: string;
  readonly args: readonly NativeWord[];
  /** Files that output goes to. */
  readonly writes: readonly NativeWord[];
  /** True when it runs only in a branch, a loop or a group. */
  readonly conditional: boolean;
  /** True when its input is the output of the command before it. */
  readonly piped: boolean;
  readonly start: number;
  readonly end: number;
}

/** The commands of a text, texts that a `for /f` runs, and what was wrong. */
export interface CmdScan {
  readonly commands: readonly CmdCommand[];
  readonly loops: readonly string[];
  readonly problem: string | null;
  /** Parentheses still open at the end. */
  readonly depth: number;
}

/** Commands of one text; more are not read. */
export const CMD_COMMANDS_MAX = 2000;

/** Commands built into cmd.exe, whose name may be followed by punctuation: `echo.`, `cd..`, `del/s`. */
const BUILTINS =
  'assoc|break|call|cd|chdir|cls|color|copy|date|del|dir|echo|endlocal|erase|exit|for|ftype|goto|if|md|mkdir|mklink|move|path|pause|popd|prompt|pushd|rd|rem|ren|rename|rmdir|set|setlocal|shift|start|time|title|type|ver|verify|vol|else';
const BUILTIN_NAME = new RegExp(`^(?:${BUILTINS})(?=[/\\\\.:+[\\](,;="]|$)`, 'i');

/** Longest name of a built-in command. */
const BUILTIN_LENGTH_MAX = 'setlocal'.length;

/** Splits text, its variables already replaced, into commands. Never throws; linear in the text. */
export function scanCmd(text: string, depth: number): CmdScan {
  return new CmdScanner(text, depth).run();
}

interface Draft {
  start: number;
  words: NativeWord[];
  writes: NativeWord[];
  /** Processed text of the words, to rebuild the tail. */
  text: string;
}

class CmdScanner {
  readonly #text: string;
  readonly #commands: CmdCommand[] = [];
  readonly #loops: string[] = [];
  #at = 0;
  #depth: number;
  #conditional = false;
  #piped = false;
  #afterSeparator = '\n';
  #problem: string | null = null;

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  run(): CmdScan {
    while (this.#at < this.#text.length && this.#problem === null) this.#command();
    return { commands: this.#commands, loops: this.#loops, problem: this.#problem, depth: this.#depth };
  }

  #peek(offset = 0): string {
    return this.#text[this.#at + offset] ?? '';
  }

  #skip(characters: string): void {
    while (this.#at < this.#text.length && characters.includes(this.#peek())) this.#at += 1;
  }

  /** One command, or the separator or bracket that stands in its place. */
  #command(): void {
    this.#skip(' \t,;=@\r');
    const char = this.#peek();
    if (char === '(') {
      this.#depth += 1;
      this.#at += 1;
    } else if (char === ')') {
      this.#depth = Math.max(0, this.#depth - 1);
      this.#at += 1;
      // What follows `) else` is another branch.
      this.#conditional = true;
    } else if (!this.#separator()) this.#simple();
  }

  #separator(): boolean {
    const char = this.#peek();
    if (char !== '&' && char !== '|' && char !== '\n') return false;
    const double = char !== '\n' && this.#peek(1) === char;
    this.#at += double ? 2 : 1;
    this.#afterSeparator = char;
    this.#piped = char === '|' && !double;
    if (char === '\n') this.#conditional = false;
    else if (double) this.#conditional = true;
    return true;
  }

  #simple(): void {
    const draft: Draft = { start: this.#at, words: [], writes: [], text: '' };
    while (this.#redirection(draft)) this.#skip(' \t,;=@\r');
    const first = this.#word(draft, true);
    const name = first.text?.toLowerCase() ?? null;
    if (name === 'if' || name === 'for' || name === 'else') {
      this.#conditional = true;
      if (name === 'if') this.#condition(draft);
      else if (name === 'for') this.#loop(draft);
      return;
    }
    if (this.#isComment(name)) {
      this.#restOfLine();
      return;
    }
    this.#arguments(draft);
    this.#push(first.text, draft);
  }

  /** A label or remark takes its line; `rem &` and `rem.` do not. */
  #isComment(name: string | null): boolean {
    if (name?.startsWith(':') === true) return this.#afterSeparator !== '&' && this.#afterSeparator !== '|';
    if (name !== 'rem' || !/^[ \t\r\n]?$/.test(this.#peek())) return false;
    let at = this.#at;
    while (' \t'.includes(this.#text[at] ?? '\n')) at += 1;
    return !'&|<>'.includes(this.#text[at] ?? '\n');
  }

  #push(name: string | null, draft: Draft): void {
    if (this.#commands.length >= CMD_COMMANDS_MAX) {
      this.#problem = 'more commands than the bound';
      return;
    }
    this.#commands.push({
      name,
      tail: draft.text.trim(),
      args: draft.words,
      writes: draft.writes,
      conditional: this.#conditional || this.#depth > 0,
      piped: this.#piped,
      start: draft.start,
      end: this.#at,
    });
  }

  #restOfLine(): string {
    const newline = this.#text.indexOf('\n', this.#at);
    const end = newline < 0 ? this.#text.length : newline;
    const rest = this.#text.slice(this.#at, end);
    this.#at = end;
    return rest;
  }

  #arguments(draft: Draft): void {
    while (this.#at < this.#text.length && !this.#endsCommand()) {
      const char = this.#peek();
      if (char === ' ' || char === '\t' || char === '\r') {
        draft.text += char;
        this.#at += 1;
      } else if (this.#redirection(draft)) continue;
      else draft.words.push(this.#word(draft, false));
    }
  }

  #endsCommand(): boolean {
    const char = this.#peek();
    return char === '&' || char === '|' || char === '\n' || (char === ')' && this.#depth > 0);
  }

  /** `> file`, `2>> file`, `2>&1`, `< file`. */
  #redirection(draft: Draft): boolean {
    const mark = /[0-9]/.test(this.#peek()) && /[<>]/.test(this.#peek(1)) ? 1 : 0;
    const sign = this.#peek(mark);
    if (sign !== '<' && sign !== '>') return false;
    this.#at += mark + 1;
    if (this.#peek() === '>') this.#at += 1;
    if (this.#peek() === '&') {
      this.#at += 2;
      return true;
    }
    this.#skip(' \t,;=');
    const target = this.#word({ start: 0, words: [], writes: [], text: '' }, false);
    if (sign === '>') draft.writes.push(target);
    return true;
  }

  /** One word: carets escape, quotes hold blanks and operators; a quote may stay open to the end of the line. */
  #word(draft: Draft, isName: boolean): NativeWord {
    const start = this.#at;
    const text = this.#wordText(draft, isName);
    return { text: text.includes(UNKNOWN) ? null : text, start, end: this.#at };
  }

  #wordText(draft: Draft, isName: boolean): string {
    const start = this.#at;
    let text = '';
    let quoted = false;
    while (this.#at < this.#text.length) {
      const char = this.#peek();
      if (char === '\n' || (!quoted && this.#endsWord(char, isName, text))) break;
      if (char === '"') {
        draft.text += isName ? '' : '"';
        if (text.endsWith('\\') && !isName && !(quoted && /^[\s&|<>)]?$/.test(this.#peek(1))))
          text = `${text.slice(0, -1)}"`;
        quoted = !quoted;
        this.#at += 1;
        continue;
      }
      const escaped = char === '^' && !quoted;
      if (escaped && isName && this.#peek(1) === ' ') {
        this.#at += 1;
        break;
      }
      const piece = escaped ? this.#afterCaret() : char;
      if (!escaped) this.#at += 1;
      text += piece;
      if (!isName) draft.text += piece;
    }
    if (this.#at === start) this.#at += 1;
    return text;
  }

  #afterCaret(): string {
    this.#at += 1;
    if (this.#peek() === '\r') this.#at += 1;
    if (this.#peek() === '\n') this.#at += 1;
    const char = this.#peek();
    this.#at += 1;
    return char;
  }

  #endsWord(char: string, isName: boolean, text: string): boolean {
    if (' \t\r&|<>'.includes(char)) return true;
    if (char === ')' && this.#depth > 0) return true;
    if (!isName) return false;
    if (',;=('.includes(char)) return true;
    if (text.length > BUILTIN_LENGTH_MAX) return false;
    return BUILTIN_NAME.test(text + char) && BUILTIN_NAME.exec(text + char)?.[0].length === text.length;
  }

  /** `if [/i] [not] exist x | defined x | errorlevel n | a==b | a op b`, then a command. */
  #condition(draft: Draft): void {
    let word = this.#next(draft);
    while (/^(?:\/i|not)$/i.test(word)) word = this.#next(draft);
    if (/^(?:exist|defined|errorlevel|cmdextversion)$/i.test(word)) this.#next(draft);
    else if (!/==./.test(word)) this.#comparison(word, draft);
  }

  #comparison(left: string, draft: Draft): void {
    if (left.endsWith('==')) {
      this.#next(draft);
      return;
    }
    const operator = this.#next(draft);
    if (operator === '==' || /^(?:equ|neq|lss|leq|gtr|geq)$/i.test(operator)) this.#next(draft);
    else if (!operator.startsWith('==')) this.#problem = 'an if without a condition';
  }

  #next(draft: Draft): string {
    this.#skip(' \t');
    if (this.#at >= this.#text.length || this.#peek() === '\n') {
      this.#problem = 'an if without a command';
      return '';
    }
    const start = this.#at;
    this.#wordText(draft, false);
    return this.#text.slice(start, this.#at).replaceAll('^', '');
  }

  /** `for [/f "options"] %i in (set) do command`; the set of `/f` may be a command. */
  #loop(draft: Draft): void {
    const line = this.#text.indexOf('\n', this.#at);
    const open = this.#text.indexOf('(', this.#at);
    if (open < 0 || (line >= 0 && open > line)) {
      this.#problem = 'a for without a set';
      return;
    }
    const head = this.#text.slice(this.#at, open);
    const close = closingParenthesis(this.#text, open);
    if (close < 0 || !/\bin\s*$/i.test(head)) {
      this.#problem = 'a for that cannot be read';
      return;
    }
    const set = this.#text.slice(open + 1, close).trim();
    if (/\/f\b/i.test(head) && /^['`]/.test(set)) this.#loops.push(set.replace(/^['`]|['`]$/g, ''));
    this.#at = close + 1;
    this.#skip(' \t\r\n');
    const word = this.#word(draft, true).text;
    if (word?.toLowerCase() !== 'do') this.#problem = 'a for without do';
  }
}

function closingParenthesis(text: string, open: number): number {
  let quoted = false;
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    else if (char === '^' && !quoted) at += 1;
    else if (char === '(' && !quoted) depth += 1;
    else if (char === ')' && !quoted) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}
