import { sha256Hex } from '@praxis/core';
import { redactText } from '@praxis/screen';

/** The most that an action's output shows to a caller, in bytes; the digest covers all of it. */
export const OUTPUT_PREVIEW_BYTES_MAX = 65_536;

/** How far beyond the cut secrets are looked for, in bytes: longer than any single one. */
const CUT_MARGIN_BYTES = 8192;

/** The largest answer a read may give, in bytes. A larger one is refused whole: half a table misleads. */
export const READ_OUTPUT_BYTES_MAX: number = 8 * 1024 * 1024;

/** What the ledger keeps of an output: never its body. */
export interface OutputDigest {
  readonly sha256: string;
  readonly lengthBytes: number;
}

/** Digest and length in bytes of a whole output, as the ledger keeps them. */
export function digestOutput(output: string | Uint8Array): OutputDigest {
  return { sha256: sha256Hex(output), lengthBytes: byteLength(output) };
}

/**
 * The part of an output that a caller sees: decoded as UTF-8 (bad bytes become U+FFFD), secrets
 * removed, cut at `OUTPUT_PREVIEW_BYTES_MAX` with a trailer that gives the whole size in bytes.
 */
export function boundOutput(output: string | Uint8Array, wholeLengthBytes: number): string {
  const bytes = typeof output === 'string' ? Buffer.from(output, 'utf8') : output;
  const looked = bytes.subarray(0, OUTPUT_PREVIEW_BYTES_MAX + CUT_MARGIN_BYTES);
  const clean = redactText(new TextDecoder('utf-8').decode(looked));
  if (wholeLengthBytes <= OUTPUT_PREVIEW_BYTES_MAX) return clean;
  return `${cut(clean, looked.length)}\n[cut: ${OUTPUT_PREVIEW_BYTES_MAX} of ${wholeLengthBytes} bytes shown]`;
}

/**
 * What is shown of a longer text. The margin is looked at but never shown: the first half of a secret that the
 * cut would split is no secret to look at.
 */
function cut(clean: string, lookedBytes: number): string {
  const marginBytes = Math.max(0, lookedBytes - OUTPUT_PREVIEW_BYTES_MAX);
  const bytes = Buffer.from(clean, 'utf8');
  const shownBytes = Math.min(OUTPUT_PREVIEW_BYTES_MAX, bytes.length - marginBytes);
  return new TextDecoder('utf-8').decode(bytes.subarray(0, Math.max(0, shownBytes)));
}

function byteLength(output: string | Uint8Array): number {
  return typeof output === 'string' ? Buffer.byteLength(output, 'utf8') : output.byteLength;
}
