import { isOperator } from './condition.ts';
import { FILE_PRAGMAS, REPORTING_PRAGMAS, SESSION_PRAGMAS } from './keywords.ts';
import type { StatementContext } from './statement.ts';
import type { SqlToken } from './tokenize.ts';

/** SQLite's PRAGMA: reports, settings of the connection, and settings that change the file. */
export function judgePragma(tokens: readonly SqlToken[], { verdict }: StatementContext): void {
  const nameAt = isOperator(tokens[2], '.') ? 3 : 1;
  const name = (tokens[nameAt]?.text ?? '').toUpperCase();
  const argument = tokens.length > nameAt + 1;
  if (name === 'WRITABLE_SCHEMA' && argument) verdict.add('T3', 'sql-irreversible', 'PRAGMA writable_schema');
  else if (REPORTING_PRAGMAS.has(name) || SESSION_PRAGMAS.has(name)) return;
  else if (!FILE_PRAGMAS.has(name) || argument) verdict.add('T2', 'sql-stateful', `PRAGMA ${name}`);
}
