import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

const MARK =
  /-----BEGIN ([A-Z0-9 ]{0,64})(?:-{1,5})?|---- BEGIN SSH2 ENCRYPTED (PRIVATE KEY) ----|Private-(Lines): \d{1,6}|-----END ([A-Z0-9 ]{0,64})(?:-{1,5})?/g;

interface Mark {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly begins: boolean;
}

/** Armoured blocks of a text, in order. */
export interface PemBlocks {
  /** Private blocks, each up to its end line or, when cut off, up to where its body stops. */
  readonly secret: Span[];
  /** Certificates, public keys and signatures: never secret, though they look random. */
  readonly open: Span[];
}

/** Finds armoured blocks, whole or cut off: PEM, OpenSSH, PGP, PuTTY. */
export function pemBlocks(text: string): PemBlocks {
  const secret: Span[] = [];
  const open: Span[] = [];
  const marks = readMarks(text);
  for (let index = 0; index < marks.length; index += 1) {
    const mark = marks[index] as Mark;
    if (!mark.begins) {
      const previous = marks[index - 1];
      if (mark.label.includes('PRIVATE') && previous?.begins !== true)
        secret.push({ start: bodyStart(text, mark.start, previous?.end ?? 0), end: mark.end });
      continue;
    }
    const next = marks[index + 1];
    const closed = next !== undefined && !next.begins;
    const end = closed ? next.end : bodyEnd(text, mark.end, next?.start ?? text.length);
    (isPrivate(mark, text) ? secret : open).push({ start: mark.start, end });
  }
  return { secret, open };
}

function readMarks(text: string): Mark[] {
  const marks: Mark[] = [];
  for (const match of matchesOf(text, MARK)) {
    const label = match[1] ?? match[2] ?? match[3] ?? match[4] ?? '';
    const end = match.index + match[0].length;
    marks.push({
      start: match.index,
      end,
      label: match[3] === undefined ? label : 'PRIVATE',
      begins: match[4] === undefined,
    });
  }
  return marks;
}

// `-----BEGIN RSA PRIV` at the end of a text was a private key before it was cut.
function isPrivate(mark: Mark, text: string): boolean {
  if (mark.label.includes('PRIVATE')) return true;
  return mark.end >= text.length && /(?:PRIV|RSA|EC|DSA|OPENSSH|ENCRYPTED)/.test(mark.label);
}

const GAP = /(?:\s|\\[nrt]|\\(?=\s)|%0[AaDd]|&#1[03];|["',|>+]{1,4}(?=\s)){1,256}/y;
const BODY_WORD = /[A-Za-z0-9+/=_-]{1,16384}/y;
const HEADER_LINE = /[A-Z][A-Za-z-]{1,32}: [^\n\\]{0,256}/y;

/** The length of a full line of an armoured body is at least this; a shorter line is its last. */
const FULL_LINE_CHARS_MIN = 32;

function bodyEnd(text: string, from: number, limit: number): number {
  let position = from;
  let full = true;
  while (position < limit) {
    GAP.lastIndex = position;
    const start = position + (GAP.exec(text)?.[0].length ?? 0);
    HEADER_LINE.lastIndex = start;
    const header = HEADER_LINE.exec(text);
    if (header !== null) {
      position = start + header[0].length;
      continue;
    }
    BODY_WORD.lastIndex = start;
    const word = BODY_WORD.exec(text)?.[0] ?? '';
    const end = start + word.length;
    if (word === '' || !isBodyWord(word, full, text[end])) break;
    full = word.length >= FULL_LINE_CHARS_MIN;
    position = end;
  }
  return Math.min(position, limit);
}

function isBodyWord(word: string, afterFullLine: boolean, next: string | undefined): boolean {
  if (word.length >= FULL_LINE_CHARS_MIN) return true;
  if (/[0-9+/=]/.test(word)) return true;
  return afterFullLine && (next === undefined || !/[ \t:,.;]/.test(next));
}

/** A body whose beginning was cut off is followed back this far. */
export const HEADLESS_BODY_CHARS_MAX = 16_384;

// The lines of base64 directly before an end mark that has no begin mark.
function bodyStart(text: string, end: number, floor: number): number {
  const window = text.slice(Math.max(floor, end - HEADLESS_BODY_CHARS_MAX), end);
  let start = end;
  for (const line of window.split(/(?<=\n|\\n)/).reverse()) {
    const body = /[A-Za-z0-9+/=]*(?:\\r|\\n|[\s]){0,8}$/.exec(line)?.[0] ?? '';
    if (body.trim() === '') break;
    start -= body.length;
    if (body.length < line.trimStart().length) break;
  }
  return start;
}
