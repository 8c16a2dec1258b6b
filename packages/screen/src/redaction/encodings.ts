import { isUtf8 } from 'node:buffer';
import type { Span } from './spans.ts';

/** Encodings inside encodings are followed this deep. */
export const ENCODING_DEPTH_MAX = 4;

/** An encoded run is decoded only up to this length. */
export const ENCODED_CHARS_MAX = 1_048_576;

const WORD = /[^\s"'<>]+/g;
const PERCENT_ENCODED = /%[0-9A-Fa-f]{2}|\\(?:u00|x)[2-7][0-9A-Fa-f]/;
const ESCAPED_ASCII = /\\(?:u00|x)([2-7][0-9A-Fa-f])/g;
const BASE64_RUN =
  /[A-Za-z0-9+/_-]{16,}(?:(?:\r?\n|\\n)[ \t]{0,32}[A-Za-z0-9+/_-]{16,76}(?![A-Za-z0-9+/_-])){0,16384}(?:(?:\r?\n|\\n)[ \t]{0,32}[A-Za-z0-9+/_-]{1,75}(?![A-Za-z0-9+/_-]))?={0,2}/y;

/** The readable text that a base64 or base64url run encodes, or null when it encodes none. */
export function decodeBase64Text(run: string): string | null {
  const compact = run.replace(/\\n|\s|=/g, '');
  if (compact.length < 12 || compact.length > ENCODED_CHARS_MAX || compact.length % 4 === 1) return null;
  return readable(Buffer.from(compact, 'base64'));
}

const UTF8 = new TextDecoder('utf-8');

// eslint-disable-next-line no-control-regex -- control characters are what tells binary from text.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/;

function readable(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return null;
  const text = UTF8.decode(bytes);
  return CONTROL.test(text) ? null : text;
}

function decodeHexText(run: string): string | null {
  return run.length % 2 === 0 && /^[0-9a-fA-F]{24,}$/.test(run) ? readable(Buffer.from(run, 'hex')) : null;
}

/** Spans of base64 and hexadecimal among the `runs` of a text that decode to something that `leaks`. */
export function encodedSpans(
  text: string,
  runs: readonly Span[],
  leaks: (decoded: string) => boolean,
): Span[] {
  const spans: Span[] = [];
  let readUntil = 0;
  for (const { start } of runs) {
    if (start < readUntil) continue;
    BASE64_RUN.lastIndex = start;
    const run = BASE64_RUN.exec(text)?.[0] ?? '';
    readUntil = start + run.length;
    if (run.length > ENCODED_CHARS_MAX) continue;
    const decoded = decodeHexText(run) ?? decodeBase64Text(run);
    if (decoded !== null && leaks(decoded)) spans.push({ start, end: start + run.length });
  }
  return spans;
}

/** Replaces percent-encoded runs by their redacted text where that text holds a secret; others stay as they are. */
export function redactPercentRuns(text: string, redact: (decoded: string) => string): string {
  if (!PERCENT_ENCODED.test(text)) return text;
  return text.replace(WORD, (run) => {
    if (!PERCENT_ENCODED.test(run)) return run;
    const decoded = decodePercent(
      run.replace(ESCAPED_ASCII, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    );
    if (decoded === run) return run;
    const redacted = redact(decoded);
    return redacted === decoded ? run : redacted;
  });
}

function decodePercent(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    // Not UTF-8 as a whole: each octet on its own still shows ASCII keys and values.
    return run.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}
