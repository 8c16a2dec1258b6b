import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseNote, signNote, verifierKey } from '../evidence/note.ts';
import { endorse, type SigningKey } from '../evidence/signing-key.ts';
import { KEY_ROTATED } from '../own-entries.ts';
import type { StoredRecord } from '../record.ts';
import { ENDORSERS_MAX, KEYS_MAX, KeyRing } from './key-ring.ts';

/** Two keys of one name and one id, found by trying: the base64 of a type byte and the key, and a private key. */
const PINNED_OF_ONE_ID = 'AfUH6k1YmydjWINiaPfdSbc4BVx/smAVp4qRr7epU7tL';
const FORGED_OF_ONE_ID = 'MC4CAQAwBQYDK2VwBCIEIPENcIvfplfQIYdiQAwiW/8lbBQdDbOT1BNiSHVvXBNh';

function aKey(name = 'praxis/a'): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { name, privateKey, verifierKey: verifierKey(name, publicKey) };
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
  return note === null ? 'no note' : ring.judge(note, signer.name);
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

  it('are known with whether another key gave its word for them, also to who has no key', () => {
    const [one, stranger, next] = [aKey(), aKey(), aKey()];
    const ring = new KeyRing([]);
    for (const record of [header(one), header(stranger), rotation(one, next)]) ring.record(record);
    expect(ring.changes.map(({ endorsed }) => endorsed)).toEqual([false, false, true]);
    expect(verdict(one, [header(one), header(stranger), rotation(one, next)], next)).toBe('good');
  });

  it('are remembered while they are among the last that were named, and forgotten then', () => {
    const [pinned, next] = [aKey(), aKey()];
    const named = (others: number): StoredRecord[] => [
      header(pinned),
      rotation(pinned, next),
      ...Array.from({ length: others }, (_, n) => header({ ...pinned, verifierKey: `praxis/a+${n}` })),
    ];
    expect(verdict(pinned, named(KEYS_MAX - 1), next)).toBe('good');
    expect(verdict(pinned, named(KEYS_MAX), next)).toBe('untrusted_key');
    expect(verdict(pinned, [...named(KEYS_MAX), header(next)], next)).toBe('untrusted_key');
    const again = [...named(KEYS_MAX - 1), header(next), header(aKey())];
    expect(verdict(pinned, again, next)).toBe('good');
    // The auditor's own key is never forgotten.
    expect(verdict(pinned, named(2 * KEYS_MAX), pinned)).toBe('good');
  });

  it('take the same memory however many a log names, and are known again where a verification goes on', () => {
    const pinned = aKey();
    const ring = new KeyRing([pinned.verifierKey]);
    ring.record(header(pinned));
    let last = pinned;
    for (let n = 0; n < KEYS_MAX + 20; n += 1) {
      const next = aKey();
      ring.record(rotation(last, next));
      last = next;
    }
    expect(ring.changes).toHaveLength(KEYS_MAX);
    expect(ring.followed).toHaveLength(KEYS_MAX);
    expect(ring.namesWhatCounts).toBe(true);
    const later = new KeyRing([pinned.verifierKey]);
    later.resume(ring.changes, ring.followed);
    const note = parseNote(signNote('text\n', last.name, last.privateKey));
    if (note === null) throw new Error('no note');
    expect(later.judge(note, last.name)).toBe('good');
    expect(later.namesWhatCounts).toBe(true);
  });

  it('are told apart by more than their four-byte ids', () => {
    const pinned = { ...aKey(), verifierKey: `praxis/a+995aa505+${PINNED_OF_ONE_ID}` };
    const privateKey = createPrivateKey({
      key: Buffer.from(FORGED_OF_ONE_ID, 'base64'),
      format: 'der',
      type: 'pkcs8',
    });
    const forged = {
      name: 'praxis/a',
      privateKey,
      verifierKey: verifierKey('praxis/a', createPublicKey(privateKey)),
    };
    expect(forged.verifierKey).toMatch(/^praxis\/a\+995aa505\+/);
    expect(verdict(pinned, [header(pinned), header(forged)], forged)).toBe('untrusted_key');
    expect(verdict(forged, [header(pinned), header(forged)], forged)).toBe('good');
  });

  it('sign for the ledger that they are named after, and for no other', () => {
    const [one, other] = [aKey('praxis/one'), aKey('praxis/other')];
    const ring = new KeyRing([one.verifierKey, other.verifierKey]);
    const note = parseNote(signNote('praxis/one\n', other.name, other.privateKey));
    if (note === null) throw new Error('no note');
    expect(ring.judge(note, 'praxis/one')).toBe('untrusted_key');
    expect(ring.judge(note, 'praxis/other')).toBe('good');
  });

  it('are never those of a witness', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const ring = new KeyRing([verifierKey('praxis/a', publicKey, 'cosignature')]);
    const note = parseNote(signNote('text\n', 'praxis/a', privateKey));
    if (note === null) throw new Error('no note');
    expect(ring.judge(note, 'praxis/a')).toBe('untrusted_key');
  });
});
