import { isOperator, isWord } from './condition.ts';
import { functionEffect } from './functions.ts';
import { NOT_CALLED } from './keywords.ts';
import type { StatementContext } from './statement.ts';
import type { SqlToken } from './tokenize.ts';

/** What a query does beside reading: calls with effects, rows locked, results written. */
export function judgeQuery(tokens: readonly SqlToken[], context: StatementContext): void {
  for (let index = 1; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (isCall(tokens, index)) judgeCall(tokens, index, context);
    else if (isWord(token, 'FOR') && isLock(tokens[index + 1]))
      context.verdict.add('T1', 'sql-row-lock', 'rows are locked');
    else if (isWord(token, 'INTO')) judgeInto(tokens, index, context);
  }
}

/** True when the bare word occurs anywhere among the tokens. */
export function mentions(tokens: readonly SqlToken[], word: string): boolean {
  return tokens.some((token) => isWord(token, word));
}

function isLock(next: SqlToken | undefined): boolean {
  return isWord(next, 'UPDATE') || isWord(next, 'SHARE') || isWord(next, 'NO') || isWord(next, 'KEY');
}

function isCall(tokens: readonly SqlToken[], index: number): boolean {
  const token = tokens[index];
  if (!isOperator(tokens[index + 1], '(')) return false;
  return token?.kind === 'quoted' || (token?.kind === 'word' && !NOT_CALLED.has(token.text));
}

function judgeCall(tokens: readonly SqlToken[], index: number, { verdict }: StatementContext): void {
  const name = (tokens[index]?.text ?? '').toLowerCase();
  const effect = functionEffect(name);
  if (effect !== null && effect !== 'unknown') verdict.add(effect, 'sql-function', `${name}()`);
  else if (isColumnList(tokens, index)) return;
  else if (effect === 'unknown' || isQualified(tokens, index))
    verdict.add('T2', 'sql-function-unknown', `${name}()`);
}

/** The catalogue's own schemas hold built-ins; any other schema holds what a user wrote. */
function isQualified(tokens: readonly SqlToken[], index: number): boolean {
  if (!isOperator(tokens[index - 1], '.')) return false;
  const schema = (tokens[index - 2]?.text ?? '').toLowerCase();
  return schema !== 'pg_catalog' && schema !== 'information_schema' && schema !== 'sys';
}

/** Names before a column list: the alias of a row source, and the name of a common table expression. */
function isColumnList(tokens: readonly SqlToken[], index: number): boolean {
  const before = tokens[index - 1];
  if (isWord(before, 'AS') || isOperator(before, ')')) return true;
  const names = isWord(before, 'WITH') || isWord(before, 'RECURSIVE') || isOperator(before, ',');
  if (!names) return isWord(before, 'INTO') || isWord(before, 'TABLE') || isWord(before, 'REFERENCES');
  for (let at = index + 2; at < tokens.length && at < index + COLUMN_LIST_MAX; at += 1) {
    if (isOperator(tokens[at], '(')) return false;
    if (isOperator(tokens[at], ')')) return isWord(tokens[at + 1], 'AS') && isOperator(tokens[at + 2], '(');
  }
  return false;
}

/** Longest column list of a common table expression that is recognised, in tokens. */
const COLUMN_LIST_MAX = 64;

/** Statements whose INTO names where the result goes. */
const SELECTING = new Set(['SELECT', 'WITH', 'TABLE', 'VALUES']);

function judgeInto(tokens: readonly SqlToken[], index: number, { dialect, verdict }: StatementContext): void {
  const next = tokens[index + 1];
  const before = tokens[index - 1];
  if (isWord(next, 'OUTFILE') || isWord(next, 'DUMPFILE')) {
    verdict.add('T3', 'sql-server-file', `INTO ${next?.text ?? ''}`);
  } else if (!SELECTING.has(tokens[0]?.text ?? '') || (dialect === 'mysql' && isOperator(next, '@'))) return;
  else if (!isWord(before, 'INSERT') && !isWord(before, 'MERGE'))
    verdict.add('T2', 'sql-select-into', 'SELECT INTO');
}
