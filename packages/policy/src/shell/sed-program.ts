/** What a sed program does besides printing. */
interface SedEffect {
  readonly kind: 'write' | 'execute';
  readonly argument: string;
}

/** Longest sed program that is read, in UTF-16 units; a longer one counts as executing. */
export const SED_PROGRAM_MAX = 16_384;

/** Reads a sed program and lists its file writes and executed commands. */
export function judgeSedCommands(program: string): SedEffect[] {
  if (program.length > SED_PROGRAM_MAX) return [{ kind: 'execute', argument: '' }];
  const effects: SedEffect[] = [];
  let at = 0;
  while (at < program.length) at = readCommand(program, at, effects);
  return effects;
}

function readCommand(program: string, from: number, effects: SedEffect[]): number {
  const at = skipAddresses(program, from);
  const command = program[at];
  switch (command) {
    case undefined:
      return program.length;
    case 's':
      return readSubstitution(program, at + 1, effects);
    case 'y':
      return closing(program, closing(program, at + 2, program[at + 1]) + 1, program[at + 1]) + 1;
    case 'w':
    case 'W':
      return readArgument(program, at + 1, 'write', effects);
    case 'e':
      return readArgument(program, at + 1, 'execute', effects);
    case 'a':
    case 'i':
    case 'c':
      return lineEnd(program, at, true);
    case 'r':
    case 'R':
    case 'b':
    case 't':
    case 'T':
    case ':':
    case '#':
      return lineEnd(program, at, false);
    default:
      return at + 1;
  }
}

/** Skips blanks, separators, braces and the addresses in front of a command. */
function skipAddresses(program: string, from: number): number {
  let at = from;
  while (at < program.length) {
    const c = program.charAt(at);
    if (/[\s;{},!$0-9~+IM]/.test(c)) at++;
    else if (c === '/') at = closing(program, at + 1, '/') + 1;
    else if (c === '\\' && at + 1 < program.length) at = closing(program, at + 2, program[at + 1]) + 1;
    else break;
  }
  return at;
}

/** Position of the next unescaped `delimiter`; brackets do not hide it in GNU sed's `s`, so neither here. */
function closing(program: string, from: number, delimiter: string | undefined): number {
  for (let at = from; at < program.length; at++) {
    if (program[at] === '\\') at++;
    else if (program[at] === delimiter) return at;
  }
  return program.length;
}

function readSubstitution(program: string, at: number, effects: SedEffect[]): number {
  const delimiter = program[at];
  const middle = closing(program, at + 1, delimiter);
  let end = closing(program, middle + 1, delimiter) + 1;
  while (end < program.length && /[gpiImM0-9ew]/.test(program.charAt(end))) {
    if (program[end] === 'e') effects.push({ kind: 'execute', argument: '' });
    if (program[end] === 'w') return readArgument(program, end + 1, 'write', effects);
    end++;
  }
  return end;
}

function readArgument(program: string, from: number, kind: SedEffect['kind'], effects: SedEffect[]): number {
  const end = lineEnd(program, from, false);
  effects.push({ kind, argument: program.slice(from, end).trim() });
  return end;
}

function lineEnd(program: string, from: number, continues: boolean): number {
  for (let at = from; at < program.length; at++) {
    if (continues && program[at] === '\\') at++;
    else if (program[at] === '\n') return at + 1;
  }
  return program.length;
}
