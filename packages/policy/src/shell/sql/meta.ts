import type { Tier } from '@praxis/core';
import type { StatementContext } from './statement.ts';
import type { SqlToken } from './tokenize.ts';

/** Judges a command of the client itself; what is in no table is T3. */
export function judgeMeta(token: SqlToken, context: StatementContext): void {
  if (context.dialect === 'psql') judgePsql(token.text, context);
  else if (context.dialect === 'mysql') judgeMysql(token.text, context);
  else judgeSqlite(token.text, context);
}

function names(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}

const PSQL_NEUTRAL = names(`
  ? a c connect C cd conninfo copyright crosstabviewe crosstabview echo qecho warn elif else encoding endif errverbose
  f gdesc gset gx g h H help html if l list lo_list p print prompt pset q quit r reset sf sf+ sv sv+ t T timing unset
  watch x z zS bind bind_named parse close set startpipeline sync endpipeline flushrequest getresults sendpipeline
  getenv restrict unrestrict l+ dconfig
`);

const PSQL_EFFECTS: ReadonlyMap<string, Tier> = new Map<string, Tier>([
  ['!', 'T3'],
  ['i', 'T3'],
  ['ir', 'T3'],
  ['include', 'T3'],
  ['include_relative', 'T3'],
  ['gexec', 'T3'],
  ['setenv', 'T3'],
  ['e', 'T2'],
  ['edit', 'T2'],
  ['ef', 'T2'],
  ['ev', 'T2'],
  ['o', 'T2'],
  ['out', 'T2'],
  ['w', 'T2'],
  ['write', 'T2'],
  ['s', 'T2'],
  ['password', 'T2'],
  ['lo_import', 'T2'],
  ['lo_export', 'T2'],
  ['lo_unlink', 'T3'],
]);

function judgePsql(line: string, context: StatementContext): void {
  const { verdict } = context;
  const name = line.startsWith('!') ? '!' : (line.split(/[\s|'"`]/, 1)[0] ?? '');
  const rest = line.slice(name.length).trim();
  if (name === 'copy') {
    judgePsqlCopy(rest, context);
    return;
  }
  const effect = PSQL_EFFECTS.get(name);
  const isReset = rest === '' && (name === 'o' || name === 'out' || name === 's');
  if (effect !== undefined && !isReset) verdict.add(effect, 'sql-client-command', `\\${name}`);
  else if (effect === undefined && !PSQL_NEUTRAL.has(name) && !/^d[A-Za-z]*\+?$/.test(name)) {
    verdict.add('T3', 'sql-client-command-unknown', `\\${name}`);
  }
  if (rest.includes('`')) verdict.add('T3', 'sql-shell-escape', 'a backtick runs a shell command');
  if (rest.startsWith('|')) verdict.add('T3', 'sql-shell-escape', 'output goes to a shell command');
  if ((name === 'g' || name === 'gx') && rest !== '' && !/^\([^|`]*\)$/.test(rest)) {
    verdict.add('T2', 'sql-client-command', `\\${name} writes a file`);
  }
  if (name === 'encoding' && rest !== '' && !/^utf-?8$/i.test(rest))
    verdict.add('T3', 'sql-reading-changed', '\\encoding');
  if (name === 'set' && /^\S+\s+\S/.test(rest)) judgePsqlSet(rest, context);
}

/** Variables that steer psql itself run or load things; others can only be spliced, which is judged where they are. */
function judgePsqlSet(rest: string, { verdict }: StatementContext): void {
  const name = rest.split(/\s/, 1)[0] ?? '';
  if (/^(?:PROMPT[123]|EDITOR|PSQL_EDITOR|HISTFILE)$/.test(name))
    verdict.add('T2', 'sql-client-command', `\\set ${name}`);
}

/** `\copy` reads and writes files of the client; its query runs on the server, and PROGRAM runs a shell command. */
function judgePsqlCopy(rest: string, context: StatementContext): void {
  const { verdict } = context;
  const upper = rest.toUpperCase();
  if (/\bPROGRAM\b/.test(upper)) verdict.add('T3', 'sql-program', '\\copy … program');
  if (/\bTO\s+(?:STDOUT|PSTDOUT)\b/.test(upper)) {
    context.runText(`COPY ${rest.replace(/\bpstdout\b/gi, 'STDOUT')}`);
    return;
  }
  verdict.add('T2', 'sql-client-file', '\\copy');
  context.runText(`COPY ${rest}`.replace(/\bto\s+'[^']*'/i, 'TO STDOUT'));
}

const MYSQL_NEUTRAL = names(
  'g go G ego c clear p print q quit exit s status h help ? r connect W warnings w nowarning n nopager t notee # rehash R prompt u use x resetconnection',
);

function judgeMysql(line: string, { verdict }: StatementContext): void {
  const name = /^[a-z]+/i.exec(line)?.[0] ?? line[0] ?? '';
  const lower = name.toLowerCase();
  if (name === '!' || lower === 'system') verdict.add('T3', 'sql-shell-escape', name);
  else if (name === '.' || lower === 'source') verdict.add('T3', 'sql-client-command', 'source');
  else if (name === 'P' || lower === 'pager') verdict.add('T3', 'sql-shell-escape', 'pager');
  else if (name === 'T' || lower === 'tee') verdict.add('T2', 'sql-client-file', 'tee');
  else if (name === 'e' || lower === 'edit') verdict.add('T2', 'sql-client-command', 'edit');
  else if (!MYSQL_NEUTRAL.has(name) && !MYSQL_NEUTRAL.has(lower))
    verdict.add('T3', 'sql-client-command-unknown', name);
}

const SQLITE_NEUTRAL = names(`
  archive-list bail binary cd changes databases dbconfig dbinfo dbtotxt dump echo eqp exit explain expert fullschema
  headers header help indexes indices limit lint mode nullvalue parameter print progress prompt quit schema separator
  sha3sum show stats tables timeout timer version vfsinfo vfslist vfsname width crlf intck nonce crnl
`);

const SQLITE_EFFECTS: ReadonlyMap<string, Tier> = new Map<string, Tier>([
  ['shell', 'T3'],
  ['system', 'T3'],
  ['load', 'T3'],
  ['read', 'T3'],
  ['restore', 'T3'],
  ['open', 'T2'],
  ['import', 'T2'],
  ['output', 'T2'],
  ['once', 'T2'],
  ['excel', 'T2'],
  ['www', 'T2'],
  ['save', 'T2'],
  ['backup', 'T2'],
  ['clone', 'T2'],
  ['log', 'T2'],
  ['trace', 'T2'],
  ['recover', 'T0'],
  ['archive', 'T2'],
  ['ar', 'T2'],
  ['filectrl', 'T2'],
  ['imposter', 'T3'],
  ['testctrl', 'T3'],
  ['session', 'T2'],
  ['auth', 'T0'],
  ['connection', 'T0'],
  ['scanstats', 'T0'],
  ['selftest', 'T0'],
  ['unmodule', 'T2'],
]);

/** The sqlite3 shell takes any unambiguous abbreviation of a command; the highest of the candidates counts. */
function judgeSqlite(line: string, { verdict }: StatementContext): void {
  const name = (line.split(/\s/, 1)[0] ?? '').toLowerCase();
  const rest = line.slice(name.length).trim();
  const exact = SQLITE_NEUTRAL.has(name) || SQLITE_EFFECTS.has(name);
  const candidates = exact
    ? [name]
    : [...SQLITE_EFFECTS.keys(), ...SQLITE_NEUTRAL].filter((known) => known.startsWith(name));
  if (candidates.length === 0 || name === '') verdict.add('T3', 'sql-client-command-unknown', `.${name}`);
  for (const candidate of candidates) judgeSqliteCommand(candidate, rest, verdict);
}

function judgeSqliteCommand(name: string, rest: string, verdict: StatementContext['verdict']): void {
  const effect = SQLITE_EFFECTS.get(name);
  const toScreen =
    (name === 'output' || name === 'log' || name === 'trace') && /^(?:stdout|off)?$/i.test(rest);
  const opensReadOnly = name === 'open' && /^--?readonly\b/.test(rest);
  if (effect !== undefined && effect !== 'T0' && !toScreen && !opensReadOnly)
    verdict.add(effect, 'sql-client-command', `.${name}`);
  const pipes = /^(?:-\S+\s+)*["']?\|/.test(rest);
  if (pipes && (name === 'output' || name === 'once' || name === 'import')) {
    verdict.add('T3', 'sql-shell-escape', `.${name} runs a shell command`);
  }
}
