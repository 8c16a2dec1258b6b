import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import {
  isOf,
  type NoteVerifier,
  parseSignatures,
  parseVerifierKey,
  signatureLine,
  verifierKey,
} from './note.ts';

/** Cosignatures of witnesses (C2SP tlog-cosignature, `cosignature/v1`). */

const TIME_BYTES = 8;

/** What a witness signs: the time and the text of the checkpoint. */
function cosignedText(text: string, epochSeconds: number | bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${epochSeconds}\n${text}`);
}

/** One signature line of a witness over the text of a checkpoint. */
export function cosign(text: string, name: string, privateKey: KeyObject, epochSeconds: number): string {
  const key = parseVerifierKey(verifierKey(name, createPublicKey(privateKey), 'cosignature'));
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(epochSeconds));
  const signature = sign(null, cosignedText(text, epochSeconds), privateKey);
  return signatureLine(name, key?.keyId ?? Buffer.alloc(0), Buffer.concat([time, signature]));
}

/** Whether lines carry this witness's cosignature of a text: `absent` when none is in its name. */
export function verifyCosignature(
  text: string,
  lines: string,
  witness: NoteVerifier,
): 'valid' | 'invalid' | 'absent' {
  const signatures = parseSignatures(lines);
  if (signatures === null) return 'invalid';
  const own = signatures.filter((signature) => isOf(signature, witness));
  if (own.length === 0) return 'absent';
  return own.every(({ signature }) => isValid(text, signature, witness.publicKey)) ? 'valid' : 'invalid';
}

/** When this witness cosigned a text, in seconds since 1970, by the latest of its cosignatures that verify; or null. */
export function cosignatureTime(text: string, lines: string, witness: NoteVerifier): number | null {
  const own = (parseSignatures(lines) ?? []).filter((signature) => isOf(signature, witness));
  const times = own
    .filter(({ signature }) => isValid(text, signature, witness.publicKey))
    .map(({ signature }) => Number(signature.readBigUInt64BE(0)));
  return times.length === 0 ? null : Math.max(...times);
}

function isValid(text: string, signature: Buffer, publicKey: KeyObject): boolean {
  if (signature.length <= TIME_BYTES) return false;
  const epochSeconds = signature.readBigUInt64BE(0);
  return verify(null, cosignedText(text, epochSeconds), publicKey, signature.subarray(TIME_BYTES));
}
