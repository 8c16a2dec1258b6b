/** Stands for text that is not known; no command holds this character. */
export const UNKNOWN = '\ue000';

/** Variables of every Windows, with values that judge like the real ones. */
const STANDARD: ReadonlyMap<string, string> = new Map(
  Object.entries({
    SYSTEMDRIVE: 'C:',
    HOMEDRIVE: 'C:',
    SYSTEMROOT: 'C:\\Windows',
    WINDIR: 'C:\\Windows',
    TEMP: 'C:\\Temp',
    TMP: 'C:\\Temp',
    COMSPEC: 'C:\\Windows\\System32\\cmd.exe',
    PROGRAMFILES: 'C:\\Program Files',
    'PROGRAMFILES(X86)': 'C:\\Program Files (x86)',
    PROGRAMDATA: 'C:\\ProgramData',
    ALLUSERSPROFILE: 'C:\\ProgramData',
    PUBLIC: 'C:\\Users\\Public',
    USERPROFILE: 'C:\\Users\\user',
    APPDATA: 'C:\\Users\\user\\AppData\\Roaming',
    LOCALAPPDATA: 'C:\\Users\\user\\AppData\\Local',
    HOMEPATH: '\\Users\\user',
    CD: '.',
  }),
);

/** The variables a text has set so far; null is one whose value is not known. */
export type CmdVariables = Map<string, string | null>;

/** Longest name between percent signs that is taken for a variable. */
const NAME_LENGTH_MAX = 128;

/** Bound of a line after its variables are replaced; a longer one is not known. */
export const CMD_EXPANDED_LENGTH_MAX: number = 32 * 1024;

/** Replaces `%name%`, `%1`, `%%i` and `!name!` in one line the way cmd.exe does before it reads anything else. */
export function expandPercent(line: string, variables: CmdVariables): string {
  let result = '';
  let at = 0;
  while (at < line.length && result.length <= CMD_EXPANDED_LENGTH_MAX) {
    const char = line[at] ?? '';
    const piece =
      char === '%' ? percentPiece(line, at, variables) : char === '!' ? bangPiece(line, at) : null;
    result += piece?.text ?? char;
    at = piece?.end ?? at + 1;
  }
  return at < line.length ? UNKNOWN : result;
}

interface Piece {
  readonly text: string;
  readonly end: number;
}

function percentPiece(line: string, at: number, variables: CmdVariables): Piece | null {
  if (line[at + 1] === '%') return loopVariable(line, at + 1) ?? { text: '%', end: at + 2 };
  const close = line.indexOf('%', at + 1);
  const name = close < 0 || close - at > NAME_LENGTH_MAX ? '' : line.slice(at + 1, close);
  const plain = /^[\w()#$.~:,=*+-]+$/.test(name) && !/^[0-9*]/.test(name);
  if (plain || variables.has(name.toUpperCase())) {
    return { text: valueOf(name, variables), end: close + 1 };
  }
  return loopVariable(line, at);
}

function valueOf(name: string, variables: CmdVariables): string {
  // Substrings and replacements (`%x:~1,2%`, `%x:a=b%`) are left unknown.
  if (name.includes(':')) return UNKNOWN;
  const upper = name.toUpperCase();
  const value = variables.get(upper);
  if (value !== undefined) return value ?? UNKNOWN;
  return STANDARD.get(upper) ?? UNKNOWN;
}

/** `%1`, `%*`, `%i`, `%~dp0`. */
function loopVariable(line: string, at: number): Piece | null {
  let end = at + 1;
  if (line[end] === '~') {
    end += 1;
    while (/[a-z$]/i.test(line[end] ?? '') && /[a-z0-9]/i.test(line[end + 1] ?? '')) end += 1;
  }
  return /[a-z0-9*#]/i.test(line[end] ?? '') ? { text: UNKNOWN, end: end + 1 } : null;
}

function bangPiece(line: string, at: number): Piece | null {
  const close = line.indexOf('!', at + 1);
  if (close < 0 || close - at > NAME_LENGTH_MAX) return null;
  return /^[\w:~,#$()=*-]+$/.test(line.slice(at + 1, close)) ? { text: UNKNOWN, end: close + 1 } : null;
}
