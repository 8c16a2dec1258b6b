import { SCAN_PADDING_BYTES } from '../scan-bytes.ts';
import { LINE_BYTES_MAX } from '../line.ts';

/** Where things stand in the memory of the program that reads plain lines. Addresses are in bytes. */
export const AT = {
  /** For each byte, whether it may stand behind a backslash in a canonical text. */
  escapes: 0,
  /** What every line must have as its `prev_hash`, 64 characters. */
  prevHash: 256,
  /** The part of a time down to the minute that was found good last. */
  minute: 320,
  /** What every line must have as its `origin_id`, as it stands there, from the colon before to the comma after. */
  origin: 352,
  originBytes: 508,
  /** The digest of the line, to be held to its `entry_hash`. */
  digest: 512,
  /** What was found in the line that was read last. */
  kind: 544,
  reason: 548,
  entryHash: 552,
  ownPrevHash: 556,
  nonAscii: 560,
  canonicalBytes: 564,
  seq: 568,
  intentSeq: 576,
  otherCount: 584,
  lines: 640,
} as const;

/** How many characters of a time are its part down to the minute, colon included. */
export const MINUTE_CHARS = 17;
/** How many characters a digest in hex has. */
export const HASH_CHARS = 64;
/** Room for lines: for what is read of a log at a time. */
export const LINES_BYTES: number = 2 * LINE_BYTES_MAX;
/** Where the canonical bytes of the line that was read last stand alone. */
export const CANONICAL: number = AT.lines + LINES_BYTES + SCAN_PADDING_BYTES;
/** How much memory the program has. */
export const MEMORY_BYTES: number = CANONICAL + LINE_BYTES_MAX;
