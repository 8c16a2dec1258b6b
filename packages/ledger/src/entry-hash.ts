import { hash } from 'node:crypto';
import type { ScanBytes } from './plain-text.ts';
import type { NodeHash } from './tree/node-hash.ts';

/** How many characters stand between the canonical bytes of a record, without their last brace, and its `entry_hash`. */
const MEMBER_CHARS = ',"entry_hash":"'.length;
const CLOSE_BRACE = 0x7d;
const DIGEST_BYTES = 32;
const WORDS = (2 * DIGEST_BYTES) / 4;

/** The two hex digits of every byte, as a DataView reads them from a line. */
const HEX: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE(0),
);

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

/** Whether the 64 characters at `at` are the digest in lower-case hex. */
export function isHexAt(view: DataView, at: number, digest: NodeHash): boolean {
  let difference = 0;
  for (let i = 0; i < DIGEST_BYTES; i += 2) {
    const hex = (HEX[digest.charCodeAt(i)] ?? 0) | ((HEX[digest.charCodeAt(i + 1)] ?? 0) << 16);
    difference |= view.getInt32(at + 2 * i, true) ^ hex;
  }
  return difference === 0;
}

/** The `entry_hash` of one record, for the `prev_hash` of the next to be held to where it stands. */
export class EntryHash {
  readonly #words: Int32Array = new Int32Array(WORDS);
  /** Whether there is a hash; a claim of another length equals none. */
  #present = false;

  /** Takes the 64 characters at `at`. */
  takeFrom(view: DataView, at: number): void {
    for (let i = 0; i < WORDS; i += 1) this.#words[i] = view.getInt32(at + 4 * i, true);
    this.#present = true;
  }

  take(text: string): void {
    const bytes = Buffer.from(text);
    this.#present = bytes.length === 4 * WORDS;
    for (let i = 0; this.#present && i < WORDS; i += 1) this.#words[i] = bytes.readInt32LE(4 * i);
  }

  isAt(view: DataView, at: number): boolean {
    let difference = 0;
    for (let i = 0; i < WORDS; i += 1) difference |= view.getInt32(at + 4 * i, true) ^ (this.#words[i] ?? 0);
    return this.#present && difference === 0;
  }

  /** Only of use when one was taken by `takeFrom`. */
  toString(): string {
    const bytes = Buffer.alloc(4 * WORDS);
    for (const [i, word] of this.#words.entries()) bytes.writeInt32LE(word, 4 * i);
    return bytes.toString('latin1');
  }
}
