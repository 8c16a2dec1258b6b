import { errorMessage } from '@praxis/core';
import { SQL_DEPTH_MAX, SQL_LENGTH_MAX, type RelationalDialect, type SqlDialect } from './dialect.ts';
import { judgeMeta } from './meta.ts';
import { analyseMongosh } from './mongosh.ts';
import { judgeStatement, type StatementContext } from './statement.ts';
import { tokenizeSql, type SqlToken, type SqlTokens } from './tokenize.ts';
import { SqlVerdict, type SqlAnalysis } from './verdict.ts';

export type { SqlDialect } from './dialect.ts';
export type { SqlAnalysis } from './verdict.ts';

/**
 * The tier of a text given to a database client, judged on its tokens: statements, the client's own commands, calls
 * inside queries. What cannot be read or is not known rounds up to T3. Never throws; linear in the text.
 */
export function analyseSql(text: string, dialect: SqlDialect): SqlAnalysis {
  try {
    return dialect === 'mongosh' ? analyseMongosh(text) : analyseRelational(text, dialect, 0);
  } catch (error) {
    return refusal('sql-fault', errorMessage(error));
  }
}

function refusal(code: string, detail: string): SqlAnalysis {
  return { tier: 'T3', reasons: [{ code, detail }] };
}

function analyseRelational(text: string, dialect: RelationalDialect, depth: number): SqlAnalysis {
  if (text.length > SQL_LENGTH_MAX) return refusal('sql-too-long', `longer than ${SQL_LENGTH_MAX}`);
  if (depth > SQL_DEPTH_MAX) return refusal('sql-too-deep', `nested deeper than ${SQL_DEPTH_MAX}`);
  const verdict = new SqlVerdict();
  const scanned = tokenizeSql(text, { dialect, executableComments: true });
  judgeTokens(scanned, verdict, dialect, depth);
  if (scanned.executableComments > 0) judgeExecutableComments(text, scanned, verdict, dialect, depth);
  return verdict.analysis();
}

function judgeTokens(
  scanned: SqlTokens,
  verdict: SqlVerdict,
  dialect: RelationalDialect,
  depth: number,
): void {
  if (scanned.problem !== null) verdict.add('T3', 'sql-unreadable', scanned.problem);
  const runText = (inner: string): void => verdict.merge(analyseRelational(inner, dialect, depth + 1));
  const context: StatementContext = { dialect, verdict, runText, depth: 0 };
  let statement: SqlToken[] = [];
  for (const token of scanned.tokens) {
    if (token.kind === 'splice') verdict.add('T3', 'sql-splice', `:${token.text} is pasted as code`);
    if (token.kind === 'meta') judgeMeta(token, context);
    else if (token.kind === 'end') {
      judgeStatement(statement, context);
      statement = [];
    } else statement.push(token);
  }
  judgeStatement(statement, context);
}

/**
 * Whether an executable comment is code depends on the server's version, so the text is judged with them and without.
 * Several may be taken in any mixture: then a word of a change anywhere is enough.
 */
function judgeExecutableComments(
  text: string,
  scanned: SqlTokens,
  verdict: SqlVerdict,
  dialect: RelationalDialect,
  depth: number,
): void {
  judgeTokens(tokenizeSql(text, { dialect, executableComments: false }), verdict, dialect, depth);
  if (scanned.executableComments < 2) return;
  const change = scanned.tokens.find((token) => token.kind === 'word' && CHANGE_WORDS.has(token.text));
  if (change !== undefined)
    verdict.add('T3', 'sql-executable-comments', `${change.text} among executable comments`);
}

const CHANGE_WORDS = new Set([
  'ALTER',
  'CALL',
  'CREATE',
  'DELETE',
  'DROP',
  'EXECUTE',
  'GRANT',
  'INSERT',
  'LOAD',
  'OUTFILE',
  'DUMPFILE',
  'REPLACE',
  'TRUNCATE',
  'UPDATE',
]);
