import { isBlank, isDash, isDoubleQuote, isSingleQuote } from './ps-characters.ts';
import { PS_DEPTH_MAX, type PsItem, type PsPart, type PsScript } from './ps-item.ts';
import { NUMBER } from './ps-values.ts';
import { PsWords } from './ps-words.ts';

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

/** Arithmetic that begins with a number: `1+1`, `2*(3)`. A name such as `7z` is a command. */
const SUM = /^[0-9][0-9.]*(?:[kmgtp]b)?[-+*/%](?:[0-9]|$)/i;

class PsParser extends PsWords {
  run(): PsScript {
    this.statements('');
    return { items: this.items, functions: this.functions, problem: this.problem };
  }

  /** Statements up to `closer`, which is taken. */
  protected override statements(closer: string): readonly PsPart[] | null {
    this.depth += 1;
    if (this.depth > PS_DEPTH_MAX) this.fail('nested deeper than the bound');
    let count = 0;
    let value: readonly PsPart[] | null = null;
    while (!this.stopped) {
      this.skip(true);
      const char = this.peek();
      if (char === '') break;
      if (char === closer) {
        this.at += 1;
        this.depth -= 1;
        return count === 1 ? value : null;
      }
      if (char === '&' && this.peek(1) === '&') this.at += 2;
      else if (char === ';' || char === '|') this.at += 1;
      else if (char === ')' || char === '}') this.fail(`unexpected ${char}`);
      else {
        count += 1;
        value = this.pipeline();
      }
    }
    if (closer !== '') this.fail('unterminated bracket');
    this.depth -= 1;
    return null;
  }

  /** One pipeline; its value when it is nothing but a plain value. */
  protected override pipeline(): readonly PsPart[] | null {
    let source: PsItem | null = null;
    let piped = false;
    let value: readonly PsPart[] | null = null;
    for (let count = 0; !this.stopped; count += 1) {
      this.skip(piped);
      const before = this.at;
      value = this.element(piped, source);
      if (count > 0) value = null;
      source = this.items.at(-1) ?? null;
      this.skip(false);
      if (this.peek() === '|' && this.peek(1) !== '|') {
        this.at += 1;
        piped = true;
        if (source === null || source.kind !== 'command') {
          source = { kind: 'value', parts: value, depth: this.depth };
        }
        continue;
      }
      if (this.peek() === '|' && this.peek(1) === '|') this.at += 2;
      else if (this.at === before) this.at += 1;
      break;
    }
    return value;
  }

  protected element(piped: boolean, source: PsItem | null): readonly PsPart[] | null {
    const char = this.peek();
    if (char === '&' && this.peek(1) !== '&') {
      this.at += 1;
      this.skip(false);
      this.command('&', piped, source);
    } else if (char === '.' && (isBlank(this.peek(1)) || /[$("'{]/.test(this.peek(1)))) {
      this.at += 1;
      this.skip(false);
      this.command('.', piped, source);
    } else if (this.expressionStarts()) return this.expression();
    else if (!this.keyword()) this.command('', piped, source);
    return null;
  }

  protected expressionStarts(): boolean {
    const char = this.peek();
    if (/[$@[({!,+\d]/.test(char) || isSingleQuote(char) || isDoubleQuote(char)) {
      return !/\d/.test(char) || NUMBER.test(this.bareAhead()) || SUM.test(this.bareAhead());
    }
    if (!isDash(char)) return false;
    return (
      /[-\d$([{"'\s.]/.test(this.peek(1)) || /^-(?:not|bnot|join|i?split|c?split)\b/i.test(this.bareAhead())
    );
  }

  /** A statement of the language; false when a command begins here. */
  protected keyword(): boolean {
    const word = this.bareAhead().toLowerCase();
    const label = word.startsWith(':');
    if (!label && !KEYWORDS.has(word)) return false;
    if ((word === 'foreach' || word === 'default' || word === 'data') && !this.blockFollows(word.length))
      return false;
    this.at += word.length;
    if (label) return true;
    if (STATEMENT_KEYWORDS.has(word)) {
      this.skip(false);
      if (!this.atStatementEnd()) this.pipeline();
    } else if (DEFINING_KEYWORDS.has(word)) this.definition();
    else if (word === 'using') this.usingStatement();
    else if (word === 'break' || word === 'continue') this.skipLine();
    else this.clauses();
    return true;
  }

  protected blockFollows(offset: number): boolean {
    let at = this.at + offset;
    while (isBlank(this.text[at] ?? '') || this.text[at] === '\n') at += 1;
    return (
      this.text[at] === '(' ||
      this.text[at] === '{' ||
      (isDash(this.text[at] ?? '') && /^.parallel/i.test(this.text.slice(at, at + 9)))
    );
  }

  /** `using namespace` only names; a module or an assembly is code that is loaded. */
  protected usingStatement(): void {
    this.skip(false);
    const start = this.at;
    const loads = this.bareAhead().toLowerCase() !== 'namespace';
    this.skipLine();
    if (loads)
      this.emit({
        kind: 'member',
        type: 'reflection.assembly',
        name: 'load',
        called: true,
        isStatic: true,
        start,
        end: this.at,
      });
  }

  protected skipLine(): void {
    while (!this.stopped && !/[\n;)}]/.test(this.peek())) this.at += 1;
  }

  protected definition(): void {
    this.skip(false);
    const name = this.bareAhead();
    this.functions.add(name.toLowerCase().replace(/^(?:global|script|local|private):/, ''));
    this.at += name.length;
    this.clauses();
  }

  /** Groups and words up to the block that ends the statement. */
  protected clauses(): void {
    for (;;) {
      const before = this.at;
      this.skip(true);
      const char = this.peek();
      if (this.stopped) return;
      if (char === '(') {
        this.at += 1;
        this.statements(')');
      } else if (char === '{') {
        this.at += 1;
        this.statements('}');
        return;
      } else if (char === '[') this.typeName();
      else if (isDash(char) || char === ',' || char === ':') this.at += Math.max(1, this.bareAhead().length);
      else {
        this.at = before;
        return;
      }
    }
  }

  /** An expression up to the end of its pipeline element; its value when it is plain text. */
  protected expression(): readonly PsPart[] | null {
    const parts: PsPart[] = [];
    const variables: string[] = [];
    let plain = true;
    let expectsOperand = true;
    let type: string | null = null;
    while (!this.stopped) {
      const gapStart = this.at;
      this.skip(expectsOperand && parts.length > 0);
      const glued = this.at === gapStart && !expectsOperand;
      const char = this.peek();
      if (/^[\n;|)}\]&]?$/.test(char)) break;
      if (this.redirection()) continue;
      if (glued && this.memberOf(char, type)) {
        plain = false;
        continue;
      }
      type = null;
      if (char === '[') {
        type = this.typeName();
        plain = false;
        expectsOperand = false;
      } else if (this.assignment(parts, plain ? 1 : 0, variables)) return null;
      else if (char === '+' && !expectsOperand) {
        this.at += 1;
        expectsOperand = true;
      } else {
        if (char === 'i' && this.bareAhead().toLowerCase() === 'in') this.unknown(variables);
        const value = this.operand();
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
  protected assignment(parts: readonly PsPart[], plainParts: number, variables: readonly string[]): boolean {
    const sign = /^(?:[-+*/%]|\?\?)?=(?!=)/.exec(this.text.slice(this.at, this.at + 3))?.[0];
    if (sign === undefined) return false;
    this.at += sign.length;
    this.skip(true);
    const value = this.atStatementEnd() ? null : this.pipeline();
    const [target] = parts;
    const simple = sign === '=' && parts.length === plainParts && variables.length === 1;
    if (simple && typeof target === 'object' && target !== null) {
      this.emit({ kind: 'assignment', name: target.variable, value, depth: this.depth });
    } else this.unknown(variables);
    return true;
  }

  protected unknown(variables: readonly string[]): void {
    for (const name of variables) this.emit({ kind: 'assignment', name, value: null, depth: this.depth });
  }
}
