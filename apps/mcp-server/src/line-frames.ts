import { createHash, type Hash } from 'node:crypto';
import { type RawBytes, rawBytesOf } from './raw-bytes.ts';

/** What stands on one line, or why nothing can be read from it. */
export type LineFrame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'too_long'; readonly raw: RawBytes }
  | { readonly kind: 'not_utf8'; readonly raw: RawBytes };

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of at most `bytesMax` bytes. Holds no more than that; a longer line is skipped to its end. */
export class LineFrames {
  readonly #bytesMax: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: Buffer[] = [];
  #lengthBytes = 0;
  /** Of a line that is longer than is held. */
  #digest: Hash | null = null;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that end in this chunk. */
  *push(chunk: Buffer): Generator<LineFrame> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, end));
      yield this.#take();
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** A last line that no newline ends, or `null`. */
  finish(): LineFrame | null {
    return this.#lengthBytes === 0 ? null : this.#take();
  }

  #keep(bytes: Buffer): void {
    this.#lengthBytes += bytes.length;
    if (bytes.length > 0) this.#parts.push(bytes);
    if (this.#lengthBytes <= this.#bytesMax) return;
    this.#digest ??= createHash('sha256');
    for (const part of this.#parts) this.#digest.update(part);
    this.#parts = [];
  }

  #take(): LineFrame {
    const [parts, lengthBytes, digest] = [this.#parts, this.#lengthBytes, this.#digest];
    this.#parts = [];
    this.#lengthBytes = 0;
    this.#digest = null;
    if (digest !== null) return { kind: 'too_long', raw: { sha256: digest.digest('hex'), lengthBytes } };
    const bytes = Buffer.concat(parts);
    try {
      return { kind: 'text', text: this.#decoder.decode(bytes) };
    } catch {
      // The one thing that a fatal decoder reports.
      return { kind: 'not_utf8', raw: rawBytesOf(bytes) };
    }
  }
}
