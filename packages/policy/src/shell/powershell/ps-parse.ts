import { isBlank, isDash, isDoubleQuote, isSingleQuote, unescapedBacktick } from './ps-characters.ts';
import {
  PS_DEPTH_MAX,
  PS_ITEMS_MAX,
  type PsCommand,
  type PsItem,
  type PsPart,
  type PsScript,
  type PsWord,
} from './ps-item.ts';

/** Reads a text of PowerShell into what it does. Never throws on any text; linear in its length. */
export function parsePowershell(text: string): PsScript {
  return new PsParser(text).run();
}

const KEYWORDS = new Set(
  `if elseif else while do until for foreach switch default try catch finally return throw exit break continue function
  filter workflow configuration class enum param begin process end clean trap data using parallel sequence
  inlinescript dynamicparam in`.split(/\s+/),
);
const STATEMENT_KEYWORDS = new Set(['return', 'throw', 'exit', 'in']);
const DEFINING_KEYWORDS = new Set(['function', 'filter', 'workflow', 'configuration', 'class', 'enum']);
const NUMBER = /^[0-9][0-9._]*(?:e[+-]?[0-9]+)?(?:kb|mb|gb|tb|pb|l|d|u|n|y|s)*$|^0x[0-9a-f]+[a-z]*$/i;

class PsParser {
  readonly #text: string;
  readonly #items: PsItem[] = [];
  readonly #functions = new Set<string>();
  #at = 0;
  #depth = 0;
  #problem: string | null = null;

  constructor(text: string) {
    this.#text = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  }

  run(): PsScript {
    this.#statements('');
    return { items: this.#items, functions: this.#functions, problem: this.#problem };
  }

  #peek(offset = 0): string {
    return this.#text[this.#at + offset] ?? '';
  }

  get #stopped(): boolean {
    return this.#problem !== null || this.#at >= this.#text.length;
  }

  #fail(problem: string): void {
    this.#problem ??= problem;
  }

  #emit(item: PsItem): void {
    if (this.#items.length >= PS_ITEMS_MAX) this.#fail('more items than the bound');
    else this.#items.push(item);
  }

  /** Blanks, continued lines and comments; line ends too when `lines`. */
  #skip(lines: boolean): void {
    for (;;) {
      const char = this.#peek();
      if (isBlank(char) || (lines && char === '\n')) this.#at += 1;
      else if (char === '`' && this.#peek(1) === '\n') this.#at += 2;
      else if (char === '#') this.#at = endOr(this.#text.indexOf('\n', this.#at), this.#text.length);
      else if (char === '<' && this.#peek(1) === '#') this.#blockComment();
      else return;
    }
  }

  #blockComment(): void {
    const close = this.#text.indexOf('#>', this.#at + 2);
    if (close < 0) this.#fail('unterminated comment');
    this.#at = close < 0 ? this.#text.length : close + 2;
  }

  /** Statements up to `closer`, which is taken. */
  #statements(closer: string): readonly PsPart[] | null {
    this.#depth += 1;
    if (this.#depth > PS_DEPTH_MAX) this.#fail('nested deeper than the bound');
    let count = 0;
    let value: readonly PsPart[] | null = null;
    while (!this.#stopped) {
      this.#skip(true);
      const char = this.#peek();
      if (char === '') break;
      if (char === closer) {
        this.#at += 1;
        this.#depth -= 1;
        return count === 1 ? value : null;
      }
      if (char === ';' || (char === '&' && this.#peek(1) === '&') || char === '|') this.#at += 1;
      else if (char === ')' || char === '}') this.#fail(`unexpected ${char}`);
      else {
        count += 1;
        value = this.#pipeline();
      }
    }
    if (closer !== '') this.#fail('unterminated bracket');
    this.#depth -= 1;
    return null;
  }

  /** One pipeline; its value when it is nothing but a plain value. */
  #pipeline(): readonly PsPart[] | null {
    let source: PsItem | null = null;
    let piped = false;
    let value: readonly PsPart[] | null = null;
    for (let count = 0; !this.#stopped; count += 1) {
      this.#skip(piped);
      const before = this.#at;
      value = this.#element(piped, source);
      if (count > 0) value = null;
      source = this.#items.at(-1) ?? null;
      this.#skip(false);
      if (this.#peek() === '|' && this.#peek(1) !== '|') {
        this.#at += 1;
        piped = true;
        if (source === null || source.kind !== 'command') {
          source = { kind: 'value', parts: value, depth: this.#depth };
        }
        continue;
      }
      if (this.#peek() === '|' && this.#peek(1) === '|') this.#at += 2;
      else if (this.#at === before) this.#at += 1;
      break;
    }
    return value;
  }

  #element(piped: boolean, source: PsItem | null): readonly PsPart[] | null {
    const char = this.#peek();
    if (char === '&' && this.#peek(1) !== '&') {
      this.#at += 1;
      this.#skip(false);
      this.#command('&', piped, source);
    } else if (char === '.' && (isBlank(this.#peek(1)) || /[$("'{]/.test(this.#peek(1)))) {
      this.#at += 1;
      this.#skip(false);
      this.#command('.', piped, source);
    } else if (this.#expressionStarts()) return this.#expression();
    else if (!this.#keyword()) this.#command('', piped, source);
    return null;
  }

  #expressionStarts(): boolean {
    const char = this.#peek();
    if (/[$@[({!,+\d]/.test(char) || isSingleQuote(char) || isDoubleQuote(char)) {
      return !/\d/.test(char) || NUMBER.test(this.#bareAhead());
    }
    if (!isDash(char)) return false;
    return (
      /[-\d$([{"'\s.]/.test(this.#peek(1)) || /^-(?:not|bnot|join|i?split|c?split)\b/i.test(this.#bareAhead())
    );
  }

  #bareAhead(): string {
    let end = this.#at;
    while (
      end < this.#text.length &&
      end - this.#at < 64 &&
      !/[\s|;&(){},<>"'$`]/.test(this.#text[end] ?? '')
    )
      end += 1;
    return this.#text.slice(this.#at, end);
  }

  /** A statement of the language; false when a command begins here. */
  #keyword(): boolean {
    const word = this.#bareAhead().toLowerCase();
    const label = word.startsWith(':');
    if (!label && !KEYWORDS.has(word)) return false;
    if ((word === 'foreach' || word === 'default' || word === 'data') && !this.#blockFollows(word.length))
      return false;
    this.#at += word.length;
    if (label) return true;
    if (STATEMENT_KEYWORDS.has(word)) {
      this.#skip(false);
      if (!this.#atStatementEnd()) this.#pipeline();
    } else if (DEFINING_KEYWORDS.has(word)) this.#definition();
    else if (word === 'break' || word === 'continue' || word === 'using') this.#skipLine();
    else this.#clauses();
    return true;
  }

  #blockFollows(offset: number): boolean {
    let at = this.#at + offset;
    while (isBlank(this.#text[at] ?? '') || this.#text[at] === '\n') at += 1;
    return (
      this.#text[at] === '(' ||
      this.#text[at] === '{' ||
      (isDash(this.#text[at] ?? '') && /^.parallel/i.test(this.#text.slice(at, at + 9)))
    );
  }

  #atStatementEnd(): boolean {
    return /^[\n;)}|&]?$/.test(this.#peek());
  }

  #skipLine(): void {
    while (!this.#stopped && !/[\n;)}]/.test(this.#peek())) this.#at += 1;
  }

  #definition(): void {
    this.#skip(false);
    const name = this.#bareAhead();
    this.#functions.add(name.toLowerCase().replace(/^(?:global|script|local|private):/, ''));
    this.#at += name.length;
    this.#clauses();
  }

  /** Groups and words up to the block that ends the statement. */
  #clauses(): void {
    for (;;) {
      const before = this.#at;
      this.#skip(true);
      const char = this.#peek();
      if (this.#stopped) return;
      if (char === '(') {
        this.#at += 1;
        this.#statements(')');
      } else if (char === '{') {
        this.#at += 1;
        this.#statements('}');
        return;
      } else if (char === '[') this.#typeName();
      else if (isDash(char) || char === ',' || char === ':')
        this.#at += Math.max(1, this.#bareAhead().length);
      else {
        this.#at = before;
        return;
      }
    }
  }

  #typeName(): string {
    let depth = 0;
    const start = this.#at;
    for (; this.#at < this.#text.length; this.#at += 1) {
      if (this.#peek() === '[') depth += 1;
      if (this.#peek() === ']') depth -= 1;
      if (depth === 0) break;
      if (this.#peek() === '(' || this.#peek() === '{') break;
    }
    if (this.#peek() === ']') {
      this.#at += 1;
      return this.#text
        .slice(start + 1, this.#at - 1)
        .replace(/\s/g, '')
        .toLowerCase();
    }
    // An attribute with arguments, such as [Parameter(Mandatory)].
    this.#bracketed();
    return '';
  }

  #bracketed(): void {
    while (!this.#stopped && this.#peek() !== ']') {
      const char = this.#peek();
      if (char === '(' || char === '{') {
        this.#at += 1;
        this.#statements(char === '(' ? ')' : '}');
      } else this.#at += 1;
    }
    this.#at += 1;
  }

  /** An expression up to the end of its pipeline element; its value when it is plain text. */
  #expression(): readonly PsPart[] | null {
    const parts: PsPart[] = [];
    const variables: string[] = [];
    let plain = true;
    let expectsOperand = true;
    let type: string | null = null;
    while (!this.#stopped) {
      const gapStart = this.#at;
      this.#skip(expectsOperand && parts.length > 0);
      const glued = this.#at === gapStart && !expectsOperand;
      const char = this.#peek();
      if (/^[\n;|)}\]&]?$/.test(char)) break;
      if (this.#redirection()) continue;
      if (glued && this.#memberOf(char, type)) {
        plain = false;
        continue;
      }
      type = null;
      if (char === '[') {
        type = this.#typeName();
        plain = false;
        expectsOperand = false;
      } else if (this.#assignment(parts, plain ? 1 : 0, variables)) return null;
      else if (char === '+' && !expectsOperand) {
        this.#at += 1;
        expectsOperand = true;
      } else {
        if (char === 'i' && this.#bareAhead().toLowerCase() === 'in') this.#unknown(variables);
        const value = this.#operand();
        const [only] = value ?? [];
        if (typeof only === 'object' && only !== null) variables.push(only.variable);
        if (value === null || !expectsOperand) plain = false;
        else parts.push(...value);
        expectsOperand = false;
      }
    }
    return plain && !expectsOperand ? parts : null;
  }

  /** `$x = …`: the right side is a statement. Every other form of assignment leaves its variables unknown. */
  #assignment(parts: readonly PsPart[], plainParts: number, variables: readonly string[]): boolean {
    const sign = /^(?:[-+*/%]|\?\?)?=(?!=)/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0];
    if (sign === undefined) return false;
    this.#at += sign.length;
    this.#skip(true);
    const value = this.#atStatementEnd() ? null : this.#pipeline();
    const [target] = parts;
    const simple = sign === '=' && parts.length === plainParts && variables.length === 1;
    if (simple && typeof target === 'object' && target !== null) {
      this.#emit({ kind: 'assignment', name: target.variable, value, depth: this.#depth });
    } else this.#unknown(variables);
    return true;
  }

  #unknown(variables: readonly string[]): void {
    for (const name of variables) this.#emit({ kind: 'assignment', name, value: null, depth: this.#depth });
  }

  /** `.Name`, `::Name`, `[index]` behind a value. */
  #memberOf(char: string, type: string | null): boolean {
    const isStatic = char === ':' && this.#peek(1) === ':';
    const isMember = char === '.' && this.#peek(1) !== '.' && /[\w"'$({\u2018-\u201f]/.test(this.#peek(1));
    if (char === '[' && type === null) {
      this.#at += 1;
      this.#index();
      return true;
    }
    if (!isStatic && !isMember) return false;
    const start = this.#at;
    this.#at += isStatic ? 2 : 1;
    const name = this.#memberName();
    const called = this.#peek() === '(' || this.#peek() === '{';
    if (this.#peek() === '(') {
      this.#at += 1;
      this.#statements(')');
    }
    this.#emit({ kind: 'member', type, name, called, isStatic, start, end: this.#at });
    return true;
  }

  #index(): void {
    while (!this.#stopped && this.#peek() !== ']') {
      this.#skip(true);
      if (this.#peek() === ']') break;
      const before = this.#at;
      if (this.#operand() === null && this.#at === before) this.#at += 1;
    }
    this.#at += 1;
  }

  #memberName(): string | null {
    const char = this.#peek();
    if (/\w/.test(char)) {
      const start = this.#at;
      while (/\w/.test(this.#peek())) this.#at += 1;
      return this.#text.slice(start, this.#at).toLowerCase();
    }
    const parts = this.#operand();
    return parts?.length === 1 && typeof parts[0] === 'string' ? parts[0].toLowerCase() : null;
  }

  /** One operand; null when its value is not plain text. Always moves on. */
  #operand(): readonly PsPart[] | null {
    const char = this.#peek();
    if (isSingleQuote(char)) return [this.#singleQuoted()];
    if (isDoubleQuote(char)) return this.#doubleQuoted();
    if (char === '$') return this.#dollar();
    if (char === '@') return this.#atSign();
    if (char === '(') {
      this.#at += 1;
      return this.#statements(')');
    }
    if (char === '{') {
      this.#at += 1;
      this.#statements('}');
      return null;
    }
    const bare = this.#bareAhead();
    if (bare.toLowerCase() === 'in') {
      this.#at += 2;
      this.#skip(true);
      this.#pipeline();
      return null;
    }
    this.#at += NUMBER.test(bare) || /^[-\w]+$/.test(bare) ? bare.length : 1;
    return null;
  }

  #singleQuoted(): string {
    let body = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      if (isSingleQuote(this.#peek())) {
        if (!isSingleQuote(this.#peek(1))) {
          this.#at += 1;
          return body;
        }
        this.#at += 1;
      }
      body += this.#peek();
    }
    this.#fail('unterminated string');
    return body;
  }

  #doubleQuoted(): PsPart[] {
    const parts: PsPart[] = [''];
    this.#at += 1;
    while (!this.#stopped) {
      const char = this.#peek();
      if (isDoubleQuote(char)) {
        this.#at += 1;
        if (!isDoubleQuote(this.#peek())) return parts;
        this.#at += 1;
        append(parts, '"');
      } else this.#expandable(parts, char);
    }
    this.#fail('unterminated string');
    return parts;
  }

  /** One character of text in which variables and `$( )` count. */
  #expandable(parts: PsPart[], char: string): void {
    if (char === '`') {
      append(parts, unescapedBacktick(this.#peek(1), true));
      this.#at += 2;
    } else if (char === '$' && /[\w({:?^$]/.test(this.#peek(1))) parts.push(...(this.#dollar() ?? [null]));
    else {
      append(parts, char);
      this.#at += 1;
    }
  }

  /** `$name`, `${name}`, `$scope:name`, `$( … )`. */
  #dollar(): PsPart[] | null {
    const next = this.#peek(1);
    if (next === '(') {
      this.#at += 2;
      const value = this.#statements(')');
      return value === null ? null : [...value];
    }
    if (next === '{') {
      const close = this.#text.indexOf('}', this.#at);
      if (close < 0) this.#fail('unterminated variable');
      const name = this.#text.slice(this.#at + 2, close < 0 ? this.#text.length : close);
      this.#at = close < 0 ? this.#text.length : close + 1;
      return [{ variable: variableName(name) }];
    }
    const match = /^\$(?:[\w]+:(?=\w))?(?:\w+|[?^$])/.exec(this.#text.slice(this.#at, this.#at + 128));
    this.#at += match?.[0].length ?? 1;
    return match === null ? null : [{ variable: variableName(match[0].slice(1)) }];
  }

  /** `@( )`, `@{ }`, here-strings, splatting. */
  #atSign(): readonly PsPart[] | null {
    const next = this.#peek(1);
    if (isSingleQuote(next) || isDoubleQuote(next)) return this.#hereString(isDoubleQuote(next));
    this.#at += 1;
    if (next === '(') {
      this.#at += 1;
      return this.#statements(')');
    }
    if (next === '{') this.#hash();
    else while (/[\w:]/.test(this.#peek())) this.#at += 1;
    return null;
  }

  #hereString(expands: boolean): readonly PsPart[] | null {
    const start = this.#text.indexOf('\n', this.#at);
    if (start < 0 || this.#text.slice(this.#at + 2, start).trim() !== '') {
      this.#fail('a here-string without a line');
      return null;
    }
    const close = hereStringEnd(this.#text, start, expands);
    if (close < 0) {
      this.#fail('unterminated here-string');
      return null;
    }
    const parts: PsPart[] = [''];
    this.#at = start + 1;
    while (this.#at < close && this.#problem === null) {
      if (expands) this.#expandable(parts, this.#peek());
      else {
        append(parts, this.#text.slice(this.#at, close));
        this.#at = close;
      }
    }
    this.#at = close + 3;
    return parts;
  }

  /** `@{ key = statement; … }`. */
  #hash(): void {
    this.#at += 1;
    while (!this.#stopped) {
      this.#skip(true);
      if (this.#peek() === '}') {
        this.#at += 1;
        return;
      }
      if (this.#peek() === ';') this.#at += 1;
      else this.#hashEntry();
    }
    this.#fail('unterminated hash table');
  }

  #hashEntry(): void {
    const before = this.#at;
    if (/[\w-]/.test(this.#peek())) while (/[\w-]/.test(this.#peek())) this.#at += 1;
    else this.#operand();
    this.#skip(false);
    if (this.#peek() === '=') {
      this.#at += 1;
      this.#skip(true);
      this.#pipeline();
    }
    if (this.#at === before) this.#at += 1;
  }

  /** `> file`, `2>> file`, `*> file`, `2>&1`. */
  #redirection(): boolean {
    const match = /^[1-6*]?>>?/.exec(this.#text.slice(this.#at, this.#at + 3));
    if (match === null) return false;
    const start = this.#at;
    this.#at += match[0].length;
    if (this.#peek() === '&') {
      this.#at += 2;
      return true;
    }
    this.#skip(false);
    const target = this.#word();
    if (target === null) this.#fail('a redirection without a target');
    else this.#emit({ kind: 'write', target, depth: this.#depth, start, end: this.#at });
    return true;
  }

  #command(operator: PsCommand['operator'], piped: boolean, source: PsItem | null): void {
    const start = this.#at;
    const name = this.#word();
    if (name === null) {
      this.#fail(`no command at ${start}`);
      return;
    }
    const args: PsWord[] = [];
    while (!this.#stopped) {
      this.#skip(false);
      if (/^[\n;|)}&]?$/.test(this.#peek())) break;
      if (this.#peek() === ',') this.#at += 1;
      else if (!this.#redirection() && !this.#verbatim(args)) {
        const word = this.#word();
        if (word === null) this.#at += 1;
        else args.push(word);
      }
    }
    if (this.#peek() === '&' && this.#peek(1) !== '&') this.#at += 1;
    this.#emit({
      kind: 'command',
      operator,
      name,
      args,
      source,
      piped,
      depth: this.#depth,
      start,
      end: this.#at,
    });
  }

  /** `--%` hands the rest of the line over as it is. */
  #verbatim(args: PsWord[]): boolean {
    if (!/^--%(?:\s|$)/.test(this.#text.slice(this.#at, this.#at + 4))) return false;
    const end = endOr(this.#text.indexOf('\n', this.#at), this.#text.length);
    for (const piece of this.#text.slice(this.#at + 3, end).split(/\s+/)) {
      const parts = piece.includes('%') ? [null] : [piece.replaceAll('"', '')];
      if (piece !== '')
        args.push({ parts, parameter: null, block: false, quoted: true, start: this.#at, end });
    }
    this.#at = end;
    return true;
  }

  /** One word of a command; null when none begins here. */
  #word(): PsWord | null {
    const start = this.#at;
    const first = this.#peek();
    if (first === '{') {
      this.#at += 1;
      this.#statements('}');
      return { parts: [null], parameter: null, block: true, quoted: false, start, end: this.#at };
    }
    const quoted = isSingleQuote(first) || isDoubleQuote(first);
    const parts: PsPart[] = [];
    while (!this.#stopped && this.#wordPiece(parts, start)) continue;
    if (this.#at === start) return null;
    const parameter = quoted ? null : parameterName(parts);
    return { parts, parameter, block: false, quoted, start, end: this.#at };
  }

  /** Adds one piece to a word; false at its end. */
  #wordPiece(parts: PsPart[], start: number): boolean {
    const char = this.#peek();
    if (char === '' || char === '\n' || isBlank(char) || /[|;&){},]/.test(char)) return false;
    if ((char === '<' || char === '>' || char === '(') && this.#at > start) return false;
    const literal = isSingleQuote(char) || isDoubleQuote(char);
    if (char === '(' || (char === '@' && this.#at === start) || char === '$' || literal) {
      const bareDollar = char === '$' && !/[\w({:?^$]/.test(this.#peek(1));
      if (bareDollar) append(parts, char);
      if (bareDollar) this.#at += 1;
      else parts.push(...(this.#operand() ?? [null]));
      if (char !== '$' || !bareDollar) this.#trailingMembers(parts, literal);
    } else if (char === '`') {
      append(parts, unescapedBacktick(this.#peek(1), false));
      this.#at += 2;
    } else {
      append(parts, isDash(char) ? '-' : char);
      this.#at += 1;
    }
    return true;
  }

  /** `$x.Name(…)` and `(…)[0]` inside an argument are expressions: their value is not known. */
  #trailingMembers(parts: PsPart[], literal: boolean): void {
    while (!this.#stopped && !literal && this.#memberOf(this.#peek(), null)) parts.push(null);
  }
}

function append(parts: PsPart[], text: string): void {
  const last = parts.at(-1);
  if (typeof last === 'string') parts[parts.length - 1] = last + text;
  else parts.push(text);
}

function endOr(index: number, fallback: number): number {
  return index < 0 ? fallback : index;
}

function variableName(name: string): string {
  return name.toLowerCase().replace(/^(?:global|script|local|private|variable):/, '');
}

function parameterName(parts: readonly PsPart[]): string | null {
  const first = parts[0];
  if (typeof first !== 'string') return null;
  return /^-([a-z_?][\w?-]*)/i.exec(first)?.[1]?.toLowerCase() ?? null;
}

/** The line end before the closing mark of a here-string, which stands at the start of a line. */
function hereStringEnd(text: string, start: number, expands: boolean): number {
  for (let at = text.indexOf('\n', start); at >= 0; at = text.indexOf('\n', at + 1)) {
    const mark = text[at + 1] ?? '';
    if ((expands ? isDoubleQuote(mark) : isSingleQuote(mark)) && text[at + 2] === '@') return at;
  }
  return -1;
}
