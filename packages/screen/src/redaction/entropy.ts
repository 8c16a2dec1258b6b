import { matchesOf } from './matches.ts';
import { insideSpan, type Span } from './spans.ts';

/** The shortest text that may be judged a secret by its randomness alone. */
export const RANDOM_CHARS_MIN = 22;

const UUID = /^\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$/i;
const HEX = /^(?:0x)?[0-9a-f]+$/i;

/** Whether a text is an identifier that looks random and is not secret: a hexadecimal digest or a UUID. */
export function isDigestLike(text: string): boolean {
  return UUID.test(text) || (text.length >= 7 && HEX.test(text));
}

/**
 * Whether a text of base64 or base62 characters is random: upper, lower and digits mixed at nearly every character.
 * Identifiers made of words, however long, are not: their runs of one class are long.
 */
export function looksRandom(text: string): boolean {
  const body = text.replace(/=+$/, '');
  if (body.length < RANDOM_CHARS_MIN || isDigestLike(body)) return false;
  if (!/[0-9]/.test(body) || !/[a-z]/.test(body) || !/[A-Z]/.test(body)) return false;
  const pieces = body.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^A-Za-z0-9]+/g) ?? [];
  return (
    body.length / pieces.length < (body.length >= 36 ? 3.1 : 2.9) &&
    entropyBits(body.slice(0, 256)) >= entropyFloorBits(body.length)
  );
}

/** Shannon entropy of a text in bits per character. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

function entropyFloorBits(length: number): number {
  return length >= 40 ? 4 : 3.6;
}

const PATH = /^(?:[~.]{0,2}[/\\]|[A-Za-z]:[/\\])/;
const DATED = /^\d{4}-\d{2}-\d{2}/;
const VERSION = /^[v^~=]?\d+(?:\.\d+)+(?:[-+][\w.]+)?$/;
const HOST = /^(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?$/;
const WORDY = /^[a-z]+(?:[-_.][a-z0-9]{1,4})*$|^[A-Za-z]+[-_.]?\d{0,3}$/;

/** Whether a value beside a weakly suggestive name (`key`, `code`, `password` in prose) looks like a credential. */
export function looksLikeCredential(text: string, charsMin: number): boolean {
  if (text.length < charsMin || /\s/.test(text)) return false;
  if (PATH.test(text) || DATED.test(text) || VERSION.test(text) || HOST.test(text) || WORDY.test(text))
    return false;
  if (text.includes('://') || /^(?:sha\d+[-:]|\$?\{|<|ssh-|ecdsa-)/.test(text)) return false;
  return /[0-9]/.test(text) && /[A-Za-z]/.test(text);
}

const HARMLESS_BEFORE =
  /(?:sha(?:1|224|256|384|512)?[-:/]|SHA256:|MD5:|h1:|md5-|blake[23][a-z]?-?\d*[-:]|base64,)$/;
const PUBLIC_KEY =
  /(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-(?:ssh|ecdsa)-[\w@.-]{1,48})\s{1,4}AAAA[A-Za-z0-9+/]{16,8192}={0,2}/g;

/** Spans of public material that looks random: SSH public keys. */
export function publicKeySpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of matchesOf(text, PUBLIC_KEY))
    spans.push({ start: match.index, end: match.index + match[0].length });
  return spans;
}

/**
 * Spans of long random values among the `runs` of a text that stand beside nothing. `exempt` (sorted, not overlapping) is public material;
 * `decodes` tells that a candidate is merely encoded text, already judged elsewhere.
 */
export function entropySpans(
  text: string,
  runs: readonly Span[],
  exempt: readonly Span[],
  decodes: (candidate: string) => boolean,
): Span[] {
  const spans: Span[] = [];
  for (const run of runs) {
    if (run.end - run.start < RANDOM_CHARS_MIN) continue;
    const whole = text.slice(run.start, paddedEnd(text, run.end));
    // `\nAbC…`: the letter of an escape is not part of the value.
    const escape = text[run.start - 1] === '\\' && /^[nrtbf]/.test(whole) ? 1 : 0;
    const candidate = whole.slice(escape);
    const start = run.start + escape;
    if (insideSpan(exempt, start)) continue;
    if (HARMLESS_BEFORE.test(text.slice(Math.max(0, start - 12), start))) continue;
    if (/^sha(?:1|256|384|512)-/.test(candidate)) continue;
    if (UUID.test(candidate) || decodes(candidate)) continue;
    const inPath = /[./:]/.test(text[start - 1] ?? ' ');
    if (looksRandom(candidate) && !(candidate.includes('/') && (inPath || isPathLike(candidate)))) {
      spans.push({ start, end: start + candidate.length });
    } else spans.push(...randomPieces(candidate, start));
  }
  return spans;
}

function paddedEnd(text: string, from: number): number {
  let end = from;
  while (end < from + 2 && text[end] === '=') end += 1;
  return end;
}

// A path or a kebab-case name is judged piece by piece.
function randomPieces(run: string, start: number): Span[] {
  const spans: Span[] = [];
  for (const match of run.matchAll(/[^/]+/g)) {
    const piece = match[0];
    const isRandom = looksRandom(piece) || piece.split(/[_-]/).some((part) => looksRandom(part));
    if (isRandom) spans.push({ start: start + match.index, end: start + match.index + piece.length });
  }
  return spans;
}

function isPathLike(run: string): boolean {
  if (!run.includes('/')) return false;
  const pieces = run.split('/').filter((piece) => piece !== '');
  const words = pieces.filter((piece) => /^(?:[a-z]{2,}|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*|[0-9]+)$/.test(piece));
  return words.length * 2 > pieces.length;
}
