import { hash } from 'node:crypto';

/** How many characters a digest in hex has. */
export const HASH_CHARS = 64;
/** What stands between the canonical bytes of a record and its digest. */
export const ENTRY_HASH_MEMBER = ',"entry_hash":"';
const SEAL = '"}\n';
const COMMA = 0x2c;
/** By how much a line, newline included, is longer than the canonical bytes it was made of. */
const ADDED_BYTES = ENTRY_HASH_MEMBER.length + HASH_CHARS + SEAL.length - 1;

/** What is known of each line in a batch: so many numbers, one line after another. */
export const MARKS_PER_LINE = 3;
/** Where among the marks of a line it says at which byte the line begins, its `prev_hash` does, and it ends. */
export const MARK_START = 0;
export const MARK_PREV_HASH = 1;
export const MARK_END = 2;

/** Lines that were laid out one after another, each with room for two digests. */
export interface LaidOutLines {
  readonly bytes: Buffer;
  readonly marks: Int32Array;
}

/**
 * Makes a stored line, newline included, of the canonical bytes that were laid out up to `end`, in place: all but the
 * comma and the digest stands behind them already.
 */
function sealLine(bytes: Buffer, end: number, entryHash: string): void {
  bytes[end - 1] = COMMA;
  bytes.write(entryHash, end - 1 + ENTRY_HASH_MEMBER.length, 'latin1');
}

/**
 * Chains lines and makes stored lines of them, in place: fills in each one's `prev_hash`, digests its canonical
 * bytes and splices the digest in. Takes the digest of the line before the first one, and gives that of the last;
 * `digests` gets all of them.
 */
export function sealLines(
  { bytes, marks }: LaidOutLines,
  from: number,
  to: number,
  prevHash: string,
  digests: string[] | null = null,
): string {
  let last = prevHash;
  for (let at = from * MARKS_PER_LINE; at < to * MARKS_PER_LINE; at += MARKS_PER_LINE) {
    const start = marks[at + MARK_START] ?? 0;
    const end = (marks[at + MARK_END] ?? 0) - ADDED_BYTES;
    bytes.write(last, marks[at + MARK_PREV_HASH] ?? 0, 'latin1');
    last = hash('sha256', bytes.subarray(start, end), 'hex');
    sealLine(bytes, end, last);
    digests?.push(last);
  }
  return last;
}

/** The digest in a line that was sealed. */
export function sealedHash({ bytes, marks }: LaidOutLines, line: number): string {
  const end = (marks[line * MARKS_PER_LINE + MARK_END] ?? 0) - SEAL.length;
  return bytes.toString('latin1', end - HASH_CHARS, end);
}
