import { SQL_TOKENS_MAX } from './dialect.ts';

/** One token of mongosh's JavaScript. */
export interface MongoToken {
  readonly kind: 'word' | 'string' | 'template' | 'number' | 'regex' | 'operator' | 'line';
  readonly text: string;
}

/** The tokens and what was wrong with the text. */
export interface MongoTokens {
  readonly tokens: readonly MongoToken[];
  readonly problem: string | null;
}

const WORD_START = /[\p{L}_$]/u;
const WORD_PART = /[\p{L}\p{N}_$]/u;

/** Splits mongosh code into tokens; comments are dropped. Never throws; linear in the text. */
export function tokenizeMongo(text: string): MongoTokens {
  const tokens: MongoToken[] = [];
  let at = 0;
  while (at < text.length) {
    if (tokens.length >= SQL_TOKENS_MAX) return { tokens, problem: 'more tokens than the bound' };
    const char = text[at] ?? '';
    const piece = nextPiece(text, at, char, tokens.at(-1));
    if (piece === null) return { tokens, problem: `unterminated or unreadable text at ${at}` };
    if (piece.token !== null) tokens.push(piece.token);
    at = piece.end;
  }
  return { tokens, problem: null };
}

interface Piece {
  readonly token: MongoToken | null;
  readonly end: number;
}

function nextPiece(text: string, at: number, char: string, last: MongoToken | undefined): Piece | null {
  if (char === '\n') return { token: { kind: 'line', text: '\n' }, end: at + 1 };
  if (/\s/.test(char)) return { token: null, end: at + 1 };
  if (text.startsWith('//', at)) return { token: null, end: endOrLength(text, text.indexOf('\n', at)) };
  if (text.startsWith('/*', at)) {
    const close = text.indexOf('*/', at + 2);
    return close < 0 ? null : { token: null, end: close + 2 };
  }
  if (char === "'" || char === '"' || char === '`') return readString(text, at, char);
  // An escape in a name is another spelling of a name; nobody writes one honestly.
  if (char === '\\') return null;
  if (WORD_START.test(char)) return readWhile(text, at, WORD_PART, 'word');
  if (/[0-9]/.test(char)) return readWhile(text, at, /[0-9A-Za-z._]/, 'number');
  if (char === '/' && regexMayStart(last)) return readRegex(text, at);
  return { token: { kind: 'operator', text: char }, end: at + 1 };
}

function endOrLength(text: string, index: number): number {
  return index < 0 ? text.length : index;
}

function readWhile(text: string, start: number, part: RegExp, kind: 'word' | 'number'): Piece {
  let end = start;
  while (end < text.length && part.test(text[end] ?? '')) end += 1;
  return { token: { kind, text: text.slice(start, end) }, end };
}

function readString(text: string, start: number, mark: string): Piece | null {
  let at = start + 1;
  while (at < text.length && text[at] !== mark) {
    if (mark !== '`' && text[at] === '\n') return null;
    at += text[at] === '\\' ? 2 : 1;
  }
  if (at >= text.length) return null;
  const raw = text.slice(start + 1, at);
  // Escapes spell other text and `${` holds code: neither is the literal it looks like.
  const plain = !raw.includes('\\') && !(mark === '`' && raw.includes('${'));
  return { token: { kind: plain ? 'string' : 'template', text: raw }, end: at + 1 };
}

function regexMayStart(last: MongoToken | undefined): boolean {
  if (last === undefined || last.kind === 'line') return true;
  return last.kind === 'operator' && last.text !== ')' && last.text !== ']' && last.text !== '}';
}

function readRegex(text: string, start: number): Piece | null {
  let inClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) {
      let end = at + 1;
      while (/[a-z]/.test(text[end] ?? '')) end += 1;
      return { token: { kind: 'regex', text: text.slice(start, end) }, end };
    }
  }
  return null;
}
