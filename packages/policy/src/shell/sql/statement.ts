import { isVacuous, isOperator, isWord, whereClause } from './condition.ts';
import { SQL_DEPTH_MAX, type RelationalDialect } from './dialect.ts';
import {
  DROP_OBJECTS,
  GUARD_SETTINGS,
  IRREVERSIBLE_STATEMENTS,
  NEUTRAL_STATEMENTS,
  QUERY_STATEMENTS,
  READING_SETTINGS,
  STATEFUL_STATEMENTS,
  WRITE_WORDS,
} from './keywords.ts';
import { judgePragma } from './pragma.ts';
import { judgeQuery, mentions } from './query.ts';
import type { SqlToken } from './tokenize.ts';
import type { SqlVerdict } from './verdict.ts';

/** What a statement is judged with. */
export interface StatementContext {
  readonly dialect: RelationalDialect;
  readonly verdict: SqlVerdict;
  /** Judges text that the statement runs as SQL. */
  readonly runText: (text: string) => void;
  /** How many statements this one stands in. */
  readonly depth: number;
}

/** Writes looked for inside one statement; more are T3. */
export const HIDDEN_WRITES_MAX = 32;

type Judge = (tokens: readonly SqlToken[], context: StatementContext) => void;

/** Judges one statement: its first word says what it is, everything inside it may raise that. */
export function judgeStatement(statement: readonly SqlToken[], context: StatementContext): void {
  const tokens = withoutOpenParentheses(statement);
  const first = tokens[0];
  if (first === undefined) return;
  if (context.depth > SQL_DEPTH_MAX) {
    context.verdict.add('T3', 'sql-too-deep', `nested deeper than ${SQL_DEPTH_MAX}`);
    return;
  }
  if (first.kind !== 'word') {
    context.verdict.add('T3', 'sql-statement-unknown', `statement begins with ${first.text}`);
    return;
  }
  const judge = JUDGES.get(first.text);
  if (judge !== undefined) judge(tokens, context);
  else judgeByTable(tokens, context);
}

function deeper(context: StatementContext): StatementContext {
  return { ...context, depth: context.depth + 1 };
}

function judgeByTable(tokens: readonly SqlToken[], context: StatementContext): void {
  const name = tokens[0]?.text ?? '';
  if (QUERY_STATEMENTS.has(name)) judgeInside(tokens, context);
  else if (NEUTRAL_STATEMENTS.has(name)) {
    // These take names and words, never expressions that run; only what they hide is looked at.
    judgeHidden(tokens, context);
  } else if (STATEFUL_STATEMENTS.has(name)) {
    context.verdict.add('T2', 'sql-stateful', name);
    judgeInside(tokens, context);
  } else if (IRREVERSIBLE_STATEMENTS.has(name)) context.verdict.add('T3', 'sql-irreversible', name);
  else context.verdict.add('T3', 'sql-statement-unknown', name);
}

/** Everything that can stand inside a statement: calls, locks, INTO, and writes in parentheses or after AS. */
function judgeInside(tokens: readonly SqlToken[], context: StatementContext): void {
  judgeQuery(tokens, context);
  judgeHidden(tokens, context);
}

/** Writes that stand inside another statement: CTEs, COPY (…), trigger and rule bodies, statements run together. */
function judgeHidden(tokens: readonly SqlToken[], context: StatementContext): void {
  let writes = 0;
  for (let index = 1; index < tokens.length && writes <= HIDDEN_WRITES_MAX; index += 1) {
    const token = tokens[index];
    if (token?.kind !== 'word') continue;
    const next = tokens[index + 1];
    if (token.text === 'DROP' && next?.kind === 'word' && DROP_OBJECTS.has(next.text)) {
      context.verdict.add('T3', 'sql-irreversible', `DROP ${next.text}`);
    } else if (token.text === 'TRUNCATE' && (next?.kind === 'word' || next?.kind === 'quoted')) {
      context.verdict.add('T3', 'sql-irreversible', 'TRUNCATE');
    } else if (token.text === 'ALTER' && next?.kind === 'word' && DROP_OBJECTS.has(next.text)) {
      context.verdict.add('T2', 'sql-stateful', `ALTER ${next.text}`);
    } else if (WRITE_WORDS.has(token.text) && beginsWrite(tokens, index)) {
      writes += 1;
      judgeWrite(enclosed(tokens, index), context);
    }
  }
  if (writes > HIDDEN_WRITES_MAX)
    context.verdict.add('T3', 'sql-too-many-writes', `more than ${HIDDEN_WRITES_MAX}`);
}

function beginsWrite(tokens: readonly SqlToken[], index: number): boolean {
  const word = tokens[index]?.text;
  const next = tokens[index + 1];
  if (isOperator(tokens[index - 1], '(') && (next?.kind === 'word' || next?.kind === 'quoted')) return true;
  if (word === 'DELETE') return isWord(next, 'FROM');
  if (word === 'UPDATE') return updateFollows(tokens, index);
  return isWord(next, 'INTO');
}

/** `UPDATE name SET` begins a write; `FOR UPDATE`, `ON UPDATE` and `DO UPDATE SET` do not begin one. */
function updateFollows(tokens: readonly SqlToken[], index: number): boolean {
  const before = tokens[index - 1];
  if (isWord(before, 'FOR') || isWord(before, 'ON') || isWord(before, 'DO') || isWord(before, 'KEY'))
    return false;
  return tokens.slice(index + 2, index + 7).some((token) => isWord(token, 'SET'));
}

/** The tokens from `start` to the end of the parenthesis that holds it. */
function enclosed(tokens: readonly SqlToken[], start: number): readonly SqlToken[] {
  let depth = 0;
  for (let index = start; index < tokens.length; index += 1) {
    if (isOperator(tokens[index], '(')) depth += 1;
    if (isOperator(tokens[index], ')')) {
      if (depth === 0) return tokens.slice(start, index);
      depth -= 1;
    }
  }
  return tokens.slice(start);
}

/** INSERT, UPDATE, DELETE, MERGE, REPLACE: stateful with a narrowing WHERE, irreversible without. */
function judgeWrite(tokens: readonly SqlToken[], { verdict }: StatementContext): void {
  const name = tokens[0]?.text ?? '';
  verdict.add('T2', 'sql-write', name);
  if (name === 'MERGE' && mentions(tokens, 'DELETE')) verdict.add('T3', 'sql-merge-delete', 'MERGE … DELETE');
  if (name !== 'UPDATE' && name !== 'DELETE') return;
  const where = whereClause(tokens);
  if (where === null) verdict.add('T3', 'sql-no-where', `${name} without WHERE`);
  else if (isVacuous(where))
    verdict.add('T3', 'sql-vacuous-where', `${name} whose WHERE holds for every row`);
}

function judgeWriteStatement(tokens: readonly SqlToken[], context: StatementContext): void {
  judgeWrite(tokens, context);
  judgeInside(tokens, context);
}

function judgeAlter(tokens: readonly SqlToken[], context: StatementContext): void {
  context.verdict.add('T2', 'sql-stateful', 'ALTER');
  for (const word of ['DROP', 'TRUNCATE', 'DISCARD']) {
    if (mentions(tokens.slice(1), word)) context.verdict.add('T3', 'sql-irreversible', `ALTER … ${word}`);
  }
  judgeInside(tokens, context);
}

/** Languages whose functions reach outside the database. */
const UNTRUSTED_LANGUAGES = new Set([
  'C',
  'INTERNAL',
  'PLPYTHONU',
  'PLPYTHON2U',
  'PLPYTHON3U',
  'PLPERLU',
  'PLSH',
  'PLTCLU',
]);

function judgeCreate(tokens: readonly SqlToken[], context: StatementContext): void {
  const temporary = isWord(tokens[1], 'TEMP') || isWord(tokens[1], 'TEMPORARY');
  context.verdict.add(temporary ? 'T1' : 'T2', temporary ? 'sql-temporary' : 'sql-stateful', 'CREATE');
  for (const [index, token] of tokens.entries()) {
    const language = isWord(tokens[index - 1], 'LANGUAGE') ? token.text.toUpperCase() : '';
    if (UNTRUSTED_LANGUAGES.has(language))
      context.verdict.add('T3', 'sql-untrusted-code', `LANGUAGE ${language}`);
    if (isWord(token, 'SONAME')) context.verdict.add('T3', 'sql-untrusted-code', 'SONAME');
  }
  if (isWord(tokens[1], 'OR') && mentions(tokens.slice(0, 8), 'TABLE')) {
    context.verdict.add('T3', 'sql-irreversible', 'CREATE OR REPLACE TABLE');
  }
  judgeInside(tokens, context);
}

/** EXPLAIN runs nothing unless it analyses; then it runs the statement. */
function judgeExplain(tokens: readonly SqlToken[], context: StatementContext): void {
  const start = tokens.findIndex(
    (token, index) =>
      index > 0 && token.kind === 'word' && (STARTS.has(token.text) || WRITE_WORDS.has(token.text)),
  );
  const options = start < 0 ? tokens : tokens.slice(0, start);
  if (!options.some((token) => isWord(token, 'ANALYZE') || isWord(token, 'ANALYSE'))) return;
  if (start < 0) return;
  judgeStatement(tokens.slice(start), deeper(context));
}

const STARTS = new Set([
  'SELECT',
  'WITH',
  'VALUES',
  'TABLE',
  'EXECUTE',
  'DECLARE',
  'CREATE',
  'REFRESH',
  'CALL',
]);

/** MariaDB's ANALYZE runs the statement behind it; otherwise it gathers statistics. */
function judgeAnalyze(tokens: readonly SqlToken[], context: StatementContext): void {
  const start = tokens.findIndex(
    (token, index) =>
      index > 0 &&
      token.kind === 'word' &&
      token.text !== 'TABLE' &&
      (STARTS.has(token.text) || WRITE_WORDS.has(token.text)),
  );
  if (context.dialect === 'mysql' && start > 0) judgeStatement(tokens.slice(start), deeper(context));
  else context.verdict.add('T2', 'sql-stateful', 'ANALYZE');
}

/** The statement after the common table expressions, and the writes inside them. */
function judgeWith(tokens: readonly SqlToken[], context: StatementContext): void {
  let depth = 0;
  const main = tokens.findIndex((token) => {
    if (isOperator(token, '(')) depth += 1;
    if (isOperator(token, ')')) depth -= 1;
    return (
      depth === 0 && token.kind === 'word' && (WRITE_WORDS.has(token.text) || MAIN_WORDS.has(token.text))
    );
  });
  judgeInside(tokens, context);
  if (main < 0) context.verdict.add('T3', 'sql-statement-unknown', 'WITH without a statement');
  else if (WRITE_WORDS.has(tokens[main]?.text ?? '')) judgeWrite(tokens.slice(main), context);
}

const MAIN_WORDS = new Set(['SELECT', 'VALUES', 'TABLE']);

/** COPY out to the client reads; to or from a program runs it; the server's files are written and read. */
function judgeCopy(tokens: readonly SqlToken[], context: StatementContext): void {
  judgeInside(tokens, context);
  const { verdict } = context;
  if (mentions(tokens, 'PROGRAM')) verdict.add('T3', 'sql-program', 'COPY … PROGRAM');
  const from = topLevelIndex(tokens, 'FROM');
  const to = topLevelIndex(tokens, 'TO');
  if (from > 0) verdict.add('T2', 'sql-write', 'COPY … FROM');
  else if (to < 0) verdict.add('T3', 'sql-statement-unknown', 'COPY');
  else if (!isWord(tokens[to + 1], 'STDOUT'))
    verdict.add('T3', 'sql-server-file', 'COPY … TO a file of the server');
}

function topLevelIndex(tokens: readonly SqlToken[], word: string): number {
  let depth = 0;
  return tokens.findIndex((token) => {
    if (isOperator(token, '(')) depth += 1;
    if (isOperator(token, ')')) depth -= 1;
    return depth === 0 && isWord(token, word);
  });
}

/** PREPARE name AS statement, PREPARE name FROM 'text', EXECUTE IMMEDIATE 'text'. */
function judgePrepare(tokens: readonly SqlToken[], context: StatementContext): void {
  if (isWord(tokens[1], 'TRANSACTION')) {
    context.verdict.add('T2', 'sql-stateful', 'PREPARE TRANSACTION');
    return;
  }
  const as = topLevelIndex(tokens, 'AS');
  const from = topLevelIndex(tokens, 'FROM');
  const text = tokens[from + 1];
  if (as > 0 && (from < 0 || as < from)) judgeStatement(tokens.slice(as + 1), deeper(context));
  else if (from > 0 && text?.kind === 'string' && from + 2 === tokens.length) context.runText(text.text);
  else context.verdict.add('T3', 'sql-dynamic', 'PREPARE of a text that is not known');
}

function judgeExecute(tokens: readonly SqlToken[], context: StatementContext): void {
  context.verdict.add('T2', 'sql-dynamic', 'EXECUTE');
  if (!isWord(tokens[1], 'IMMEDIATE')) return;
  const text = tokens[2];
  if (text?.kind === 'string' && (tokens.length === 3 || isWord(tokens[3], 'USING')))
    context.runText(text.text);
  else context.verdict.add('T3', 'sql-dynamic', 'EXECUTE IMMEDIATE of a text that is not known');
}

/** Session settings end with the session; those that change how text is read make everything after them unknown. */
function judgeSet(tokens: readonly SqlToken[], context: StatementContext): void {
  judgeInside(tokens, context);
  const names = tokens.filter((token) => token.kind !== 'operator').map((token) => token.text.toUpperCase());
  const reading = names.find((name) => READING_SETTINGS.has(name));
  if (
    reading !== undefined ||
    (names[1] === 'CHARACTER' && context.dialect === 'mysql') ||
    !plainNames(names)
  ) {
    context.verdict.add('T3', 'sql-reading-changed', `SET ${reading ?? names[1] ?? ''}`);
  }
  const guard = names.find((name) => GUARD_SETTINGS.has(name));
  if (guard !== undefined) context.verdict.add('T2', 'sql-guard-changed', `SET ${guard}`);
}

/** `SET NAMES` is harmless for character sets in which no byte of a character can be a quote or a backslash. */
function plainNames(names: readonly string[]): boolean {
  if (names[1] !== 'NAMES') return true;
  return (
    names[2] !== undefined && /^(?:UTF8|UTF8MB3|UTF8MB4|UTF-8|LATIN1|ASCII|BINARY|DEFAULT)$/.test(names[2])
  );
}

function judgeReset(tokens: readonly SqlToken[], { dialect, verdict }: StatementContext): void {
  if (dialect === 'mysql') verdict.add('T3', 'sql-irreversible', `RESET ${tokens[1]?.text ?? ''}`);
}

function judgeLoad(tokens: readonly SqlToken[], context: StatementContext): void {
  if (context.dialect === 'mysql' && !isWord(tokens[1], 'INDEX')) {
    context.verdict.add('T2', 'sql-write', 'LOAD DATA');
    if (mentions(tokens, 'REPLACE')) context.verdict.add('T3', 'sql-irreversible', 'LOAD DATA … REPLACE');
  } else context.verdict.add(context.dialect === 'mysql' ? 'T2' : 'T3', 'sql-library', 'LOAD');
}

/** START TRANSACTION is neutral, START REPLICA is not; DESC and BEGIN take nothing that runs. */
function judgeStart(tokens: readonly SqlToken[], context: StatementContext): void {
  if (!isWord(tokens[1], 'TRANSACTION'))
    context.verdict.add('T2', 'sql-stateful', `START ${tokens[1]?.text ?? ''}`);
}

/** BEGIN opens a transaction, or a block whose first statement follows without a separator. */
function judgeBegin(tokens: readonly SqlToken[], context: StatementContext): void {
  const rest = tokens.slice(1);
  const words = new Set([
    'WORK',
    'TRANSACTION',
    'TRAN',
    'ISOLATION',
    'READ',
    'DEFERRED',
    'IMMEDIATE',
    'EXCLUSIVE',
    'NOT',
    'DEFERRABLE',
    'CONCURRENT',
  ]);
  if (rest.length > 0 && !(rest[0]?.kind === 'word' && words.has(rest[0].text)))
    judgeStatement(rest, deeper(context));
}

function judgeDescribe(tokens: readonly SqlToken[], context: StatementContext): void {
  judgeExplain(tokens, context);
}

function judgeDo(tokens: readonly SqlToken[], context: StatementContext): void {
  if (context.dialect === 'mysql') judgeInside(tokens, context);
  if (context.dialect !== 'mysql') context.verdict.add('T3', 'sql-code-block', 'DO runs a block of code');
}

function judgeVacuum(tokens: readonly SqlToken[], { verdict }: StatementContext): void {
  verdict.add('T2', 'sql-stateful', mentions(tokens, 'INTO') ? 'VACUUM INTO a file' : 'VACUUM');
}

const JUDGES: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['INSERT', judgeWriteStatement],
  ['REPLACE', judgeWriteStatement],
  ['UPDATE', judgeWriteStatement],
  ['DELETE', judgeWriteStatement],
  ['MERGE', judgeWriteStatement],
  ['ALTER', judgeAlter],
  ['CREATE', judgeCreate],
  ['EXPLAIN', judgeExplain],
  ['DESCRIBE', judgeDescribe],
  ['DESC', judgeDescribe],
  ['ANALYZE', judgeAnalyze],
  ['WITH', judgeWith],
  ['COPY', judgeCopy],
  ['PREPARE', judgePrepare],
  ['EXECUTE', judgeExecute],
  ['SET', judgeSet],
  ['RESET', judgeReset],
  ['LOAD', judgeLoad],
  ['START', judgeStart],
  ['BEGIN', judgeBegin],
  ['DO', judgeDo],
  ['VACUUM', judgeVacuum],
  ['PRAGMA', judgePragma],
]);

function withoutOpenParentheses(tokens: readonly SqlToken[]): readonly SqlToken[] {
  let index = 0;
  while (isOperator(tokens[index], '(')) index += 1;
  return index === 0 ? tokens : tokens.slice(index);
}
