import type { CmdCommand } from './cmd-scan.ts';
import { UNKNOWN, type CmdVariables } from './cmd-variables.ts';
import type { NativeContext, NativeWord } from './native-word.ts';
import { removeTier, windowsPlace, writeTier, type WindowsDirectory } from './windows-path.ts';

/** What a built-in command is judged with; it may change the variables and the directory of what follows. */
export interface BuiltinContext extends NativeContext {
  readonly variables: CmdVariables;
  readonly changeDirectory: (directory: WindowsDirectory) => void;
  /** Judges text that the command runs. */
  readonly runText: (text: string) => void;
}

/** Judges a command built into cmd.exe; false when the name is none. */
export function judgeBuiltin(name: string, command: CmdCommand, context: BuiltinContext): boolean {
  const judge = JUDGES.get(name);
  if (judge !== undefined) judge(command, context);
  return judge !== undefined || NEUTRAL.has(name);
}

const SYNONYMS: readonly (readonly string[])[] = [
  ['del', 'erase'],
  ['rd', 'rmdir'],
  ['md', 'mkdir'],
  ['ren', 'rename'],
  ['cd', 'chdir'],
];

/** Every name of a built-in command that has two. */
export function synonyms(name: string): readonly string[] {
  return SYNONYMS.find((names) => names.includes(name.toLowerCase())) ?? [];
}

type BuiltinJudge = (command: CmdCommand, context: BuiltinContext) => void;

const NEUTRAL = new Set(
  'dir type echo ver vol cls rem title prompt pause exit goto shift setlocal endlocal break verify color help'.split(
    ' ',
  ),
);

const JUDGES: ReadonlyMap<string, BuiltinJudge> = new Map<string, BuiltinJudge>([
  ['del', judgeDelete],
  ['erase', judgeDelete],
  ['rd', judgeRemoveDirectory],
  ['rmdir', judgeRemoveDirectory],
  ['copy', judgeCopy],
  ['move', judgeCopy],
  ['ren', judgeCopy],
  ['rename', judgeCopy],
  ['md', judgeCopy],
  ['mkdir', judgeCopy],
  ['mklink', judgeCopy],
  ['cd', judgeChangeDirectory],
  ['chdir', judgeChangeDirectory],
  ['pushd', judgeChangeDirectory],
  ['popd', (_command, context) => context.changeDirectory({ kind: 'unknown' })],
  ['set', judgeSet],
  ['path', judgeAssignment],
  ['assoc', judgeAssignment],
  ['ftype', judgeAssignment],
  ['date', judgeClock],
  ['time', judgeClock],
  ['call', judgeCall],
  ['start', judgeStart],
]);

/** `/s/q` is two flags. Commas and semicolons part names as blanks do. */
function split(command: CmdCommand): { flags: string[]; paths: (string | null)[] } {
  const flags: string[] = [];
  const paths: (string | null)[] = [];
  for (const word of command.args) {
    if (word.text === null) paths.push(null);
    else if (word.text.startsWith('/'))
      for (const flag of word.text.toLowerCase().split('/')) flags.push(flag.split(':', 1)[0] ?? '');
    else paths.push(...gluedFlags(word.text, flags));
  }
  return { flags, paths };
}

/** Longest word in which flags are looked for behind a path. */
const GLUED_LENGTH_MAX = 512;

function gluedFlags(text: string, flags: string[]): string[] {
  if (text.length > GLUED_LENGTH_MAX) return [text];
  const match = /^(.*?)((?:\/[a-z](?::[a-z-]+)?)+)$/i.exec(text);
  if (match === null || match[1] === undefined || match[2] === undefined || match[1] === '') return [text];
  for (const flag of match[2].toLowerCase().split('/')) flags.push(flag.split(':', 1)[0] ?? '');
  return [match[1]];
}

function judgeDelete(command: CmdCommand, { findings, directory }: BuiltinContext): void {
  const { flags, paths } = split(command);
  if (flags.includes('?')) return;
  const recursive = flags.includes('s');
  findings.add(recursive ? 'T3' : 'T2', 'cmd-delete', recursive ? 'del /s' : 'del', command);
  for (const path of paths) {
    const place = windowsPlace(path, directory);
    if (recursive && (place === 'root' || place === 'device'))
      findings.deny('deny-root-wipe', `del /s ${path ?? ''}`, command);
    else if (path !== null && /^(?:.*[\\/])?\*(?:\.\*)?$/.test(path))
      findings.add('T3', 'cmd-delete', 'del of everything', command);
    else findings.add(removeTier(place), 'cmd-delete', `del ${path ?? 'of what is not known'}`, command);
  }
}

function judgeRemoveDirectory(command: CmdCommand, { findings, directory }: BuiltinContext): void {
  const { flags, paths } = split(command);
  if (flags.includes('?')) return;
  const recursive = flags.includes('s');
  findings.add(recursive ? 'T3' : 'T2', 'cmd-delete', recursive ? 'rd /s' : 'rd', command);
  for (const path of paths) {
    const place = windowsPlace(path, directory);
    if (recursive && place === 'root') findings.deny('deny-root-wipe', `rd /s ${path ?? ''}`, command);
    else findings.add(removeTier(place), 'cmd-delete', `rd ${path ?? 'of what is not known'}`, command);
  }
}

/** copy, move, ren, md, mklink: judged by every path they may write or take away. */
function judgeCopy(command: CmdCommand, { findings, directory }: BuiltinContext): void {
  const { flags, paths } = split(command);
  if (flags.includes('?')) return;
  const name = command.name?.toLowerCase() ?? '';
  const judged = name === 'copy' ? [paths.length > 1 ? (paths.at(-1) ?? null) : '.'] : paths;
  findings.add('T1', 'cmd-files', name, command);
  for (const path of judged) {
    const place = windowsPlace(path, directory);
    if (place === 'device') findings.deny('deny-raw-disk', `${name} onto a raw disk`, command);
    else if (place !== 'none')
      findings.add(writeTier(place), 'cmd-files', `${name} ${path ?? 'of what is not known'}`, command);
  }
}

function judgeChangeDirectory(command: CmdCommand, context: BuiltinContext): void {
  const { paths } = split(command);
  const path = paths[0];
  if (path === undefined) return;
  // Whether a conditional change happens is not known; the root is the reading to fear.
  const feared = path !== null && windowsPlace(path, context.directory) === 'root';
  if (path === null || (command.conditional && !feared)) context.changeDirectory({ kind: 'unknown' });
  else if (/^(?:[a-z]:)?[\\/]|^[a-z]:$/i.test(path)) context.changeDirectory({ kind: 'known', path });
  else if (context.directory.kind === 'known')
    context.changeDirectory({ kind: 'known', path: `${context.directory.path}\\${path}` });
  else if (path.includes('..')) context.changeDirectory({ kind: 'unknown' });
}

/** Variables that say which programs run. */
const STEERING = new Set([
  'PATH',
  'PATHEXT',
  'COMSPEC',
  'PSMODULEPATH',
  '__COMPAT_LAYER',
  'COR_PROFILER',
  'COR_ENABLE_PROFILING',
]);

function judgeSet(command: CmdCommand, { findings, variables }: BuiltinContext): void {
  const flag = /^\/[ap]\b/i.exec(command.tail)?.[0] ?? '';
  const body = command.tail.slice(flag.length).trim();
  const open = body.startsWith('"')
    ? body.slice(1, body.lastIndexOf('"') > 0 ? body.lastIndexOf('"') : undefined)
    : body;
  const equals = open.indexOf('=');
  if (equals <= 0) return;
  const name = open.slice(0, equals).trim().toUpperCase();
  const value = open.slice(equals + 1);
  variables.set(
    name,
    flag !== '' || command.conditional || command.piped || value.includes(UNKNOWN) ? null : value,
  );
  if (STEERING.has(name) || name.includes(UNKNOWN))
    findings.add('T2', 'cmd-environment', `set ${name}`, command);
}

function judgeAssignment(command: CmdCommand, { findings }: BuiltinContext): void {
  const name = command.name?.toLowerCase() ?? '';
  const changes = name === 'path' ? command.tail !== '' : command.tail.includes('=');
  if (changes) findings.add('T2', 'cmd-environment', name, command);
}

function judgeClock(command: CmdCommand, { findings }: BuiltinContext): void {
  const { flags, paths } = split(command);
  if (!flags.includes('t') && (paths.length > 0 || command.piped))
    findings.add('T2', 'cmd-clock', command.name ?? '', command);
}

/** `call` reads its text once more; `call :label` runs what stands elsewhere in the same text. */
function judgeCall(command: CmdCommand, { findings, runText }: BuiltinContext): void {
  if (command.tail.includes(UNKNOWN))
    findings.add('T3', 'nested-unknown', 'call of text that is not known', command);
  else if (!command.tail.startsWith(':')) runText(command.tail);
}

const START_VALUED = /^\/(?:d|node|affinity|machine)$/i;

/** `start ["title"] [/flags] command`. */
function judgeStart(command: CmdCommand, { findings, runText }: BuiltinContext): void {
  const words: readonly NativeWord[] = command.args;
  let index = command.tail.startsWith('"') ? 1 : 0;
  while (words[index]?.text?.startsWith('/') === true)
    index += START_VALUED.test(words[index]?.text ?? '') ? 2 : 1;
  const texts = words.slice(index).map((word) => word.text);
  if (texts.includes(null)) findings.add('T3', 'nested-unknown', 'start of what is not known', command);
  else if (texts.length > 0) runText(texts.map((text) => requoted(text ?? '')).join(' '));
  else findings.add('T2', 'nested-interactive', 'start of a shell', command);
}

function requoted(text: string): string {
  return /\s/.test(text) ? `"${text}"` : text;
}
