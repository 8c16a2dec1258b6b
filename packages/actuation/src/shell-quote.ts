/** One word for a POSIX shell: nothing in it is expanded. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
