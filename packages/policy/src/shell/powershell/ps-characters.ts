const SINGLE_QUOTES = new Set(["'", '\u2018', '\u2019', '\u201a', '\u201b']);
const DOUBLE_QUOTES = new Set(['"', '\u201c', '\u201d', '\u201e']);
const DASHES = new Set(['-', '\u2013', '\u2014', '\u2015']);

/** PowerShell takes typographic quotes and dashes for the plain ones. */
export function isSingleQuote(char: string): boolean {
  return SINGLE_QUOTES.has(char);
}

export function isDoubleQuote(char: string): boolean {
  return DOUBLE_QUOTES.has(char);
}

export function isDash(char: string): boolean {
  return DASHES.has(char);
}

/** White space that parts words but ends no statement. */
export function isBlank(char: string): boolean {
  return char !== '' && char !== '\n' && /\s|\u0085/.test(char);
}

/** The character a backtick makes of the next one; in names the plain character is the dangerous reading. */
export function unescapedBacktick(char: string, inString: boolean): string {
  if (!inString) return char;
  return { n: '\n', t: '\t', r: '\r', '0': '\0' }[char] ?? char;
}
