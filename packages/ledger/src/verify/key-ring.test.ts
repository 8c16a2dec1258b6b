import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseNote, signNote, verifierKey } from '../evidence/note.ts';
import { endorse, type SigningKey } from '../evidence/signing-key.ts';
import { KEY_ROTATED } from '../own-entries.ts';
import type { StoredRecord } from '../record.ts';
import { ENDORSERS_MAX, KeyRing } from './key-ring.ts';

function aKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { name: 'praxis/a', privateKey, verifierKey: verifierKey('praxis/a', publicKey) };
}

const header = (key: SigningKey): StoredRecord =>
  ({ kind: 'session', args: { evidence: { verifier_key: key.verifierKey } } }) as unknown as StoredRecord;

const rotation = (old: SigningKey, next: SigningKey): StoredRecord => {
  const args = { verifier_key: next.verifierKey, endorsement: endorse(old, next.verifierKey) };
  return { kind: 'control', reason: KEY_ROTATED, args } as unknown as StoredRecord;
};

/** Whether a note of `signer` counts for an auditor who has the key of `pinned`, after these records. */
function verdict(pinned: SigningKey, records: readonly StoredRecord[], signer: SigningKey): string {
  const ring = new KeyRing([pinned.verifierKey]);
  for (const record of records) ring.record(record);
  const note = parseNote(signNote('text\n', signer.name, signer.privateKey));
  return note === null ? 'no note' : ring.judge(note);
}

describe('the keys that may sign', () => {
  it('are those the auditor has, and those that follow from them by rotation', () => {
    const [one, two, three, stranger] = [aKey(), aKey(), aKey(), aKey()];
    const records = [header(one), rotation(one, two), rotation(two, three)];
    expect(verdict(one, records, one)).toBe('good');
    expect(verdict(one, records, three)).toBe('good');
    expect(verdict(two, records, one)).toBe('untrusted_key');
    expect(verdict(one, [...records, rotation(stranger, stranger)], stranger)).toBe('untrusted_key');
    expect(verdict(one, [...records, header(stranger)], stranger)).toBe('untrusted_key');
  });

  it('may be endorsed by one of the last that were named, and by none before those', () => {
    const [pinned, next] = [aKey(), aKey()];
    const named = (others: number): StoredRecord[] => [
      header(pinned),
      ...Array.from({ length: others }, () => header(aKey())),
      rotation(pinned, next),
    ];
    expect(verdict(pinned, named(ENDORSERS_MAX - 1), next)).toBe('good');
    expect(verdict(pinned, named(ENDORSERS_MAX), next)).toBe('untrusted_key');
  });
});
