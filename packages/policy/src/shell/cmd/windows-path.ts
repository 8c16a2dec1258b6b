import { maxTier, type Tier } from '@praxis/core';

/**
 * Where a path of Windows leads. `root` is a drive or one of its system trees itself, `device` a raw disk, `none` the
 * null device, `unknown` a path that is not fully known.
 */
export type WindowsPlace =
  | 'root'
  | 'device'
  | 'system'
  | 'startup'
  | 'registry'
  | 'definitions'
  | 'outside'
  | 'temporary'
  | 'workspace'
  | 'none'
  | 'unknown';

/** The directory that relative paths start from: the workspace, a known one, or one that is not known. */
export type WindowsDirectory =
  | { readonly kind: 'workspace' | 'unknown' }
  | { readonly kind: 'known'; readonly path: string };

/** The workspace, where a command starts. */
export const WORKSPACE: WindowsDirectory = { kind: 'workspace' };

/** Directories at the top of a drive whose whole loss is the loss of the system. */
const SYSTEM_TREES = new Set([
  '',
  'windows',
  'windows/system32',
  'windows/syswow64',
  'users',
  'program files',
  'program files (x86)',
  'programdata',
  'boot',
  'efi',
  'recovery',
]);

const UNIX_TREES = new Set([
  '',
  'bin',
  'boot',
  'dev',
  'etc',
  'home',
  'lib',
  'lib64',
  'opt',
  'proc',
  'root',
  'run',
  'sbin',
  'srv',
  'sys',
  'usr',
  'var',
]);

/** Where `path` leads when used from `from`; null is a path that is not known. */
export function windowsPlace(path: string | null, from: WindowsDirectory = WORKSPACE): WindowsPlace {
  if (path === null) return 'unknown';
  const text = withoutProvider(path.trim().replaceAll('\\', '/').toLowerCase());
  if (/^(?:nul|nul:|\$null|\/dev\/null|con|con:)$/.test(text)) return 'none';
  if (/^(?:hk(?:lm|cu|cr|u|cc)|hkey_\w+|registry)(?::|\/|$)/.test(text)) return 'registry';
  if (/^(?:function|alias|variable):/.test(text)) return 'definitions';
  if (/^(?:env|cert|wsman):/.test(text)) return text.startsWith('env:') ? 'workspace' : 'outside';
  if (
    text.startsWith('//./physicaldrive') ||
    text.startsWith('//./globalroot') ||
    /^\/dev\/(?:sd|nvme|vd|hd)/.test(text)
  )
    return 'device';
  if (/^\/\/[.?]\/[a-z]:$/.test(text)) return 'device';
  return placeOnDrive(text.replace(/^\/\/[.?]\/(?=[a-z]:)/, ''), from);
}

function withoutProvider(text: string): string {
  const mark = text.indexOf('::');
  return mark < 0 ? text : text.slice(mark + 2);
}

function placeOnDrive(text: string, from: WindowsDirectory): WindowsPlace {
  const drive = /^[a-z]:/.exec(text)?.[0] ?? '';
  const rest = text.slice(drive.length);
  if (text.startsWith('//')) return /^\/\/[^/]+\/[a-z]\$(?:\/\*?)?$/.test(text) ? 'root' : 'outside';
  if (drive === '' && !rest.startsWith('/')) return placeRelative(text, from);
  return placeAbsolute(lexical(rest), drive === '');
}

function placeRelative(text: string, from: WindowsDirectory): WindowsPlace {
  if (text.startsWith('~')) return /^~(?:\/\*?)?$/.test(text) ? 'root' : 'outside';
  if (from.kind === 'known') return windowsPlace(`${from.path.replace(/[\\/]$/, '')}/${text}`);
  if (from.kind === 'unknown') return 'unknown';
  if (isStartup(text)) return 'startup';
  let depth = 0;
  for (const part of text.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '.' && part !== '') depth += 1;
    if (depth < 0) return 'outside';
  }
  return 'workspace';
}

function placeAbsolute(path: string, maybeUnix: boolean): WindowsPlace {
  const tree = path.replace(/(?:^|\/)(?:\*|\*\.\*)$/, '');
  if (SYSTEM_TREES.has(tree) || (maybeUnix && UNIX_TREES.has(tree))) return 'root';
  // A pattern among the top directories matches a system tree as likely as not.
  if (!tree.includes('/') && /[*?]/.test(tree)) return 'root';
  if (/^(?:te?mp|windows\/temp|var\/tmp)\//.test(`${path}/`) || /\/appdata\/local\/temp\//.test(`${path}/`))
    return 'temporary';
  if (isStartup(path)) return 'startup';
  if (
    /^(?:windows|boot|efi|program files|program files \(x86\)|programdata|etc|usr|bin|sbin|lib|sys|proc|dev)\//.test(
      path,
    )
  )
    return 'system';
  return 'outside';
}

/** Files that are run at the next start, log-on or log-in. */
function isStartup(path: string): boolean {
  return /(?:\/startup\/|profile\.ps1$|authorized_keys$|\/\.ssh\/|drivers\/etc\/hosts$|\/tasks\/|autoexec\.bat$)/.test(
    `/${path}`,
  );
}

/** Dots and empty parts resolved; a path cannot leave its drive. */
function lexical(rest: string): string {
  const parts: string[] = [];
  for (const part of rest.split('/')) {
    // Windows drops dots and blanks that end a name.
    const name = /^\.+$/.test(part) ? part : part.replace(/[. ]+$/, '');
    if (name === '' || name === '.') continue;
    if (name === '..') parts.pop();
    else parts.push(name);
  }
  return parts.join('/');
}

/** What writing to a place does. A raw disk and a system tree itself are no files: they are refused by the caller. */
export function writeTier(place: WindowsPlace): Tier {
  return WRITE_TIERS[place];
}

const WRITE_TIERS: Readonly<Record<WindowsPlace, Tier>> = {
  none: 'T0',
  workspace: 'T1',
  temporary: 'T1',
  outside: 'T2',
  registry: 'T2',
  system: 'T3',
  startup: 'T3',
  definitions: 'T3',
  unknown: 'T3',
  root: 'T3',
  device: 'T3',
};

/** What removing one file does: never less than stateful. */
export function removeTier(place: WindowsPlace): Tier {
  if (place === 'registry' || place === 'root') return 'T3';
  return place === 'workspace' || place === 'temporary' || place === 'outside'
    ? 'T2'
    : maxTier('T2', writeTier(place));
}
