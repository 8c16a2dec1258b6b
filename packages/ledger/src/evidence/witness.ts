import type { KeyObject } from 'node:crypto';
import type { Clock } from '@praxis/core';
import { EMPTY_ROOT, type NodeHash } from '../tree/node-hash.ts';
import { verifyConsistency } from '../tree/proof.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { cosign } from './cosignature.ts';
import { parseVerifierKey, verifyNote } from './note.ts';

/** What a witness remembers of a log: the latest checkpoint it cosigned. */
export interface WitnessedState {
  readonly size: number;
  readonly root: NodeHash;
  readonly note: string;
}

/** Where a witness keeps what it remembers. `put` must be durable when it returns. */
export interface WitnessStore {
  get(origin: string): WitnessedState | null;
  put(origin: string, state: WitnessedState): void;
}

/** What a witness answers: an HTTP status, its content type and body. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly contentType: string;
  readonly body: string;
  /** The log signed it, and it does not go on from what was cosigned before: a fork, or a wrong proof. */
  readonly inconsistent?: true;
}

/** How many proof lines a request may have (C2SP tlog-witness). */
const REQUEST_HASHES_MAX = 63;

/** The longest request a witness reads, in characters. */
export const WITNESS_REQUEST_CHARS_MAX = 131_072;

/**
 * A witness (C2SP tlog-witness): it cosigns a checkpoint only when the log's signature is good and a
 * consistency proof shows that the log it saw before is a prefix of it. It belongs on another machine,
 * in other hands than the log.
 */
export class Witness {
  readonly #name: string;
  readonly #privateKey: KeyObject;
  readonly #logKeys: () => readonly string[];
  readonly #store: WitnessStore;
  readonly #clock: Clock;

  constructor(options: {
    readonly name: string;
    readonly privateKey: KeyObject;
    /** Verifier keys of the logs it watches, or what answers them anew at each request. */
    readonly logKeys: readonly string[] | (() => readonly string[]);
    readonly store: WitnessStore;
    readonly clock: Clock;
  }) {
    const { logKeys } = options;
    this.#name = options.name;
    this.#privateKey = options.privateKey;
    this.#logKeys = typeof logKeys === 'function' ? logKeys : () => logKeys;
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /**
   * `POST /add-checkpoint`. Looks at what it remembers and remembers the new state in one turn, so that
   * requests at the same time cannot roll it back. Throws what the store throws: then nothing was cosigned.
   */
  addCheckpoint(request: string): WitnessAnswer {
    const parsed = parseRequest(request);
    const signed = parsed === null ? null : parseCheckpoint(parsed.note);
    if (parsed === null || signed === null) return answer(400, 'malformed request\n');
    const { origin, size, root } = signed.checkpoint;
    const keys = this.#logKeys().map(parseVerifierKey);
    const trusted = keys.filter((key) => key?.type === 'note' && key.name === origin);
    if (trusted.length === 0) return answer(404, 'unknown log\n');
    if (!trusted.some((key) => key !== null && verifyNote(signed.note, key)))
      return answer(403, 'no good signature\n');
    if (parsed.oldSize > size) return answer(400, 'the old size is beyond the new one\n');
    const known = this.#store.get(origin) ?? { size: 0, root: EMPTY_ROOT, note: '' };
    if (parsed.oldSize !== known.size) return conflict(known.size);
    if (known.size === size && known.root !== root) return { ...conflict(known.size), inconsistent: true };
    if (!verifyConsistency(known, { size, root }, parsed.proof))
      return { ...answer(422, 'not consistent\n'), inconsistent: true };
    // Remembered first: a cosignature that was given out and forgotten could be given for a fork.
    this.#store.put(origin, { size, root, note: parsed.note });
    return answer(200, this.#cosign(signed.note.text));
  }

  /** The latest checkpoint of a log that this witness cosigned: what an auditor holds the log to. */
  latest(origin: string): string | null {
    return this.#store.get(origin)?.note ?? null;
  }

  /**
   * The latest checkpoint with a cosignature made now: it says that nothing larger was seen until now, so
   * that nobody in between can pass off an earlier state. Null for a log it never cosigned.
   */
  latestCosigned(origin: string): string | null {
    const note = this.latest(origin);
    const signed = note === null ? null : parseCheckpoint(note);
    return signed === null ? null : `${note}${this.#cosign(signed.note.text)}`;
  }

  #cosign(text: string): string {
    const epochSeconds = Math.floor(this.#clock.now() / 1_000_000);
    return cosign(text, this.#name, this.#privateKey, epochSeconds);
  }
}

function parseRequest(request: string): { oldSize: number; proof: NodeHash[]; note: string } | null {
  if (request.length > WITNESS_REQUEST_CHARS_MAX) return null;
  const split = request.indexOf('\n\n');
  const [first = '', ...hashes] = request.slice(0, split).split('\n');
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1];
  if (split === -1 || old === undefined || hashes.length > REQUEST_HASHES_MAX) return null;
  const proof = hashes.map((text) => Buffer.from(text, 'base64'));
  if (proof.some((hash, i) => hash.length !== 32 || hash.toString('base64') !== hashes[i])) return null;
  return {
    oldSize: Number(old),
    proof: proof.map((hash) => hash.toString('latin1')),
    note: request.slice(split + 2),
  };
}

function conflict(size: number): WitnessAnswer {
  return { status: 409, contentType: 'text/x.tlog.size', body: `${size}\n` };
}

function answer(status: WitnessAnswer['status'], body: string): WitnessAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
