import { tierRank } from '@praxis/core';
import { type Effect, judgeEffect } from './effects.ts';
import { judgeHiddenSubstitutions } from './hidden-substitutions.ts';
import { judgeInlineCode, type Language } from './inline-code.ts';
import { judgeAwk } from './awk-program.ts';
import { judgeSed, judgeVim } from './editor-programs.ts';
import { judgeAptOption, judgeGitConfig, judgeSshOption } from './option-values.ts';
import { resolvePath } from './paths.ts';
import { type ShellContext, spanIn, type Stdin } from './shell-context.ts';
import { analyseSql, type SqlDialect } from './sql/sql.ts';
import { staticOutput } from './static-output.ts';
import type { Mark, Role } from './table-schema.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, unknownValue, type WordValue } from './word.ts';

export interface RoleOptions {
  readonly entry: string | undefined;
  readonly marks: ReadonlySet<Mark>;
  readonly stdin: Stdin;
}

/** Roles whose value runs something: they count even where a read-only flag is given. */
export function isRunningRole(role: Role): boolean {
  return RUNNING.has(role);
}

const RUNNING: ReadonlySet<Role> = new Set<Role>([
  'execute',
  'shell',
  'argv',
  'words',
  'checkpoint-action',
  'filter',
  'transport',
  'vim-operand',
  'pager-operand',
  'awk',
  'sed',
  'vim',
  'environment',
  'git-config',
  'git-remote',
  'ssh-option',
  'apt-option',
  'trap',
  'prompt',
  'alias',
  'powershell',
  'cmd',
  'code:python',
  'code:perl',
  'code:ruby',
  'code:node',
  'code:php',
  'code:lua',
  'sql:psql',
  'sql:mysql',
  'sql:sqlite3',
  'sql:mongosh',
]);

/** Judges one argument by what it is to the command. */
export function judgeRole(
  role: Role,
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  options: RoleOptions,
): void {
  if (role.startsWith('sql:'))
    return judgeSqlText(role.slice(4) as SqlDialect, value, context, verdict, options);
  if (role.startsWith('code:')) {
    return judgeInlineCode(role.slice(5) as Language, value, context, verdict, options.entry);
  }
  switch (role) {
    case 'text':
    case 'read':
    case 'cwd':
      return;
    case 'write':
      // A dash is standard output.
      if (value.text === '-' && value.kind === 'literal') return;
      return judgeEffect('write', value, context, verdict, options.entry);
    case 'download':
      verdict.raise(
        1,
        'download',
        'a file is created in the working directory',
        spanIn(context, value),
        options.entry,
      );
      return;
    case 'create':
      return judgeEffect('write', value, context, verdict, options.entry);
    case 'write-tree':
    case 'delete':
    case 'metadata':
      return judgeEffect(treeEffect(role, options.marks), value, context, verdict, options.entry);
    case 'move':
    case 'device':
      return judgeEffect(role, value, context, verdict, options.entry);
    case 'transfer-target':
      return judgeTransferTarget(value, context, verdict, options);
    case 'archive':
      if (options.marks.has('create') && value.text !== '-')
        judgeEffect('write', value, context, verdict, options.entry);
      return;
    case 'extract-directory':
      if (options.marks.has('extract')) judgeEffect('write', value, context, verdict, options.entry);
      return;
    case 'execute':
      return judgeExecuted(value, context, verdict, options);
    default:
      return judgeRunningRole(role, value, context, verdict, options);
  }
}

/** The target of rsync or scp: a path here, or `host:path`. */
function judgeTransferTarget(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  options: RoleOptions,
): void {
  const host = /^(?:[\w.-]+@)?[\w.[\]-]+:/.exec(value.text);
  if (host === null) return judgeRole('write-tree', value, context, verdict, options);
  const path = value.text.slice(host[0].length);
  verdict.raise(
    2,
    'remote-write',
    `${value.text} is on another machine`,
    spanIn(context, value),
    options.entry,
  );
  // There, a relative path starts at the home directory.
  const text = path.startsWith('/') ? path : `${context.environment.home}/${path.replace(/^~\//, '')}`;
  judgeRole('write-tree', { ...value, text }, context, verdict, options);
}

function treeEffect(role: 'write-tree' | 'delete' | 'metadata', marks: ReadonlySet<Mark>): Effect {
  if (!marks.has('recursive')) return role === 'write-tree' ? 'write' : role;
  return role === 'write-tree' ? 'write-tree' : `${role}-tree`;
}

/** Judges the value of a role that runs something. */
type RoleJudge = (
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
) => void;

/** A judge that hands the value, as text of this kind, to the walker. */
function asText(kind: string, textOf: (text: string) => string = (text) => text): RoleJudge {
  return (value, context, verdict) =>
    context.engine.judgeText({ ...value, text: textOf(value.text) }, context, verdict, { kind });
}

const RUNNING_JUDGES: ReadonlyMap<Role, RoleJudge> = new Map<Role, RoleJudge>([
  ['shell', asText('shell')],
  ['checkpoint-action', judgeCheckpointAction],
  ['vim-operand', judgeVimOperand],
  ['pager-operand', judgePagerOperand],
  // What they become is judged with the operands they are put in front of.
  ['words', () => undefined],
  [
    'filter',
    (value, context, verdict) =>
      context.engine.judgeText(value, context, verdict, { kind: 'filter', stdin: null }),
  ],
  // The program adds a host and a remote command of its own.
  ['transport', asText('transport', (text) => `${text} host true`)],
  ['trap', judgeTrap],
  ['prompt', judgeHiddenSubstitutions],
  ['alias', judgeAlias],
  ['argv', (value, context, verdict) => context.engine.judgeArguments([value], context, verdict, undefined)],
  ['awk', judgeAwk],
  ['sed', judgeSed],
  ['vim', judgeVim],
  ['environment', judgeAssignmentText],
  ['assignment', judgeAssignmentText],
  ['git-config', judgeGitConfig],
  ['git-remote', judgeGitRemote],
  ['ssh-option', judgeSshOption],
  ['apt-option', judgeAptOption],
  [
    'powershell',
    (value, context, verdict, entry) => judgeForeignText('powershell', value, context, verdict, entry),
  ],
  ['cmd', (value, context, verdict, entry) => judgeForeignText('cmd', value, context, verdict, entry)],
]);

function judgeRunningRole(
  role: Role,
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  { entry }: RoleOptions,
): void {
  const judge = RUNNING_JUDGES.get(role);
  if (judge !== undefined) judge(value, context, verdict, entry);
  else verdict.raise(3, 'foreign-code', `code for another shell (${role})`, spanIn(context, value), entry);
}

function judgeCheckpointAction(value: WordValue, context: ShellContext, verdict: Verdict): void {
  const text = value.text.replace(/^exec=/, '');
  if (text !== value.text || value.kind !== 'literal')
    context.engine.judgeText({ ...value, text }, context, verdict, { kind: 'tar' });
}

function judgeVimOperand(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (value.text.startsWith('+')) judgeVim({ ...value, text: value.text.slice(1) }, context, verdict, entry);
  else judgeEffect('write', value, context, verdict, entry);
}

function judgePagerOperand(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (/^\+.*[!|]/s.test(value.text))
    verdict.raise(3, 'pager-command', 'the pager runs a command', spanIn(context, value), entry);
}

/** The remote `ext::COMMAND` is a command. */
function judgeGitRemote(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (value.text.startsWith('ext::') || value.kind === 'unknown')
    verdict.raise(3, 'git-remote', 'a remote that may be a command', spanIn(context, value), entry);
}

function judgeTrap(value: WordValue, context: ShellContext, verdict: Verdict): void {
  if (value.kind !== 'literal' || (value.text !== '' && value.text !== '-'))
    context.engine.judgeText(value, context, verdict, { kind: 'trap' });
}

function judgeForeignText(
  shell: 'powershell' | 'cmd',
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  if (value.kind !== 'literal') {
    verdict.raise(3, 'unknown-code', `the ${shell} text is not known`, spanIn(context, value), entry);
    return;
  }
  verdict.attach(shell, value.text, context.classifyNested(value.text, shell, context.depth + 1));
}

function judgeAlias(value: WordValue, context: ShellContext, verdict: Verdict): void {
  const equals = value.text.indexOf('=');
  if (equals < 0) return;
  const text = value.text.slice(equals + 1);
  const inner =
    value.kind === 'literal'
      ? literalValue(text, value.start, value.end)
      : unknownValue(value.start, value.end);
  context.engine.judgeText(inner, context, verdict, { kind: 'alias' });
}

/** `NAME=value` given to a command: some variables change what it runs. */
function judgeAssignmentText(value: WordValue, context: ShellContext, verdict: Verdict): void {
  const equals = value.text.indexOf('=');
  if (equals < 0) {
    if (value.kind !== 'literal')
      verdict.raise(3, 'unknown-variable', 'the variable is not known', spanIn(context, value));
    return;
  }
  const text = value.text.slice(equals + 1);
  const inner = value.kind === 'literal' ? { ...value, text } : unknownValue(value.start, value.end);
  judgeVariable(value.text.slice(0, equals), inner, context, verdict);
}

/** Judges one variable of the environment of a command that will run. */
export function judgeVariable(name: string, value: WordValue, context: ShellContext, verdict: Verdict): void {
  const rule =
    context.tables.variables.get(name) ?? (name.startsWith('BASH_FUNC_') ? FUNCTION_IMPORT : undefined);
  if (rule === undefined) return;
  if (rule.rank > 0 && !isSystemPath(name, value))
    verdict.raise(rule.rank, 'environment', `${name} changes what runs`, spanIn(context, value), name);
  if (rule.role !== null && value.text + value.kind !== 'literal') {
    judgeRole(rule.role, value, context, verdict, { entry: name, marks: new Set(), stdin: undefined });
  }
}

const SYSTEM_PROGRAMS = /^(?:\/usr(?:\/local)?)?\/s?bin$/;

/** A search path of the system's own directories changes nothing: a name finds what it is taken for. */
function isSystemPath(name: string, value: WordValue): boolean {
  if (name !== 'PATH' || value.kind !== 'literal') return false;
  return value.text.split(':').every((directory) => SYSTEM_PROGRAMS.test(directory));
}

const FUNCTION_IMPORT = { rank: 3, role: null };

function judgeSqlText(
  dialect: SqlDialect,
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  options: RoleOptions,
): void {
  if (value.kind !== 'literal') {
    verdict.raise(3, 'unknown-sql', 'the statements are not known', spanIn(context, value), options.entry);
    return;
  }
  const analysis = analyseSql(value.text, dialect);
  verdict.raise(
    tierRank(analysis.tier),
    'sql',
    `${dialect} statements`,
    spanIn(context, value),
    options.entry,
  );
  for (const reason of analysis.reasons) {
    verdict.raise(0, `sql:${reason.code}`, reason.detail, spanIn(context, value), options.entry);
  }
}

/** A script or program that is named by its path: known only when it was written just before. */
function judgeExecuted(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  options: RoleOptions,
): void {
  const span = spanIn(context, value);
  if (value.process !== null) {
    const text = staticOutput(value.process.body, context);
    const inner =
      text === null ? unknownValue(value.start, value.end) : literalValue(text, value.start, value.end);
    return context.engine.judgeText(inner, context, verdict, { kind: 'process' });
  }
  if (value.kind !== 'literal') {
    verdict.raise(3, 'unknown-program', 'the program to be run is not known', span, options.entry);
    return;
  }
  if (/^\/dev\/(?:stdin|fd\/\d+)$|^\/proc\/self\/fd\/\d+$/.test(value.text)) {
    const { stdin } = options;
    const text =
      typeof stdin === 'string'
        ? literalValue(stdin, value.start, value.end)
        : unknownValue(value.start, value.end);
    return context.engine.judgeText(text, context, verdict, { kind: 'stdin' });
  }
  const path = resolvePath(value.text, context.environment);
  if (path === '/dev/null') return;
  if (path !== null && context.writtenFiles.has(path)) return judgeWritten(path, value, context, verdict);
  verdict.raise(2, 'runs-program', `${value.text} is a program that no table knows`, span, options.entry);
}

function judgeWritten(path: string, value: WordValue, context: ShellContext, verdict: Verdict): void {
  const content = context.writtenFiles.get(path) ?? null;
  verdict.raise(
    content === null ? 3 : 2,
    'runs-written-file',
    `${path} was written by this command`,
    spanIn(context, value),
  );
  if (content !== null)
    context.engine.judgeText(literalValue(content, value.start, value.end), context, verdict, {
      kind: 'script',
    });
}
