import { SQL_LENGTH_MAX } from './dialect.ts';
import { MONGO_COMMANDS, MONGO_CONTROL, MONGO_FUNCTIONS, MONGO_METHODS } from './mongo-tables.ts';
import { tokenizeMongo, type MongoToken } from './mongo-tokenize.ts';
import { SqlVerdict, type SqlAnalysis } from './verdict.ts';

/**
 * The tier of mongosh code: every method named anywhere counts, called or not, since a name can be kept and called
 * later. Computed names and unknown functions are T3, unknown methods T2. Linear in the text.
 */
export function analyseMongosh(text: string): SqlAnalysis {
  const verdict = new SqlVerdict();
  if (text.length > SQL_LENGTH_MAX) verdict.add('T3', 'sql-too-long', `longer than ${SQL_LENGTH_MAX}`);
  else judgeText(text, verdict);
  return verdict.analysis();
}

function judgeText(text: string, verdict: SqlVerdict): void {
  const { tokens: all, problem } = tokenizeMongo(text);
  if (problem !== null) verdict.add('T3', 'sql-unreadable', problem);
  const tokens = withoutShellCommands(all);
  const closers = matchClosers(tokens);
  if (closers === null) {
    verdict.add('T3', 'sql-unreadable', 'brackets do not match');
    return;
  }
  for (let index = 0; index < tokens.length; index += 1) judgeToken({ tokens, closers, index, verdict });
}

interface Place {
  readonly tokens: readonly MongoToken[];
  /** For each opening bracket, where it closes. */
  readonly closers: ReadonlyMap<number, number>;
  readonly index: number;
  readonly verdict: SqlVerdict;
}

/** `show dbs`, `use app`, `it` are commands of the shell, one to a line. */
function withoutShellCommands(all: readonly MongoToken[]): readonly MongoToken[] {
  const kept: MongoToken[] = [];
  let starts = true;
  for (let index = 0; index < all.length; index += 1) {
    const token = all[index];
    if (token === undefined) continue;
    const command: boolean =
      starts && token.kind === 'word' && /^(?:show|use)$/.test(token.text) && all[index + 1]?.kind === 'word';
    if (command) index += 1;
    else if (token.kind !== 'line') kept.push(token);
    starts = command || token.kind === 'line' || isMark(token, ';');
  }
  return kept;
}

function matchClosers(tokens: readonly MongoToken[]): ReadonlyMap<number, number> | null {
  const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  const open: number[] = [];
  const closers = new Map<number, number>();
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'operator') continue;
    if (token.text === '(' || token.text === '[' || token.text === '{') open.push(index);
    const opener = pairs[token.text];
    if (opener === undefined) continue;
    const start = open.pop();
    if (start === undefined || tokens[start]?.text !== opener) return null;
    closers.set(start, index);
  }
  return open.length === 0 ? closers : null;
}

function judgeToken(place: Place): void {
  const { tokens, index } = place;
  const token = tokens[index];
  if (token === undefined) return;
  if (token.kind === 'word') judgeWord(place, token.text);
  else if (isMark(token, '[')) judgeBracket(place);
  else if (token.kind === 'template' && token.text.includes('${')) {
    place.verdict.add('T3', 'mongo-computed', 'code inside a template');
  }
}

function judgeWord(place: Place, name: string): void {
  const { tokens, index, verdict } = place;
  const next = tokens[index + 1];
  const called = isMark(next, '(');
  if (isMark(tokens[index - 1], '.')) {
    // A collection may be called drop: only what is called, or kept for later, counts.
    if (called) judgeMethod(place, name, index + 1);
    else if (!isMark(next, '.') && !isMark(next, '[')) judgeKept(place, name);
  } else if (called && !MONGO_CONTROL.has(name) && !isDeclaration(tokens, index)) judgeFunction(place, name);
  else if (!called && MONGO_FUNCTIONS.get(name) === 'T3' && !isMark(next, ':'))
    verdict.add('T3', 'mongo-function', name);
  else if (name === 'process' || name === 'globalThis' || name === 'this')
    verdict.add('T3', 'mongo-global', name);
}

/** A method that is named but not called here can be called later, under another name. */
function judgeKept({ verdict }: Place, name: string): void {
  const tier = MONGO_METHODS.get(name);
  if (tier === 'T2' || tier === 'T3') verdict.add(tier, 'mongo-method-kept', name);
}

function isDeclaration(tokens: readonly MongoToken[], index: number): boolean {
  return tokens[index - 1]?.kind === 'word' && tokens[index - 1]?.text === 'function';
}

function judgeFunction({ verdict }: Place, name: string): void {
  const tier = MONGO_FUNCTIONS.get(name) ?? 'T3';
  if (tier !== 'T0') verdict.add(tier, 'mongo-function', `${name}()`);
}

/** `db['name']` names a member; anything computed between the brackets could be any member. */
function judgeBracket(place: Place): void {
  const { tokens, index, closers, verdict } = place;
  const before = tokens[index - 1];
  const end = closers.get(index) ?? tokens.length;
  const member =
    before?.kind === 'word' ? !MONGO_CONTROL.has(before.text) : isMark(before, ')') || isMark(before, ']');
  const key = isMark(tokens[end + 1], ':');
  if (!member && !key) return;
  // A collection of the database by a computed name: what is then called on it is judged by its own name.
  if (before?.kind === 'word' && before.text === 'db' && isMark(tokens[end + 1], '.')) return;
  const inner = tokens[index + 1];
  if (end !== index + 2 || inner === undefined || (inner.kind !== 'string' && inner.kind !== 'number')) {
    verdict.add('T3', 'mongo-computed', 'a computed member');
  } else if (inner.kind === 'string' && isMark(tokens[end + 1], '(')) judgeMethod(place, inner.text, end + 1);
  else if (inner.kind === 'string' && !isMark(tokens[end + 1], '.')) judgeKept(place, inner.text);
}

function judgeMethod(place: Place, name: string, open: number): void {
  const { verdict } = place;
  const argument = place.tokens.slice(open + 1, place.closers.get(open) ?? place.tokens.length);
  const tier = MONGO_METHODS.get(name);
  if (tier === undefined) verdict.add('T2', 'mongo-method-unknown', `${name}()`);
  else if (name === 'deleteMany' || name === 'updateMany' || name === 'remove')
    judgeMany(verdict, name, argument);
  else if (name === 'runCommand' || name === 'adminCommand') judgeCommand(verdict, argument);
  else if (name === 'aggregate') judgePipeline(verdict, argument);
  else if (tier !== 'T0') verdict.add(tier, 'mongo-method', `${name}()`);
  if (name === 'update') judgeUpdate(verdict, argument);
  if (
    name === 'bulkWrite' &&
    argument.some((token) => token.text === 'deleteMany' || token.text === 'updateMany')
  ) {
    verdict.add('T3', 'mongo-many', 'bulkWrite of many');
  }
}

/** Changes every document a filter matches: irreversible unless a literal filter narrows it. */
function judgeMany(verdict: SqlVerdict, name: string, argument: readonly MongoToken[]): void {
  const narrows =
    isMark(argument[0], '{') &&
    argument[1] !== undefined &&
    !isMark(argument[1], '}') &&
    !isVacuousFilter(argument);
  verdict.add(narrows ? 'T2' : 'T3', narrows ? 'mongo-method' : 'mongo-many', `${name}()`);
}

/** `{_id: {$exists: true}}`, `{$expr: …}`, `{$where: …}` and the like may hold for every document. */
function isVacuousFilter(argument: readonly MongoToken[]): boolean {
  const broad = new Set([
    '$exists',
    '$expr',
    '$where',
    '$ne',
    '$nin',
    '$nor',
    '$not',
    '$or',
    '$jsonSchema',
    '$comment',
  ]);
  return argument.some((token) => token.kind === 'template' || broad.has(token.text));
}

function judgeUpdate(verdict: SqlVerdict, argument: readonly MongoToken[]): void {
  const many = argument.some((token) => token.text === 'multi');
  if (many && isMark(argument[0], '{') && isMark(argument[1], '}'))
    verdict.add('T3', 'mongo-many', 'update() of every document');
}

function judgeCommand(verdict: SqlVerdict, argument: readonly MongoToken[]): void {
  const first = isMark(argument[0], '{') ? argument[1] : argument[0];
  const literal = first?.kind === 'string' || (first?.kind === 'word' && isMark(argument[0], '{'));
  if (!literal) {
    verdict.add('T3', 'mongo-computed', 'a command that is not known');
    return;
  }
  const tier = MONGO_COMMANDS.get(first.text) ?? 'T2';
  if (tier !== 'T0') verdict.add(tier, 'mongo-command', first.text);
  if (first.text === 'aggregate') judgePipeline(verdict, argument);
}

/** A pipeline reads unless it ends in `$out`, which replaces a collection, or `$merge`, which writes into one. */
function judgePipeline(verdict: SqlVerdict, argument: readonly MongoToken[]): void {
  for (const token of argument) {
    if (token.text === '$out') verdict.add('T3', 'mongo-out', '$out');
    else if (token.text === '$merge') verdict.add('T2', 'mongo-merge', '$merge');
    else if (token.kind === 'template' || isMark(token, '+'))
      verdict.add('T3', 'mongo-computed', 'a computed stage');
  }
  if (argument[0]?.kind === 'word') verdict.add('T2', 'mongo-computed', 'a pipeline that is not known');
}

function isMark(token: MongoToken | undefined, text: string): boolean {
  return token?.kind === 'operator' && token.text === text;
}
