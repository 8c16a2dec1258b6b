/**
 * What a resource can mean. A deny holds when it matches any reading; an allow must match every one, and none matches
 * when `isAllowable` is false.
 */
export interface Readings<S> {
  readonly readings: readonly S[];
  readonly isAllowable: boolean;
}

/** Rounds of percent-decoding that are followed before a resource is taken to be hostile. */
export const DECODE_ROUNDS_MAX = 3;

const ESCAPES = /(?:%[0-9a-f]{2})+/gi;

/** Decodes every percent escape that spells UTF-8; other escapes stay. */
export function decodePercent(text: string): string {
  return text.replace(ESCAPES, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
    const decoded = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes);
    return decoded.includes('\ufffd') ? run.replace(/%[0-7][0-9a-f]/gi, asciiOf) : decoded;
  });
}

function asciiOf(escape: string): string {
  return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
}

/** Resolves `.`, `..` and empty segments of an absolute path; the result begins with a slash and ends in none. */
export function resolveSegments(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}
