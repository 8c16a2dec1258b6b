import { normalisePath } from './paths.ts';
import { type ShellContext, spanIn } from './shell-context.ts';
import type { CommandRule } from './table.ts';
import type { Verdict } from './verdict.ts';
import type { WordValue } from './word.ts';

/** Directories whose programs are the ones the tables describe. */
const PROGRAM_DIRECTORIES: ReadonlySet<string> = new Set([
  '/bin',
  '/sbin',
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/lib/systemd',
  '/usr/libexec',
  '/lib',
  '/lib64',
  '/usr/lib',
  '/usr/lib64',
  '/lib/x86_64-linux-gnu',
  '/opt/homebrew/bin',
  '/snap/bin',
]);

/** The name of a program called by a path into the system's directories, else null. */
export function programName(path: string): string | null {
  const slash = path.lastIndexOf('/');
  const isProgram = path.startsWith('/') && PROGRAM_DIRECTORIES.has(normalisePath(path.slice(0, slash)));
  return isProgram ? path.slice(slash + 1) : null;
}

/**
 * The entry of a name that stands in no table but is a spelling of one that does: another version
 * (`python3.15`), another file system (`mkfs.x`), or other letter case, which some file systems ignore.
 */
export function entryOfVariant(
  name: WordValue,
  text: string,
  context: ShellContext,
  verdict: Verdict,
): CommandRule | undefined {
  const { commands } = context.tables;
  const lower = text.toLowerCase().replace(/\.exe$/, '');
  const version = /^([a-z][a-z+_-]*?)[-.]?\d+(?:\.\d+)*$/.exec(lower)?.[1];
  const rule =
    commands.get(lower) ??
    (version === undefined ? undefined : commands.get(version)) ??
    (lower.startsWith('mkfs.') ? commands.get('mkfs') : undefined);
  if (rule !== undefined && text !== lower) {
    verdict.raise(2, 'unknown-command', `${text} may be ${lower}`, spanIn(context, name));
  }
  return rule;
}
