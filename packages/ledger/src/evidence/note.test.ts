import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseNote, parseVerifierKey, signNote, verifierKey, verifyNote } from './note.ts';

// The example in the documentation of Go's golang.org/x/mod/sumdb/note, where the format comes from.
const KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SEED = 'gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

describe('a signed note', () => {
  it('that another program made verifies, and not when it is changed', () => {
    const verifier = parseVerifierKey(KEY);
    const note = parseNote(`${TEXT}\n${SIGNATURE}`);
    if (verifier === null || note === null) throw new Error('it does not parse');
    expect(verifyNote(note, verifier)).toBe(true);
    expect(verifyNote({ ...note, text: note.text.replace('answer', 'Answer') }, verifier)).toBe(false);
  });

  it('is made byte for byte as the other program makes it', () => {
    const pkcs8 = Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.from(SEED, 'base64'),
    ]);
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    expect(verifierKey('PeterNeumann', createPublicKey(privateKey))).toBe(KEY);
    expect(signNote(TEXT, 'PeterNeumann', privateKey)).toBe(`${TEXT}\n${SIGNATURE}`);
  });

  it('is none without a text, without its last newline, or with another spelling of a signature', () => {
    expect(parseNote(SIGNATURE)).toBeNull();
    expect(parseNote(`${TEXT}\n${SIGNATURE}`.trimEnd())).toBeNull();
    expect(parseNote(`${TEXT}\n${SIGNATURE.replace('=', '')}`)).toBeNull();
    expect(parseNote(`${TEXT}\n${SIGNATURE.replace('AM=', 'AN=')}`)).toBeNull();
    expect(parseVerifierKey(KEY.replace('c74f20a3', 'c74f20a4'))).toBeNull();
  });
});
