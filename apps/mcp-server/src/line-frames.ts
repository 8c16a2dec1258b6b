/** What stands on one line, or why nothing can be read from it. */
export type LineFrame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'too_long' }
  | { readonly kind: 'not_utf8' };

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of at most `bytesMax` bytes. Holds no more than that; a longer line is skipped to its end. */
export class LineFrames {
  readonly #bytesMax: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: Buffer[] = [];
  #lengthBytes = 0;

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
    if (this.#lengthBytes > this.#bytesMax) this.#parts = [];
    else if (bytes.length > 0) this.#parts.push(bytes);
  }

  #take(): LineFrame {
    const [parts, lengthBytes] = [this.#parts, this.#lengthBytes];
    this.#parts = [];
    this.#lengthBytes = 0;
    if (lengthBytes > this.#bytesMax) return { kind: 'too_long' };
    try {
      return { kind: 'text', text: this.#decoder.decode(Buffer.concat(parts)) };
    } catch {
      // The one thing that a fatal decoder reports.
      return { kind: 'not_utf8' };
    }
  }
}
