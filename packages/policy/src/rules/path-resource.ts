import { DECODE_ROUNDS_MAX, decodePercent, type Readings, resolveSegments } from './readings.ts';

/** Where paths are taken from. `realpath` resolves the symlinks of an absolute path; null when it cannot tell. */
export interface PathEnvironment {
  readonly home: string;
  readonly cwd: string;
  readonly realpath?: (path: string) => string | null;
}

/** Most readings of one path; a path with more is hostile. */
const READINGS_MAX = 16;

/**
 * The absolute lexical paths a text can mean: as it stands, with percent escapes decoded, with backslashes as slashes, and
 * with symlinks resolved where the environment can. A NUL byte is never allowed.
 */
export function readPath(text: string, environment: PathEnvironment): Readings<string> {
  const spellings = spellingsOf(text);
  const readings = new Set<string>();
  let isAllowable = spellings.size <= READINGS_MAX;
  for (const spelling of spellings) {
    const nul = spelling.indexOf('\0');
    if (nul >= 0) {
      isAllowable = false;
      readings.add(absolutePath(spelling.slice(0, nul), environment));
    }
    const absolute = absolutePath(spelling, environment);
    readings.add(absolute);
    if (environment.realpath === undefined) continue;
    const real = environment.realpath(joinPath(spelling, environment));
    if (real === null) isAllowable = false;
    else readings.add(real.normalize('NFC'));
  }
  return { readings: [...readings], isAllowable };
}

/** The absolute lexical path of a text: `~` is the home, a relative path starts at the working directory. */
export function absolutePath(text: string, environment: PathEnvironment): string {
  return resolveSegments(joinPath(text, environment));
}

function joinPath(text: string, environment: PathEnvironment): string {
  const path = text.normalize('NFC');
  if (path === '~' || path.startsWith('~/')) return environment.home + path.slice(1);
  return path.startsWith('/') ? path : `${environment.cwd}/${path}`;
}

function spellingsOf(text: string): Set<string> {
  const spellings = new Set<string>([text]);
  let decoded = text;
  for (let round = 0; round < DECODE_ROUNDS_MAX && decoded.includes('%'); round += 1) {
    decoded = decodePercent(decoded);
    spellings.add(decoded);
  }
  for (const spelling of Array.from(spellings)) {
    if (spelling.includes('\\')) spellings.add(spelling.replaceAll('\\', '/'));
    if (/^file:\/\//i.test(spelling)) spellings.add(spelling.replace(/^file:\/\/[^/]*/i, ''));
  }
  return spellings;
}
