import { CONSTANT_WORDS } from './keywords.ts';
import type { SqlToken } from './tokenize.ts';

/** Parentheses a condition is followed into; a deeper one is taken as no condition at all. */
const CONDITION_DEPTH_MAX = 16;

/** The tokens of the WHERE clause at the statement's own level, or null when it has none. */
export function whereClause(tokens: readonly SqlToken[]): readonly SqlToken[] | null {
  let depth = 0;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (isOperator(token, '(')) depth += 1;
    else if (isOperator(token, ')')) depth -= 1;
    else if (depth === 0 && isWord(token, 'WHERE')) return clauseFrom(tokens, index + 1);
  }
  return null;
}

/** True when a condition narrows nothing: it holds for every row whatever the rows hold. */
export function isVacuous(condition: readonly SqlToken[], depth = 0): boolean {
  if (condition.length === 0 || depth > CONDITION_DEPTH_MAX) return true;
  return splitTop(condition, ['OR', 'XOR']).some((branch) =>
    splitTop(branch, ['AND']).every((part) => isVacuousPart(part, depth)),
  );
}

function isVacuousPart(part: readonly SqlToken[], depth: number): boolean {
  const inner = unwrap(part);
  if (inner !== null) return isVacuous(inner, depth + 1);
  if (part.every(isConstant)) return true;
  const [left, operator, right, fourth] = part;
  if (part.length === 3 && isOperator(operator, '=') && left?.text === right?.text) return true;
  if (part.length === 4 && isWord(operator, 'IS') && isWord(right, 'NOT') && isWord(fourth, 'NULL'))
    return true;
  return part.length === 3 && isWord(operator, 'LIKE') && right?.kind === 'string' && /^%+$/.test(right.text);
}

function isConstant(token: SqlToken): boolean {
  if (token.kind === 'word') return CONSTANT_WORDS.has(token.text);
  return token.kind !== 'quoted' && token.kind !== 'splice' && token.kind !== 'meta';
}

function clauseFrom(tokens: readonly SqlToken[], start: number): readonly SqlToken[] {
  const enders = new Set(['RETURNING', 'ORDER', 'LIMIT', 'GROUP', 'WINDOW']);
  let depth = 0;
  for (let index = start; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (isOperator(token, '(')) depth += 1;
    else if (isOperator(token, ')')) {
      if (depth === 0) return tokens.slice(start, index);
      depth -= 1;
    } else if (depth === 0 && token?.kind === 'word' && enders.has(token.text))
      return tokens.slice(start, index);
  }
  return tokens.slice(start);
}

/** Splits at words outside parentheses; the AND of BETWEEN is no connective. */
function splitTop(tokens: readonly SqlToken[], at: readonly string[]): SqlToken[][] {
  const parts: SqlToken[][] = [[]];
  let depth = 0;
  let between = false;
  for (const token of tokens) {
    if (isOperator(token, '(')) depth += 1;
    if (isOperator(token, ')')) depth -= 1;
    if (depth === 0 && isWord(token, 'BETWEEN')) between = true;
    const splits = depth === 0 && token.kind === 'word' && at.includes(token.text);
    if (splits && !(between && at.includes('AND'))) {
      parts.push([]);
      continue;
    }
    if (splits) between = false;
    parts.at(-1)?.push(token);
  }
  return parts;
}

function unwrap(part: readonly SqlToken[]): readonly SqlToken[] | null {
  const negated = isWord(part[0], 'NOT');
  const body = negated ? part.slice(1) : part;
  if (!isOperator(body[0], '(') || !isOperator(body.at(-1), ')')) return null;
  let depth = 0;
  for (let index = 0; index < body.length - 1; index += 1) {
    if (isOperator(body[index], '(')) depth += 1;
    if (isOperator(body[index], ')')) depth -= 1;
    if (depth === 0) return null;
  }
  return body.slice(1, -1);
}

/** True for the bare word `text` (upper case). */
export function isWord(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'word' && token.text === text;
}

/** True for the operator `text`. */
export function isOperator(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'operator' && token.text === text;
}
