import type { Findings, FrontEndContext } from '../front-end.ts';
import type { WindowsDirectory } from './windows-path.ts';

/** One word of a command: its text when it is fully known, else null. */
export interface NativeWord {
  readonly text: string | null;
  readonly start: number;
  readonly end: number;
}

/** The words after the command's name; `tail` is the raw text they were read from. */
export interface NativeCall {
  /** Lower case, without directory and `.exe`. */
  readonly name: string;
  readonly args: readonly NativeWord[];
  readonly tail: string;
  readonly start: number;
  readonly end: number;
  /** Literal text piped into the program, when it is known. */
  readonly input: string | null;
  readonly piped: boolean;
}

/** What a program is judged with. */
export interface NativeContext {
  readonly findings: Findings;
  readonly frontEnd: FrontEndContext;
  readonly directory: WindowsDirectory;
}

/** Directories whose programs are the ones their names say. */
const SYSTEM_DIRECTORY =
  /^(?:[a-z]:)?[\\/]windows[\\/](?:system32|syswow64|sysnative)(?:[\\/](?:windowspowershell[\\/]v1\.0|wbem|openssh))?[\\/]$/i;
const PROGRAM_DIRECTORY = /^[a-z]:[\\/]program files(?: \(x86\))?[\\/]/i;
const UNIX_DIRECTORY = /^\/(?:usr\/)?(?:local\/)?s?bin\/$/;

/** The program a command word names, or null when it is a file somewhere else. */
export function programName(word: string): string | null {
  const slash = Math.max(word.lastIndexOf('\\'), word.lastIndexOf('/'));
  const directory = word.slice(0, slash + 1);
  const known =
    slash < 0 ||
    SYSTEM_DIRECTORY.test(directory) ||
    PROGRAM_DIRECTORY.test(directory) ||
    UNIX_DIRECTORY.test(directory);
  if (!known || directory.includes('..')) return null;
  return word
    .slice(slash + 1)
    .toLowerCase()
    .replace(/\.(?:exe|com|cmd|bat)$/, '');
}

/** A word as bash reads it back unchanged. */
export function bashQuoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
