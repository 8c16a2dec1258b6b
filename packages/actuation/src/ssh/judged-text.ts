import { classify } from '@praxis/policy';
import { shellQuote } from '../shell-quote.ts';

/** The longest text made from an argument list, in UTF-8 bytes: braces can make a short text long. */
export const ARGUMENTS_BYTES_MAX = 98_304;

/**
 * The text that bash gets for a command. When the classifier judged it as one plain argument list, that very
 * list runs, every word quoted: a reading of the text in which bash and the classifier differ cannot matter.
 * Everything else runs as it was written.
 */
export function judgedText(command: string): string {
  const { argv } = classify(command, { shell: 'bash' });
  return (argv === null ? null : argumentText(argv)) ?? command;
}

/** An argument list as a text of bash, every word literal; null when it is empty or too long. */
export function argumentText(argv: readonly string[]): string | null {
  const text = argv.map(shellQuote).join(' ');
  return argv.length === 0 || Buffer.byteLength(text) > ARGUMENTS_BYTES_MAX ? null : text;
}
