import { isBlank, isDash, isDoubleQuote, isSingleQuote, unescapedBacktick } from './ps-characters.ts';
import { append, endOr } from './ps-cursor.ts';
import type { PsCommand, PsItem, PsPart, PsWord } from './ps-item.ts';
import { PsMembers } from './ps-member-access.ts';

/** Reads commands: their words, redirections and verbatim tails. */
export abstract class PsWords extends PsMembers {
  /** `> file`, `2>> file`, `*> file`, `2>&1`. */
  protected redirection(): boolean {
    const match = /^[1-6*]?>>?/.exec(this.text.slice(this.at, this.at + 3));
    if (match === null) return false;
    const start = this.at;
    this.at += match[0].length;
    if (this.peek() === '&') {
      this.at += 2;
      return true;
    }
    this.skip(false);
    const target = this.word();
    if (target === null) this.fail('a redirection without a target');
    else this.emit({ kind: 'write', target, depth: this.depth, start, end: this.at });
    return true;
  }

  protected command(operator: PsCommand['operator'], piped: boolean, source: PsItem | null): void {
    const start = this.at;
    const name = this.word();
    if (name === null) {
      this.fail(`no command at ${start}`);
      return;
    }
    const args: PsWord[] = [];
    while (!this.stopped) {
      this.skip(false);
      if (/^[\n;|)}&]?$/.test(this.peek())) break;
      if (this.peek() === ',') this.at += 1;
      else if (!this.redirection() && !this.verbatim(args)) {
        const found = this.items.length;
        const word = this.word();
        if (word === null) this.at += 1;
        else {
          // The filter of a directory query is an expression in braces that no shell runs.
          if (word.block && this.isDirectoryFilter(name, args.at(-1))) this.items.length = found;
          args.push(word);
        }
      }
    }
    if (this.peek() === '&' && this.peek(1) !== '&') this.at += 1;
    this.emit({
      kind: 'command',
      operator,
      name,
      args,
      source,
      piped,
      depth: this.depth,
      start,
      end: this.at,
    });
  }

  protected isDirectoryFilter(name: PsWord, before: PsWord | undefined): boolean {
    const [text] = name.parts;
    const asked =
      name.parts.length === 1 && typeof text === 'string' && /^(?:get|search)-ad[a-z]+$/i.test(text);
    return (
      asked &&
      !this.functions.has(text.toLowerCase()) &&
      before?.parameter !== null &&
      before?.parameter !== undefined &&
      /^f(?:i|il|ilt|ilte|ilter)$/.test(before.parameter)
    );
  }

  /** `--%` hands the rest of the line over as it is. */
  protected verbatim(args: PsWord[]): boolean {
    if (!/^--%(?:\s|$)/.test(this.text.slice(this.at, this.at + 4))) return false;
    const end = endOr(this.text.indexOf('\n', this.at), this.text.length);
    for (const piece of this.text.slice(this.at + 3, end).split(/\s+/)) {
      const parts = piece.includes('%') ? [null] : [piece.replaceAll('"', '')];
      if (piece !== '')
        args.push({ parts, parameter: null, block: false, quoted: true, start: this.at, end });
    }
    this.at = end;
    return true;
  }

  /** One word of a command; null when none begins here. */
  protected word(): PsWord | null {
    const start = this.at;
    const first = this.peek();
    if (first === '{') {
      this.at += 1;
      this.statements('}');
      return { parts: [null], parameter: null, block: true, quoted: false, start, end: this.at };
    }
    const quoted = isSingleQuote(first) || isDoubleQuote(first);
    const parts: PsPart[] = [];
    while (!this.stopped && this.wordPiece(parts, start)) continue;
    if (this.at === start) return null;
    const parameter = quoted ? null : parameterName(parts);
    return { parts, parameter, block: false, quoted, start, end: this.at };
  }

  /** Adds one piece to a word; false at its end. */
  protected wordPiece(parts: PsPart[], start: number): boolean {
    const char = this.peek();
    if (char === '' || char === '\n' || isBlank(char) || /[|;&){},]/.test(char)) return false;
    if ((char === '<' || char === '>' || char === '(') && this.at > start) return false;
    const literal = isSingleQuote(char) || isDoubleQuote(char);
    if (char === '(' || (char === '@' && this.at === start) || char === '$' || literal) {
      const bareDollar = char === '$' && !/[\w({:?^$]/.test(this.peek(1));
      if (bareDollar) append(parts, char);
      if (bareDollar) this.at += 1;
      else parts.push(...(this.operand() ?? [null]));
      if (char !== '$' || !bareDollar) this.trailingMembers(parts, literal);
    } else if (char === '`') {
      append(parts, unescapedBacktick(this.peek(1), false));
      this.at += 2;
    } else {
      append(parts, isDash(char) ? '-' : char);
      this.at += 1;
    }
    return true;
  }

  /** `$x.Name(…)` and `(…)[0]` inside an argument are expressions: their value is not known. */
  protected trailingMembers(parts: PsPart[], literal: boolean): void {
    if (literal) return;
    while (!this.stopped && this.memberOf(this.peek(), null)) parts.push(null);
  }
}

function parameterName(parts: readonly PsPart[]): string | null {
  const first = parts[0];
  if (typeof first !== 'string') return null;
  return /^-([a-z_?][\w?-]*)/i.exec(first)?.[1]?.toLowerCase() ?? null;
}
