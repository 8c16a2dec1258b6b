import { isDoubleQuote, isSingleQuote, unescapedBacktick } from './ps-characters.ts';
import { append, PsCursor } from './ps-cursor.ts';
import type { PsPart } from './ps-item.ts';

/** What counts as a number where a value may stand. */
export const NUMBER: RegExp =
  /^[0-9][0-9._]*(?:e[+-]?[0-9]+)?(?:kb|mb|gb|tb|pb|l|d|u|n|y|s)*$|^0x[0-9a-f]+[a-z]*$/i;

/** Reads values: strings, variables, subexpressions, here-strings, hash tables. */
export abstract class PsValues extends PsCursor {
  protected abstract statements(closer: string): readonly PsPart[] | null;

  protected abstract pipeline(): readonly PsPart[] | null;

  /** One operand; null when its value is not plain text. Always moves on. */
  protected operand(): readonly PsPart[] | null {
    const char = this.peek();
    if (isSingleQuote(char)) return [this.singleQuoted()];
    if (isDoubleQuote(char)) return this.doubleQuoted();
    if (char === '$') return this.dollar();
    if (char === '@') return this.atSign();
    if (char === '(') {
      this.at += 1;
      return this.statements(')');
    }
    if (char === '{') {
      this.at += 1;
      this.statements('}');
      return null;
    }
    const bare = this.bareAhead();
    if (bare.toLowerCase() === 'in') {
      this.at += 2;
      this.skip(true);
      this.pipeline();
      return null;
    }
    this.at += NUMBER.test(bare) || /^[-\w]+$/.test(bare) ? bare.length : 1;
    return null;
  }

  protected singleQuoted(): string {
    let body = '';
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      if (isSingleQuote(this.peek())) {
        if (!isSingleQuote(this.peek(1))) {
          this.at += 1;
          return body;
        }
        this.at += 1;
      }
      body += this.peek();
    }
    this.fail('unterminated string');
    return body;
  }

  protected doubleQuoted(): PsPart[] {
    const parts: PsPart[] = [''];
    this.at += 1;
    while (!this.stopped) {
      const char = this.peek();
      if (isDoubleQuote(char)) {
        this.at += 1;
        if (!isDoubleQuote(this.peek())) return parts;
        this.at += 1;
        append(parts, '"');
      } else this.expandable(parts, char);
    }
    this.fail('unterminated string');
    return parts;
  }

  /** One character of text in which variables and `$( )` count. */
  protected expandable(parts: PsPart[], char: string): void {
    if (char === '`') {
      append(parts, unescapedBacktick(this.peek(1), true));
      this.at += 2;
    } else if (char === '$' && /[\w({:?^$]/.test(this.peek(1))) parts.push(...(this.dollar() ?? [null]));
    else {
      append(parts, char);
      this.at += 1;
    }
  }

  /** `$name`, `${name}`, `$scope:name`, `$( … )`. */
  protected dollar(): PsPart[] | null {
    const next = this.peek(1);
    if (next === '(') {
      this.at += 2;
      const value = this.statements(')');
      return value === null ? null : [...value];
    }
    if (next === '{') {
      const close = this.text.indexOf('}', this.at);
      if (close < 0) this.fail('unterminated variable');
      const name = this.text.slice(this.at + 2, close < 0 ? this.text.length : close);
      this.at = close < 0 ? this.text.length : close + 1;
      return [{ variable: variableName(name) }];
    }
    const match = /^\$(?:[\w]+:(?=\w))?(?:\w+|[?^$])/.exec(this.text.slice(this.at, this.at + 128));
    this.at += match?.[0].length ?? 1;
    return match === null ? null : [{ variable: variableName(match[0].slice(1)) }];
  }

  /** `@( )`, `@{ }`, here-strings, splatting. */
  protected atSign(): readonly PsPart[] | null {
    const next = this.peek(1);
    if (isSingleQuote(next) || isDoubleQuote(next)) return this.hereString(isDoubleQuote(next));
    this.at += 1;
    if (next === '(') {
      this.at += 1;
      return this.statements(')');
    }
    if (next === '{') this.hash();
    else while (/[\w:]/.test(this.peek())) this.at += 1;
    return null;
  }

  protected hereString(expands: boolean): readonly PsPart[] | null {
    const start = this.text.indexOf('\n', this.at);
    if (start < 0 || this.text.slice(this.at + 2, start).trim() !== '') {
      this.fail('a here-string without a line');
      return null;
    }
    const close = hereStringEnd(this.text, start, expands);
    if (close < 0) {
      this.fail('unterminated here-string');
      return null;
    }
    const parts: PsPart[] = [''];
    this.at = start + 1;
    while (this.at < close && this.problem === null) {
      if (expands) this.expandable(parts, this.peek());
      else {
        append(parts, this.text.slice(this.at, close));
        this.at = close;
      }
    }
    this.at = close + 3;
    return parts;
  }

  /** `@{ key = statement; … }`. */
  protected hash(): void {
    this.at += 1;
    while (!this.stopped) {
      this.skip(true);
      if (this.peek() === '}') {
        this.at += 1;
        return;
      }
      if (this.peek() === ';') this.at += 1;
      else this.hashEntry();
    }
    this.fail('unterminated hash table');
  }

  protected hashEntry(): void {
    const before = this.at;
    if (/[\w-]/.test(this.peek())) while (/[\w-]/.test(this.peek())) this.at += 1;
    else this.operand();
    this.skip(false);
    if (this.peek() === '=') {
      this.at += 1;
      this.skip(true);
      this.pipeline();
    }
    if (this.at === before) this.at += 1;
  }
}

function variableName(name: string): string {
  return name.toLowerCase().replace(/^(?:global|script|local|private|variable):/, '');
}

/** The line end before the closing mark of a here-string, which stands at the start of a line. */
function hereStringEnd(text: string, start: number, expands: boolean): number {
  for (let at = text.indexOf('\n', start); at >= 0; at = text.indexOf('\n', at + 1)) {
    const mark = text[at + 1] ?? '';
    if ((expands ? isDoubleQuote(mark) : isSingleQuote(mark)) && text[at + 2] === '@') return at;
  }
  return -1;
}
