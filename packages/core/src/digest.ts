import { hash } from 'node:crypto';

/** A SHA-256 digest as 64 lower-case hex digits. */
export type Sha256Hex = string;

/** SHA-256 of bytes, or of a text in UTF-8. */
export function sha256Hex(data: string | Uint8Array): Sha256Hex {
  return hash('sha256', data, 'hex');
}

/** SHA-256 of bytes, or of a text in UTF-8, as 32 bytes. */
export function sha256(data: string | Uint8Array): Buffer {
  return hash('sha256', data, 'buffer');
}
