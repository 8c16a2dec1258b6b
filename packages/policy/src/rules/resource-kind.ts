import { basename } from 'node:path/posix';

/** How a resource is read before it is matched. */
export type ResourceKind = 'file' | 'url' | 'shell' | 'text';

/** The shell a shell-like action is run by. */
export type RuleShell = 'bash' | 'powershell' | 'cmd';

const FILE_FAMILIES: ReadonlySet<string> = new Set(['fs', 'file', 'files', 'filesystem', 'notebook']);
const FILE_ACTIONS: ReadonlySet<string> = new Set([
  'append',
  'chmod',
  'chown',
  'copy',
  'create',
  'delete',
  'edit',
  'glob',
  'list',
  'ls',
  'mkdir',
  'move',
  'multiedit',
  'read',
  'remove',
  'rename',
  'stat',
  'unlink',
  'write',
]);
const SHELL_FAMILIES: ReadonlySet<string> = new Set([
  'shell',
  'cli',
  'bash',
  'sh',
  'zsh',
  'terminal',
  'cmd',
  'powershell',
  'pwsh',
]);
const SHELL_ACTIONS: ReadonlySet<string> = new Set(['exec', 'run']);

// `scheme://`, and the special schemes however their slashes are written: the URL parser reads those too. A tab or line
// break inside is dropped by that parser, so it is dropped here.
const URL_START = /^[\p{C}\p{Z}]*(?:[a-z][a-z0-9+.-]*:[/\\]{2}|(?:https?|wss?|ftp|file):)/iu;

/** The kind of a request's resource: by its action for files and shells, by its form for URLs. */
export function resourceKind(action: string, resource: string): ResourceKind {
  const name = action.toLowerCase();
  const dot = name.indexOf('.');
  const family = dot < 0 ? name : name.slice(0, dot);
  if (SHELL_FAMILIES.has(family) || SHELL_ACTIONS.has(name)) return 'shell';
  if ((dot >= 0 && FILE_FAMILIES.has(family)) || FILE_ACTIONS.has(name)) return 'file';
  return URL_START.test(resource.replace(/[\t\r\n]/g, '')) ? 'url' : 'text';
}

/** The shell a shell-like action names; bash when it names none. */
export function shellOfAction(action: string): RuleShell {
  const name = action.toLowerCase();
  const isPowershell = name.split('.').some((part) => part === 'powershell' || part === 'pwsh');
  if (isPowershell) return 'powershell';
  const last = basename(name.replaceAll('.', '/'));
  return last === 'cmd' || name === 'cmd.exe' ? 'cmd' : 'bash';
}
