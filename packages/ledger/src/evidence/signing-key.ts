import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import {
  constants,
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { syncDirectory } from '../log/log-file.ts';
import { type NoteVerifier, parseVerifierKey, verifierKey } from './note.ts';

/** The key that signs a ledger's checkpoints, or a witness's cosignatures of them. */
export interface SigningKey {
  readonly name: string;
  readonly privateKey: KeyObject;
  /** What auditors are given. */
  readonly verifierKey: string;
}

const OTHERS = 0o077;

/**
 * The Ed25519 key in an owner-only file, made on first use; the verifier key is written beside it with
 * the extension `.pub`. Throws `LEDGER_UNWRITABLE` for a file that others may read, a link, or no key.
 */
export function loadOrCreateKey(path: string, name: string, type: NoteVerifier['type'] = 'note'): SigningKey {
  const pem = readKey(path) ?? createKey(path);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw unusable(path, 'it holds no private key', cause);
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw unusable(path, 'it holds no Ed25519 key');
  const key = { name, privateKey, verifierKey: verifierKey(name, createPublicKey(privateKey), type) };
  publish(path, key.verifierKey);
  return key;
}

/**
 * Makes a new key and puts it in the place of the old one, which is gone then; before that, `announce` makes it
 * known. When that fails, or a crash comes in between, the old key stays in force.
 */
export async function replaceKey(
  path: string,
  name: string,
  announce: (nextVerifierKey: string) => Promise<unknown>,
): Promise<SigningKey> {
  const draft = `${path}.new`;
  // What an earlier attempt left was announced to nobody, or never came into force.
  rmSync(draft, { force: true });
  const next = createPublicKey(createPrivateKey(createKey(draft)));
  await announce(verifierKey(name, next));
  renameSync(draft, path);
  syncDirectory(dirname(path));
  return loadOrCreateKey(path, name);
}

/** The old key's word for the new one. */
export function endorse(old: SigningKey, next: string): string {
  return sign(null, Buffer.from(rotationText(next)), old.privateKey).toString('base64');
}

/** True when the old key has given its word for the new one. */
export function isEndorsed(oldVerifierKey: string, next: string, signature: unknown): boolean {
  const old = parseVerifierKey(oldVerifierKey);
  if (old === null || typeof signature !== 'string') return false;
  return verify(null, Buffer.from(rotationText(next)), old.publicKey, Buffer.from(signature, 'base64'));
}

function rotationText(next: string): string {
  return `praxis-key-rotation/v1\n${next}\n`;
}

function readKey(path: string): string | null {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile() || (stats.mode & OTHERS) !== 0) throw unusable(path, 'others may read it');
      if (process.getuid !== undefined && stats.uid !== process.getuid())
        throw unusable(path, 'it belongs to another user');
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw errorCode(error) === 'ELOOP' ? unusable(path, 'it is a symbolic link', error) : error;
  }
}

function createKey(path: string): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const fd = openSync(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    writeFileSync(fd, pem);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  syncDirectory(dirname(path));
  return pem;
}

function publish(path: string, text: string): void {
  writeFileSync(`${path}.pub`, `${text}\n`, { mode: 0o644 });
}

function unusable(path: string, why: string, cause?: unknown): Error {
  return ledgerError('LEDGER_UNWRITABLE', `the key at \`${path}\` cannot be used: ${why}`, {
    cause,
    fields: { path, reason: 'key' },
  });
}
