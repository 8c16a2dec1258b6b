import { isJsonObject, type JsonObject } from '@praxis/core';
import { isOf, type NoteVerifier, parseVerifierKey, type SignedNote, verifyNote } from '../evidence/note.ts';
import { isEndorsed } from '../evidence/signing-key.ts';
import { KEY_ROTATED } from '../own-entries.ts';
import type { StoredRecord } from '../record.ts';
import type { KeyChange } from './report.ts';

/** How many of the keys that were named last may have given their word for a new one: each costs a signature. */
export const ENDORSERS_MAX = 16;
/** How many of the keys that were named last are remembered: those before them sign nothing that counts any more. */
export const KEYS_MAX = 1_000;

/**
 * Which keys may sign checkpoints, learned from the log: each session header names the key in use, and
 * a rotation record carries the old key's word for the new one. With keys of the auditor's own, only
 * those, and keys that follow from them by rotation, count. However many a log names, `KEYS_MAX` are remembered
 * besides the auditor's own.
 */
export class KeyRing {
  /** The last `KEYS_MAX` changes, oldest first. */
  readonly changes: KeyChange[] = [];
  /** The auditor's own. */
  readonly #pinned: ReadonlySet<string>;
  /** Those among `changes` that follow from the auditor's own by rotation. */
  readonly #following = new Set<string>();
  #namesTrusted = false;

  constructor(trusted: readonly string[]) {
    this.#pinned = new Set(trusted.map((key) => key.trim()));
  }

  /** The keys among the last named that count because they are the auditor's own, or follow from those. */
  get followed(): string[] {
    return this.changes.map((change) => change.verifier_key).filter((key) => this.#trusts(key));
  }

  /** Takes what an earlier verification learned. Keys that followed from the auditor's then follow from them now. */
  resume(changes: readonly KeyChange[], followed: readonly string[]): void {
    if (this.#pinned.size > 0) for (const key of followed) this.#following.add(key);
    for (const change of changes) this.#change(change);
  }

  /** The key in use after the last record that named one. */
  get current(): string | null {
    return this.changes.at(-1)?.verifier_key ?? null;
  }

  /** Whether the log names a key that counts; without keys of the auditor's own there is nothing to miss. */
  get namesWhatCounts(): boolean {
    return this.#pinned.size === 0 || this.#namesTrusted;
  }

  /** Takes a record that may name a key. */
  record(record: StoredRecord): void {
    if (!isJsonObject(record.args)) return;
    if (record.kind === 'session' && isJsonObject(record.args['evidence'])) {
      const key = record.args['evidence']['verifier_key'];
      if (typeof key === 'string' && key !== this.current)
        this.#change({ seq: record.seq, verifier_key: key, endorsed: false });
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
    const trusted = [...this.#pinned, ...this.#following];
    // A segment alone need not name its key, and an auditor without one has nothing to hold it to.
    if (trusted.length + named.length === 0) return 'good';
    const counting = signersAmong(this.#pinned.size > 0 ? trusted : named, note, name);
    // A key id is four bytes, which can be had twice on purpose: what counts is whose signature verifies.
    if (counting.some((key) => verifyNote(note, key))) return 'good';
    const others = signersAmong(named, note, name);
    if (counting.length + others.length === 0) return 'untrusted_key';
    return others.some((key) => verifyNote(note, key)) ? 'untrusted_key' : 'bad_signature';
  }

  #rotated(seq: number, args: JsonObject): void {
    const { verifier_key: key, endorsement } = args;
    if (typeof key !== 'string' || key === this.current) return;
    const endorser = this.#endorserOf(key, endorsement);
    if (endorser !== null && this.#trusts(endorser)) this.#following.add(key);
    this.#change({ seq, verifier_key: key, endorsed: endorser !== null });
  }

  /** The key that gave its word for a new one; one that counts rather than one that does not. */
  #endorserOf(key: string, endorsement: unknown): string | null {
    // Not the last key that was named alone: a rotation that failed half way names one that never came into force.
    const last = this.changes.slice(-ENDORSERS_MAX).map((change) => change.verifier_key);
    let endorser: string | null = null;
    // The newest first: it nearly always is the one, and each of the others costs a signature.
    for (const before of new Set(last.reverse())) {
      if (!isEndorsed(before, key, endorsement)) continue;
      if (this.#pinned.size === 0 || this.#trusts(before)) return before;
      endorser ??= before;
    }
    return endorser;
  }

  #trusts(key: string): boolean {
    return this.#pinned.has(key) || this.#following.has(key);
  }

  #change(change: KeyChange): void {
    if (this.#trusts(change.verifier_key)) this.#namesTrusted = true;
    this.changes.push(change);
    if (this.changes.length <= KEYS_MAX) return;
    const forgotten = this.changes.shift()?.verifier_key ?? '';
    // It may have been named again since.
    if (!this.changes.some(({ verifier_key: key }) => key === forgotten)) this.#following.delete(forgotten);
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
