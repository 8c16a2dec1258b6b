import type { StderrFilter } from '../process/run-process.ts';

/** How much ssh may say before the command begins; more is kept as if it had begun. */
const PREAMBLE_BYTES_MAX = 65_536;

/**
 * Takes the marks of a remote script out of stderr. What comes before the first is ssh's own word; without
 * it the command never began, without the second how it ended is not known.
 */
export class MarkFilter implements StderrFilter {
  readonly #startMark: Buffer;
  readonly #endMark: Buffer;
  #pending = Buffer.alloc(0);
  #began = false;
  #ended = false;
  #preamble = '';

  constructor(marks: { readonly startMark: string; readonly endMark: string }) {
    this.#startMark = Buffer.from(marks.startMark);
    this.#endMark = Buffer.from(marks.endMark);
  }

  get began(): boolean {
    return this.#began;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What ssh said before the command began (or instead of it). */
  get preamble(): string {
    return this.#preamble;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    if (!this.#began && !this.#takeStart()) return Buffer.alloc(0);
    // The last bytes may be (the beginning of) the end mark: they wait for what follows.
    const ready = Math.max(0, this.#pending.length - this.#endMark.length);
    const out = this.#pending.subarray(0, ready);
    this.#pending = this.#pending.subarray(ready);
    return out;
  }

  flush(): Uint8Array {
    if (!this.#began) this.#preamble = this.#pending.toString('utf8');
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    const at = this.#began ? rest.lastIndexOf(this.#endMark) : -1;
    if (at < 0) return rest;
    this.#ended = true;
    return Buffer.concat([rest.subarray(0, at), rest.subarray(at + this.#endMark.length)]);
  }

  #takeStart(): boolean {
    const at = this.#pending.indexOf(this.#startMark);
    if (at < 0) {
      if (this.#pending.length > PREAMBLE_BYTES_MAX)
        this.#pending = this.#pending.subarray(-PREAMBLE_BYTES_MAX);
      return false;
    }
    this.#began = true;
    this.#preamble = this.#pending.toString('utf8', 0, at);
    this.#pending = this.#pending.subarray(at + this.#startMark.length);
    return true;
  }
}
