import { joinValues, literalValue, unknownValue, type WordValue } from './word.ts';

/** Most directories a line of execution may be in; beyond it the directory is unknown. */
export const DIRECTORIES_MAX = 8;

/** What a variable holds: one value, or the items of an array. */
export type Variable = WordValue | readonly WordValue[];

/** Stands for the home directory when none is given: an absolute path that no system tree contains. */
export const HOME_PLACEHOLDER = '/home/~';
/** Stands for the directory a command starts in when none is given. */
export const WORKSPACE_PLACEHOLDER = '/home/~/workspace';

/**
 * Variables, working directory and positional parameters along one straight line of execution.
 * A variable that is absent was not assigned here; `null` in `cwd` means it may be anywhere.
 */
export class Environment {
  readonly home: string;
  readonly workspace: string;
  cwd: string | null;
  /** Other directories it may be in, after a `cd` that may not have run: the worst of them counts. */
  otherDirectories: readonly (string | null)[];
  variables: Map<string, Variable>;
  positional: readonly WordValue[] | null;
  /** `$0`, where a nested shell was given one. */
  scriptName: WordValue | null;

  constructor(options: { home: string; workspace: string }) {
    this.home = options.home;
    this.workspace = options.workspace;
    this.cwd = options.workspace;
    this.otherDirectories = [];
    this.variables = new Map();
    this.positional = null;
    this.scriptName = null;
  }

  fork(): Environment {
    const copy = new Environment({ home: this.home, workspace: this.workspace });
    copy.cwd = this.cwd;
    copy.otherDirectories = this.otherDirectories;
    copy.variables = this.variables.size === 0 ? copy.variables : new Map(this.variables);
    copy.positional = this.positional;
    copy.scriptName = this.scriptName;
    return copy;
  }

  /** Takes over what holds whichever of the two lines was executed. */
  join(other: Environment): void {
    if (this.cwd !== other.cwd || other.otherDirectories.length > 0) this.joinDirectories(other);
    // Set on one line only: what is known of it is kept, so that the worse reading counts.
    if (this.positional === null || other.positional === null) this.positional ??= other.positional;
    else if (this.positional !== other.positional) this.positional = null;
    for (const name of new Set([...this.variables.keys(), ...other.variables.keys()])) {
      this.variables.set(name, joinVariables(this.variables.get(name), other.variables.get(name)));
    }
  }

  private joinDirectories(other: Environment): void {
    const all = new Set([...this.otherDirectories, other.cwd, ...other.otherDirectories]);
    all.delete(this.cwd);
    this.otherDirectories = all.size <= DIRECTORIES_MAX ? [...all] : [null];
  }

  /** The same line of execution in each directory that it may be in. */
  inEachDirectory(): Environment[] {
    return [this.cwd, ...this.otherDirectories].map((directory) => {
      const place = this.fork();
      place.cwd = directory;
      place.otherDirectories = [];
      return place;
    });
  }

  assign(name: string, value: Variable): void {
    this.variables.set(name, value);
  }

  /** From here on the variable may hold anything. */
  forget(name: string): void {
    this.variables.set(name, unknownValue(0, 0));
  }

  /** The value of a variable nothing has assigned here, where convention fixes it; else undefined. */
  wellKnown(name: string): WordValue | undefined {
    switch (name) {
      case 'HOME':
        return literalValue(this.home, 0, 0);
      case '~root':
        return literalValue('/root', 0, 0);
      case 'PWD':
        return this.cwd === null ? unknownValue(0, 0) : literalValue(this.cwd, 0, 0);
      case 'TMPDIR':
        return literalValue('/tmp', 0, 0);
      case 'IFS':
        return literalValue(' \t\n', 0, 0);
      default:
        return INHERITED.has(name) ? unknownValue(0, 0) : undefined;
    }
  }
}

/** Variables that are set in any session, to values that are not known. */
const INHERITED = new Set(
  'PATH USER LOGNAME SHELL HOSTNAME LANG LC_ALL TERM UID EUID PPID OLDPWD RANDOM SECONDS LINENO BASHPID BASH BASH_VERSION EPOCHSECONDS EPOCHREALTIME SRANDOM EDITOR VISUAL PAGER BROWSER DISPLAY MAIL OSTYPE MACHTYPE HOSTTYPE SHLVL COLUMNS LINES REPLY OPTARG OPTIND PIPESTATUS FUNCNAME BASH_SOURCE ~user'.split(
    ' ',
  ),
);

function joinVariables(a: Variable | undefined, b: Variable | undefined): Variable {
  if (a === b && a !== undefined) return a;
  const only = a ?? b;
  // Assigned on one line only: unset on the other.
  if (only !== undefined && (a === undefined || b === undefined))
    return isArray(only) ? only : { ...only, isAssumed: true };
  if (a === undefined || b === undefined || isArray(a) || isArray(b)) return unknownValue(0, 0);
  return joinValues(a, b);
}

export function isArray(variable: Variable): variable is readonly WordValue[] {
  return Array.isArray(variable);
}
