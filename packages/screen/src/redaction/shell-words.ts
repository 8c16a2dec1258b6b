import { matchesOf } from './matches.ts';
/** One word of a command line: `value` without its quotes, and where it stands in the text. */
export interface ShellWord {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Whether a command ends before this word: behind `;`, `|`, `&` or a line's end. */
  readonly startsCommand: boolean;
}

const WORD = /(\n|[;|&()]{1,64})|"((?:[^"\\]|\\.){0,65536})"?|'([^']{0,65536})'?|([^\s;|&()"']{1,65536})/gs;

/**
 * Splits a text into words the way a shell would, leniently. A quoted part that itself contains white space and
 * follows another word is split again, so that `bash -c "mysql -pX"` shows its inner command.
 */
export function shellWords(text: string): ShellWord[] {
  const words: ShellWord[] = [];
  let startsCommand = true;
  let lastEnd = -1;
  for (const match of matchesOf(text, WORD)) {
    if (match[1] !== undefined) {
      startsCommand = true;
      continue;
    }
    // `["mysql","-p","X"]`: the punctuation of a printed list stands between words.
    if (match[4] !== undefined && /^[,[\]]+$/.test(match[4])) {
      lastEnd = -1;
      continue;
    }
    const quoted = match[2] ?? match[3];
    const value = quoted ?? match[4] ?? '';
    const start = match.index + (quoted === undefined ? 0 : 1);
    const end = start + value.length;
    const previous = words.at(-1);
    if (previous !== undefined && lastEnd === match.index && !startsCommand) {
      words[words.length - 1] = {
        ...previous,
        value: previous.value + value,
        end: match.index + match[0].length,
      };
    } else words.push({ value, start, end, startsCommand });
    lastEnd = match.index + match[0].length;
    startsCommand = false;
  }
  return words;
}
