import { createHash } from 'node:crypto';

/** Which of a child's two outputs a piece came from. */
export type OutputStream = 'stdout' | 'stderr';

interface Piece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/**
 * Collects what a child writes. It keeps the first `bytesMax` bytes of both outputs together, in the
 * order of arrival, and measures and digests everything, so that a flood costs time but no memory.
 */
export class BoundedOutput {
  readonly #bytesMax: number;
  readonly #pieces: Piece[] = [];
  readonly #hash = createHash('sha256');
  #keptBytes = 0;
  #lengthBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that arrived, kept or not. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Whether something was dropped. */
  get truncated(): boolean {
    return this.#lengthBytes > this.#keptBytes;
  }

  push(stream: OutputStream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#hash.update(bytes);
    this.#lengthBytes += bytes.length;
    const room = this.#bytesMax - this.#keptBytes;
    if (room <= 0) return;
    // A copy: the chunk may be a window into a larger buffer, which would stay in memory with it.
    const kept = Uint8Array.from(bytes.subarray(0, room));
    this.#pieces.push({ stream, bytes: kept });
    this.#keptBytes += kept.length;
  }

  /** What was kept of one output, or of both in the order of arrival. */
  kept(stream?: OutputStream): Uint8Array {
    const chosen = this.#pieces.filter((piece) => stream === undefined || piece.stream === stream);
    return Buffer.concat(chosen.map((piece) => piece.bytes));
  }

  /** SHA-256 of everything that arrived, as hex. Ends the collection. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
