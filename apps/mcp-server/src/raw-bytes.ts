import { sha256Hex } from '@praxis/core';

/** What is kept of bytes that were no message: enough to recognise them, nothing that was in them. */
export interface RawBytes {
  /** SHA-256 of the bytes, lower-case hexadecimal. */
  readonly sha256: string;
  readonly lengthBytes: number;
}

/** What is kept of these bytes; a text stands for its UTF-8. */
export function rawBytesOf(bytes: Uint8Array | string): RawBytes {
  return { sha256: sha256Hex(bytes), lengthBytes: Buffer.byteLength(bytes) };
}
