import { hash } from 'node:crypto';
import type { ScanBytes } from './scan-bytes.ts';
import type { NodeHash } from './tree/node-hash.ts';

/** How many characters stand between the canonical bytes of a record, without their last brace, and its `entry_hash`. */
const MEMBER_CHARS = ',"entry_hash":"'.length;
const CLOSE_BRACE = 0x7d;

/** The digest of the stored line that begins at `start`, without its `entry_hash`, whose value begins at `entryHashAt`. */
export function entryDigest({ bytes }: ScanBytes, start: number, entryHashAt: number): NodeHash {
  const comma = entryHashAt - MEMBER_CHARS;
  const byte = bytes[comma] ?? 0;
  // The comma before the member gives way to the brace that closed the canonical bytes.
  bytes[comma] = CLOSE_BRACE;
  const digest = hash('sha256', bytes.subarray(start, comma + 1), 'latin1');
  bytes[comma] = byte;
  return digest;
}
