import { sha256Hex } from '@praxis/core';
import { redactText } from '@praxis/screen';

/** The most that an action's output shows to a caller, in bytes; the digest covers all of it. */
export const OUTPUT_PREVIEW_BYTES_MAX = 65_536;

/** The largest answer a read may give, in bytes. A larger one is refused whole: half a table misleads. */
export const READ_OUTPUT_BYTES_MAX: number = 8 * 1024 * 1024;

/** What the ledger keeps of an output: never its body. */
export interface OutputDigest {
  readonly sha256: string;
  readonly lengthBytes: number;
}

export function digestOutput(output: string | Uint8Array): OutputDigest {
  return { sha256: sha256Hex(output), lengthBytes: byteLength(output) };
}

/**
 * The part of an output that a caller sees: decoded as UTF-8 (bad bytes become U+FFFD), secrets
 * removed, cut at `OUTPUT_PREVIEW_BYTES_MAX` with a trailer that gives the whole size in bytes.
 */
export function boundOutput(output: string | Uint8Array, wholeLengthBytes: number): string {
  const bytes = typeof output === 'string' ? Buffer.from(output, 'utf8') : output;
  const shown = new TextDecoder('utf-8').decode(bytes.subarray(0, OUTPUT_PREVIEW_BYTES_MAX));
  const clean = redactText(shown);
  if (wholeLengthBytes <= OUTPUT_PREVIEW_BYTES_MAX) return clean;
  return `${clean}\n[cut: ${OUTPUT_PREVIEW_BYTES_MAX} of ${wholeLengthBytes} bytes shown]`;
}

function byteLength(output: string | Uint8Array): number {
  return typeof output === 'string' ? Buffer.byteLength(output, 'utf8') : output.byteLength;
}
