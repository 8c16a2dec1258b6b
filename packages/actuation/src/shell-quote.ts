/** One word for a POSIX shell: nothing in it is expanded. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** An argument list as a command of a POSIX shell, every word literal. */
export function shellQuoteAll(argv: readonly string[]): string {
  return argv.map(shellQuote).join(' ');
}
