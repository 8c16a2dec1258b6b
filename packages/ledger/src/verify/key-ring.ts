import { isJsonObject, type JsonObject } from '@praxis/core';
import { isOf, type NoteVerifier, parseVerifierKey, type SignedNote, verifyNote } from '../evidence/note.ts';
import { isEndorsed } from '../evidence/signing-key.ts';
import { KEY_ROTATED } from '../own-entries.ts';
import type { StoredRecord } from '../record.ts';
import type { KeyChange } from './report.ts';

/** How many of the keys that were named last may have given their word for a new one: each costs a signature. */
export const ENDORSERS_MAX = 16;

/**
 * Which keys may sign checkpoints, learned from the log: each session header names the key in use, and
 * a rotation record carries the old key's word for the new one. With keys of the auditor's own, only
 * those, and keys that follow from them by rotation, count.
 */
export class KeyRing {
  readonly changes: KeyChange[] = [];
  readonly #trusted: Set<string>;
  readonly #pinned: boolean;

  constructor(trusted: readonly string[]) {
    this.#trusted = new Set(trusted.map((key) => key.trim()));
    this.#pinned = trusted.length > 0;
  }

  /** The keys that count because they follow from the auditor's own. */
  get followed(): string[] {
    return this.changes.map((change) => change.verifier_key).filter((key) => this.#trusted.has(key));
  }

  /** Takes what an earlier verification learned. Keys that followed from the auditor's then follow from them now. */
  resume(changes: readonly KeyChange[], followed: readonly string[]): void {
    this.changes.push(...changes);
    if (this.#pinned) for (const key of followed) this.#trusted.add(key);
  }

  /** The key in use after the last record that named one. */
  get current(): string | null {
    return this.changes.at(-1)?.verifier_key ?? null;
  }

  /** Whether the log names a key that counts; without keys of the auditor's own there is nothing to miss. */
  get namesWhatCounts(): boolean {
    return !this.#pinned || this.followed.length > 0;
  }

  /** Takes a record that may name a key. */
  record(record: StoredRecord): void {
    if (!isJsonObject(record.args)) return;
    if (record.kind === 'session' && isJsonObject(record.args['evidence'])) {
      const key = record.args['evidence']['verifier_key'];
      if (typeof key === 'string' && key !== this.current) this.#change(record.seq, key, false);
    } else if (record.kind === 'control' && record.reason === KEY_ROTATED) {
      this.#rotated(record.seq, record.args);
    }
  }

  /**
   * `good`, or why the signature of a checkpoint does not count. Only keys of the name in the checkpoint's
   * origin line are looked at: who holds the key of one ledger cannot sign for another.
   */
  judge(note: SignedNote, name: string): 'good' | 'bad_signature' | 'untrusted_key' {
    const named = this.changes.map((change) => change.verifier_key);
    const trusted = [...this.#trusted];
    // A segment alone need not name its key, and an auditor without one has nothing to hold it to.
    if (trusted.length + named.length === 0) return 'good';
    const counting = signersAmong(this.#pinned ? trusted : named, note, name);
    // A key id is four bytes, which can be had twice on purpose: what counts is whose signature verifies.
    if (counting.some((key) => verifyNote(note, key))) return 'good';
    const others = signersAmong(named, note, name);
    if (counting.length + others.length === 0) return 'untrusted_key';
    return others.some((key) => verifyNote(note, key)) ? 'untrusted_key' : 'bad_signature';
  }

  #rotated(seq: number, args: JsonObject): void {
    const { verifier_key: key, endorsement } = args;
    if (typeof key !== 'string' || key === this.current) return;
    // Not the last key that was named alone: a rotation that failed half way names one that never came into force.
    const endorsers = this.changes
      .slice(-ENDORSERS_MAX)
      .map((change) => change.verifier_key)
      .filter((before) => isEndorsed(before, key, endorsement));
    if (endorsers.some((before) => this.#trusted.has(before))) this.#trusted.add(key);
    this.#change(seq, key, endorsers.length > 0);
  }

  #change(seq: number, key: string, endorsed: boolean): void {
    this.changes.push({ seq, verifier_key: key, endorsed });
  }
}

/** The keys of a name, among those written down, in whose name and id a note carries a signature. */
function signersAmong(keys: readonly string[], note: SignedNote, name: string): NoteVerifier[] {
  return keys
    .map(parseVerifierKey)
    .filter((key) => key !== null)
    .filter((key) => key.type === 'note' && key.name === name)
    .filter((key) => note.signatures.some((signature) => isOf(signature, key)));
}
