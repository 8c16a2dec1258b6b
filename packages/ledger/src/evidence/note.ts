import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { sha256 } from '@praxis/core';

/**
 * Signed notes (C2SP signed-note): a text, a blank line, and one line per signature,
 * `— NAME BASE64(key id || signature)`.
 */

/** The longest note that is read, in characters. */
export const NOTE_CHARS_MAX = 65_536;
/** How many signature lines a note may have. */
export const NOTE_SIGNATURES_MAX = 64;

const SIGNATURE_START = '\u2014 ';
const KEY_ID_BYTES = 4;
const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const RAW_KEY_BYTES = 32;
/** The DER frame of an Ed25519 public key (RFC 8410), before its 32 bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Who verifies: a name and an Ed25519 key, `NAME+KEYID+BASE64(type || key)` when written down. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
  /** What the key signs: notes themselves, or cosignatures of a witness. */
  readonly type: 'note' | 'cosignature';
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

export interface SignedNote {
  /** What is signed, ending in a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** The text of a verifier key, to be given to auditors. */
export function verifierKey(name: string, publicKey: KeyObject, type: NoteVerifier['type'] = 'note'): string {
  const key = typedKey(publicKey, type);
  return `${name}+${keyId(name, key).toString('hex')}+${key.toString('base64')}`;
}

/** Reads a verifier key, or gives null for what is none of the Ed25519 types. */
export function parseVerifierKey(text: string): NoteVerifier | null {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim());
  if (match === null) return null;
  const [, name = '', id = '', encoded = ''] = match;
  const key = Buffer.from(encoded, 'base64');
  const type = key[0] === ED25519 ? 'note' : key[0] === COSIGNATURE ? 'cosignature' : null;
  if (type === null || key.length !== 1 + RAW_KEY_BYTES || keyId(name, key).toString('hex') !== id)
    return null;
  const spki = Buffer.concat([SPKI_PREFIX, key.subarray(1)]);
  return {
    name,
    keyId: keyId(name, key),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    type,
  };
}

/** Signs a text, which must end in a newline, as a note of its own. */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  const id = keyId(name, typedKey(createPublicKey(privateKey), 'note'));
  return `${text}\n${signatureLine(name, id, sign(null, Buffer.from(text), privateKey))}`;
}

/** One signature line, with its newline. */
export function signatureLine(name: string, id: Buffer, signature: Buffer): string {
  return `${SIGNATURE_START}${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** Takes a note apart, or gives null when it is none. Checks no signature. */
export function parseNote(note: string): SignedNote | null {
  if (note.length > NOTE_CHARS_MAX || !note.endsWith('\n')) return null;
  const split = note.lastIndexOf('\n\n');
  if (split < 1) return null;
  const signatures = parseSignatures(note.slice(split + 2));
  return signatures === null ? null : { text: note.slice(0, split + 1), signatures };
}

/** Reads signature lines, each ending in a newline, or gives null when one is none. */
export function parseSignatures(lines: string): NoteSignature[] | null {
  const signatures: NoteSignature[] = [];
  for (const line of lines.slice(0, -1).split('\n')) {
    const space = line.indexOf(' ', SIGNATURE_START.length);
    const bytes = Buffer.from(line.slice(space + 1), 'base64');
    // What decodes must encode to the same text: a signature line has one spelling.
    if (
      !line.startsWith(SIGNATURE_START) ||
      space === -1 ||
      bytes.toString('base64') !== line.slice(space + 1)
    )
      return null;
    if (bytes.length <= KEY_ID_BYTES || signatures.length >= NOTE_SIGNATURES_MAX) return null;
    const name = line.slice(SIGNATURE_START.length, space);
    signatures.push({
      name,
      keyId: bytes.subarray(0, KEY_ID_BYTES),
      signature: bytes.subarray(KEY_ID_BYTES),
    });
  }
  return signatures;
}

/** True when the note carries a valid signature of this verifier and no invalid one in its name. */
export function verifyNote(note: SignedNote, verifier: NoteVerifier): boolean {
  const own = note.signatures.filter((signature) => isOf(signature, verifier));
  const message = Buffer.from(note.text);
  return own.length > 0 && own.every(({ signature }) => verify(null, message, verifier.publicKey, signature));
}

/** True when a signature line is in the name and of the key of a verifier. */
export function isOf(signature: NoteSignature, verifier: NoteVerifier): boolean {
  return signature.name === verifier.name && signature.keyId.equals(verifier.keyId);
}

function typedKey(publicKey: KeyObject, type: NoteVerifier['type']): Buffer {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return Buffer.concat([Buffer.of(type === 'note' ? ED25519 : COSIGNATURE), spki.subarray(-RAW_KEY_BYTES)]);
}

/** The first four bytes of `SHA-256(name || newline || type || key)`. */
function keyId(name: string, key: Buffer): Buffer {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), key])).subarray(0, KEY_ID_BYTES);
}
