import { SQL_TOKENS_MAX, type RelationalDialect } from './dialect.ts';

/**
 * One token. `word` is a bare identifier or keyword, `quoted` a quoted identifier, `meta` a command of the client
 * itself (the whole line), `splice` a client variable pasted into the text.
 */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'operator' | 'end' | 'meta' | 'splice';
  /** Bare words in upper case; strings and quoted identifiers without their quotes; meta commands without the mark. */
  readonly text: string;
}

/** The tokens of a text, what was wrong with it, and how many executable comments it has. */
export interface SqlTokens {
  readonly tokens: readonly SqlToken[];
  readonly problem: string | null;
  readonly executableComments: number;
}

/** Whether the code inside MySQL's executable comments is taken as code; it depends on the server's version. */
export interface TokenizeOptions {
  readonly dialect: RelationalDialect;
  readonly executableComments: boolean;
}

/**
 * Splits a text into the tokens the client and its server would see; comments are dropped. Never throws; linear in the
 * length of the text.
 */
export function tokenizeSql(text: string, options: TokenizeOptions): SqlTokens {
  const scanner = new Scanner(text, options);
  return scanner.run();
}

const SPACE = new Set([' ', '\t', '\n', '\r', '\f', '\v', '\u00a0', '\ufeff']);
const WORD_START = /[\p{L}_]/u;
const WORD_PART = /[\p{L}\p{M}\p{N}_$]/u;
const DIGIT = /[0-9]/;
const TAG_PART = /[\p{L}\p{N}_]/u;
/** Commands of the mysql client that stand as a bare word at the start of a statement. */
const MYSQL_LINE_COMMANDS = new Set([
  'SYSTEM',
  'SOURCE',
  'TEE',
  'NOTEE',
  'PAGER',
  'NOPAGER',
  'EDIT',
  'DELIMITER',
  'CONNECT',
  'STATUS',
  'EGO',
  'GO',
  'CLEAR',
  'PRINT',
  'PROMPT',
  'REHASH',
  'WARNINGS',
  'NOWARNING',
  'RESETCONNECTION',
  'QUIT',
  'EXIT',
]);

class Scanner {
  readonly #text: string;
  readonly #options: TokenizeOptions;
  readonly #tokens: SqlToken[] = [];
  #at = 0;
  #problem: string | null = null;
  #executableComments = 0;
  #insideExecutable = 0;
  #delimiter = ';';

  constructor(text: string, options: TokenizeOptions) {
    this.#text = text;
    this.#options = options;
  }

  run(): SqlTokens {
    while (this.#at < this.#text.length && this.#problem === null) {
      if (this.#tokens.length >= SQL_TOKENS_MAX) this.#problem = 'more tokens than the bound';
      else this.#step();
    }
    if (this.#insideExecutable > 0) this.#problem ??= 'unterminated executable comment';
    return { tokens: this.#tokens, problem: this.#problem, executableComments: this.#executableComments };
  }

  #step(): void {
    const char = this.#peek();
    if (SPACE.has(char)) {
      this.#at += 1;
      return;
    }
    if (this.#lineCommand() || this.#comment() || this.#terminator()) return;
    if (this.#prefixedString() || this.#quotedPiece(char)) return;
    if (WORD_START.test(char)) this.#word();
    else if (DIGIT.test(char)) this.#number();
    else this.#operator(char);
  }

  #peek(offset = 0): string {
    return this.#text[this.#at + offset] ?? '';
  }

  #push(kind: SqlToken['kind'], text: string): void {
    this.#tokens.push({ kind, text });
  }

  #statementStarts(): boolean {
    const last = this.#tokens.at(-1);
    return last === undefined || last.kind === 'end' || last.kind === 'meta';
  }

  #lineStarts(): boolean {
    for (let back = this.#at - 1; back >= 0; back -= 1) {
      const char = this.#text[back] ?? '';
      if (char === '\n') return true;
      if (!SPACE.has(char)) return false;
    }
    return true;
  }

  #restOfLine(from: number): string {
    const newline = this.#text.indexOf('\n', from);
    return this.#text.slice(from, newline < 0 ? this.#text.length : newline);
  }

  /** Commands of the client, which no server sees. */
  #lineCommand(): boolean {
    const { dialect } = this.#options;
    const char = this.#peek();
    if (dialect === 'psql' && char === '\\') return this.#psqlMeta();
    if (dialect === 'mysql' && char === '\\') return this.#mysqlMeta();
    if (dialect === 'mysql' && this.#statementStarts()) return this.#mysqlLine();
    if (dialect === 'sqlite3' && char === '.' && this.#statementStarts()) return this.#takeLine(this.#at + 1);
    if (dialect === 'sqlite3' && (char === '/' || char === 'g' || char === 'G'))
      return this.#sqliteTerminator();
    return false;
  }

  #takeLine(from: number): boolean {
    const line = this.#restOfLine(from);
    this.#push('meta', line.trim());
    this.#at = from + line.length;
    return true;
  }

  /** A backslash command runs to the end of the line or to the next one; quotes and backticks in it are kept. */
  #psqlMeta(): boolean {
    if (this.#peek(1) === ';') {
      this.#push('end', ';');
      this.#at += 2;
      return true;
    }
    if (this.#peek(1) === '\\') {
      this.#at += 2;
      return true;
    }
    const line = this.#restOfLine(this.#at + 1);
    const length = metaLength(line);
    this.#push('meta', line.slice(0, length).trim());
    this.#at += 1 + length;
    return true;
  }

  #mysqlMeta(): boolean {
    const letter = this.#peek(1);
    if (letter === 'g' || letter === 'G' || letter === 'c') {
      this.#push('end', `\\${letter}`);
      this.#at += 2;
      return true;
    }
    return this.#takeLine(this.#at + 1);
  }

  #mysqlLine(): boolean {
    const word = wordAt(this.#text, this.#at);
    if (!MYSQL_LINE_COMMANDS.has(word.toUpperCase())) return false;
    const line = this.#restOfLine(this.#at);
    if (word.toUpperCase() === 'DELIMITER') {
      this.#delimiter = line.slice(word.length).trim().split(/\s/)[0] || ';';
      this.#push('end', 'DELIMITER');
      this.#at += line.length;
      return true;
    }
    return this.#takeLine(this.#at);
  }

  /** The sqlite3 shell ends a statement at a line that holds only `/` or `go`. */
  #sqliteTerminator(): boolean {
    if (!this.#lineStarts()) return false;
    const line = this.#restOfLine(this.#at);
    const trimmed = line.trim().toLowerCase();
    if (trimmed !== '/' && trimmed !== 'go') return false;
    this.#push('end', trimmed);
    this.#at += line.length;
    return true;
  }

  #terminator(): boolean {
    if (this.#delimiter !== ';' && this.#text.startsWith(this.#delimiter, this.#at)) {
      this.#push('end', this.#delimiter);
      this.#at += this.#delimiter.length;
      return true;
    }
    if (this.#peek() !== ';') return false;
    this.#push('end', ';');
    this.#at += 1;
    return true;
  }

  #comment(): boolean {
    const { dialect } = this.#options;
    const pair = this.#text.slice(this.#at, this.#at + 2);
    if (pair === '--' && (dialect !== 'mysql' || !/[^\s]/.test(this.#peek(2)))) return this.#skipLine();
    if (dialect === 'mysql' && pair[0] === '#') return this.#skipLine();
    if (this.#insideExecutable > 0 && pair === '*/') {
      this.#insideExecutable -= 1;
      this.#at += 2;
      return true;
    }
    if (pair !== '/*') return false;
    if (dialect === 'mysql' && this.#executableComment()) return true;
    return this.#blockComment(dialect === 'psql');
  }

  #skipLine(): boolean {
    this.#at += this.#restOfLine(this.#at).length;
    return true;
  }

  #executableComment(): boolean {
    const mark = this.#peek(2) === 'M' && this.#peek(3) === '!' ? 4 : this.#peek(2) === '!' ? 3 : 0;
    if (mark === 0) return false;
    this.#executableComments += 1;
    if (!this.#options.executableComments) return this.#blockComment(false);
    this.#at += mark;
    for (let digits = 0; digits < 6 && DIGIT.test(this.#peek()); digits += 1) this.#at += 1;
    this.#insideExecutable += 1;
    return true;
  }

  #blockComment(nested: boolean): boolean {
    let depth = 1;
    let at = this.#at + 2;
    while (at < this.#text.length && depth > 0) {
      const pair = this.#text.slice(at, at + 2);
      if (pair === '*/') {
        depth -= 1;
        at += 2;
      } else if (nested && pair === '/*') {
        depth += 1;
        at += 2;
      } else at += 1;
    }
    // SQLite ends an open comment at the end of the input; nothing follows, so nothing is hidden by refusing it.
    if (depth > 0) this.#problem = 'unterminated comment';
    this.#at = at;
    return true;
  }

  /** Strings with a letter in front: E'…', U&'…', N'…', B'…', X'…', _utf8'…'. */
  #prefixedString(): boolean {
    const lower = this.#peek().toLowerCase();
    if (this.#options.dialect === 'psql') {
      if (lower === 'e' && this.#peek(1) === "'") return this.#delimited("'", 'string', 1, true);
      if (lower === 'u' && this.#peek(1) === '&' && this.#peek(2) === '"')
        return this.#delimited('"', 'quoted', 2, false);
      if (lower === 'u' && this.#peek(1) === '&' && this.#peek(2) === "'")
        return this.#delimited("'", 'string', 2, false);
    }
    if ((lower === 'n' || lower === 'b' || lower === 'x') && this.#peek(1) === "'") {
      return this.#delimited("'", 'string', 1, this.#options.dialect === 'mysql');
    }
    return false;
  }

  #quotedPiece(char: string): boolean {
    const { dialect } = this.#options;
    const escapes = dialect === 'mysql';
    if (char === "'") return this.#delimited("'", 'string', 0, escapes);
    if (char === '"') return this.#delimited('"', dialect === 'mysql' ? 'string' : 'quoted', 0, escapes);
    if (char === '`' && dialect !== 'psql') return this.#delimited('`', 'quoted', 0, false);
    if (char === '[' && dialect === 'sqlite3') return this.#delimited(']', 'quoted', 0, false);
    if (char === '$' && dialect === 'psql') return this.#dollarString();
    if (char === ':' && dialect === 'psql') return this.#splice();
    return false;
  }

  /** Reads up to the closing mark; a doubled mark stands for itself, a backslash only where the dialect says so. */
  #delimited(mark: string, kind: 'string' | 'quoted', prefix: number, escapes: boolean): boolean {
    let at = this.#at + prefix + 1;
    let body = '';
    for (;;) {
      const char = this.#text[at];
      if (char === undefined) {
        this.#problem = `unterminated ${kind === 'string' ? 'string' : 'identifier'}`;
        break;
      }
      if (escapes && char === '\\') {
        body += this.#text[at + 1] ?? '';
        at += 2;
      } else if (char !== mark) {
        body += char;
        at += 1;
      } else if (this.#text[at + 1] === mark && mark !== ']') {
        body += mark;
        at += 2;
      } else break;
    }
    this.#push(kind, body);
    this.#at = at + 1;
    return true;
  }

  #dollarString(): boolean {
    let end = this.#at + 1;
    if (DIGIT.test(this.#text[end] ?? '')) return false;
    while (TAG_PART.test(this.#text[end] ?? '')) end += 1;
    if (this.#text[end] !== '$') return false;
    const tag = this.#text.slice(this.#at, end + 1);
    const close = this.#text.indexOf(tag, end + 1);
    if (close < 0) this.#problem = 'unterminated dollar-quoted string';
    this.#push('string', this.#text.slice(end + 1, close < 0 ? this.#text.length : close));
    this.#at = close < 0 ? this.#text.length : close + tag.length;
    return true;
  }

  /** `:name` pastes a psql variable as code; `::type` and `:=` do not; `:'name'` is quoted by psql. */
  #splice(): boolean {
    const next = this.#peek(1);
    if (next === ':' || next === '=') {
      this.#push('operator', `:${next}`);
      this.#at += 2;
      return true;
    }
    if (next === "'" || next === '"') {
      this.#at += 1;
      return this.#delimited(next, next === "'" ? 'string' : 'quoted', 0, false);
    }
    if (!WORD_START.test(next)) return false;
    const name = wordAt(this.#text, this.#at + 1);
    this.#push('splice', name);
    this.#at += 1 + name.length;
    return true;
  }

  #word(): void {
    const word = wordAt(this.#text, this.#at);
    this.#push('word', word.toUpperCase());
    this.#at += word.length;
  }

  #number(): void {
    const start = this.#at;
    while (/[0-9A-Za-z._]/.test(this.#peek())) this.#at += 1;
    this.#push('number', this.#text.slice(start, this.#at));
  }

  #operator(char: string): void {
    // MySQL spells OR and AND this way too; elsewhere `||` concatenates.
    if (this.#options.dialect === 'mysql' && (char === '|' || char === '&') && this.#peek(1) === char) {
      this.#push('word', char === '|' ? 'OR' : 'AND');
      this.#at += 2;
      return;
    }
    this.#push('operator', char);
    this.#at += 1;
  }
}

function wordAt(text: string, start: number): string {
  let end = start;
  while (end < text.length && WORD_PART.test(text[end] ?? '')) end += 1;
  return text.slice(start, end);
}

/** Where a psql command ends inside its line: at a backslash outside quotes. `\!` and `\copy` take the whole line. */
function metaLength(line: string): number {
  if (line.startsWith('!') || /^copy\b/i.test(line)) return line.length;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === "'" || char === '"' || char === '`') quote = char;
    else if (char === '\\') return at;
  }
  return line.length;
}
