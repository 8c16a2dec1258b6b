import { AnchorReader, type AnchorLine } from '../evidence/anchor.ts';
import { originLine } from '../evidence/checkpoint.ts';

/**
 * How many lines of each ledger are kept when an anchor is read for the first time: more than there can be for
 * the records that are read before the first of them says whose they are.
 */
export const LINES_KEPT = 4_096;
/** How many lines an anchor may have for a size that it had a line for, or a larger one, before. */
export const STRAYS_MAX = 16_384;

/** A value that no root equals. */
const NO_ROOT = '';

interface Anchored {
  readonly size: number;
  readonly root: string;
}

/** What is held of one ledger. */
interface Held {
  /** The largest size in the anchor file, and among what witnesses hold. */
  file: number;
  witness: number;
  /** The first lines of the file, each of a larger size than the one before. */
  readonly lines: Anchored[];
  /** The last line that was of a larger size than all before. */
  last: Anchored | null;
  /** What stands in no order: other lines of the file, and what witnesses hold. */
  readonly strays: Map<number, string>;
  /** Whether there are more of these than are kept. */
  disordered: boolean;
}

const nothing = (): Held => ({
  file: 0,
  witness: 0,
  lines: [],
  last: null,
  strays: new Map(),
  disordered: false,
});

/**
 * What an anchor file and witnesses hold: which root a ledger had at which size. The file is read twice, so that
 * no more of it need be kept than is compared soon: first for where it ends and what stands in it out of order,
 * then again a step ahead of the log.
 */
export class AnchoredRoots {
  /** The largest size of this ledger that was found to be as anchored; null when none was. */
  confirmed: number | null = null;
  readonly #byOrigin = new Map<string, Held>();
  /** Whose ledger it is about, once a record says so. */
  #origin: string | null = null;
  #held: Held = nothing();
  /** The lines of this ledger that are to be compared next, and the size of the last one. */
  readonly #pending: Anchored[] = [];
  #pendingEnd = -1;
  #start = 0;
  #anyHeld = false;
  #reader: AnchorReader | null = null;

  /** Reads the file for the first time. Throws what the system says when it cannot be read. */
  async load(path: string): Promise<void> {
    const reader = new AnchorReader(path, (line) => this.#takeFirst(line));
    try {
      while (!reader.ended) await reader.readPiece();
    } finally {
      await reader.close();
    }
    this.#reader = new AnchorReader(path, (line) => this.#takeAgain(line), reader.limit);
  }

  /** Takes what a witness holds. */
  addWitnessed(line: AnchorLine): void {
    const held = this.#heldOf(line.origin);
    held.witness = Math.max(held.witness, line.size);
    addStray(held, line);
  }

  /**
   * Says which ledger it is about, at its first record: an anchor may be shared, and what it holds of other
   * ledgers is not this one's concern. What speaks for the `start` records that are not walked was held to them
   * when they were.
   */
  choose(originId: string, start: number): void {
    if (this.#origin !== null) return;
    this.#origin = originLine(originId);
    this.#start = start;
    this.#anyHeld = this.#byOrigin.size > 0;
    this.#held = this.#byOrigin.get(this.#origin) ?? this.#held;
    this.#byOrigin.clear();
    for (const line of this.#held.lines) this.#await(line);
    for (const size of [...this.#held.strays.keys()].filter((one) => one <= start)) this.#confirm(size);
  }

  /** Reads on until a line beyond `size` was read, or the file ends. */
  async readPast(size: number): Promise<void> {
    if (this.#origin === null) return;
    while (this.#reader !== null && !this.#reader.ended && this.#pendingEnd <= size)
      await this.#reader.readPiece();
  }

  /** Whether something is known of the root at a size, or should have been compared before. */
  speaksFor(size: number): boolean {
    return (this.#pending[0]?.size ?? Infinity) <= size || this.#held.strays.has(size);
  }

  /** Whether the root at a size, which must be one that something is known of, is as it was anchored. */
  holds(size: number, root: string): boolean {
    const next = this.#pending[0];
    const due = next !== undefined && next.size <= size;
    if (due) this.#pending.shift();
    const stray = this.#held.strays.get(size);
    if (due && (next.size !== size || next.root !== root)) return false;
    if (stray !== undefined && stray !== root) return false;
    this.#confirm(size);
    return true;
  }

  /** Whether more lines of the file are out of order than are kept: these were not compared. */
  get disordered(): boolean {
    return this.#held.disordered;
  }

  /** Whether there are checkpoints of ledgers, and none of this one. */
  get onlyOfOthers(): boolean {
    return this.#anyHeld && this.#held.file === 0 && this.#held.witness === 0;
  }

  /** The largest size in the anchor file, and among what witnesses hold; of all ledgers while no record says which one it is. */
  get ends(): { readonly file: number; readonly witness: number } {
    if (this.#origin !== null) return this.#held;
    const ends = { file: 0, witness: 0 };
    for (const { file, witness } of this.#byOrigin.values()) {
      ends.file = Math.max(ends.file, file);
      ends.witness = Math.max(ends.witness, witness);
    }
    return ends;
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  #heldOf(origin: string): Held {
    const held = this.#byOrigin.get(origin) ?? nothing();
    this.#byOrigin.set(origin, held);
    return held;
  }

  #takeFirst({ origin, size, root }: AnchorLine): void {
    const held = this.#heldOf(origin);
    const { last, lines } = held;
    held.file = Math.max(held.file, size);
    if (last !== null && size <= last.size) {
      if (size !== last.size || root !== last.root) addStray(held, { size, root });
      return;
    }
    held.last = { size, root };
    if (lines.length < LINES_KEPT) lines.push(held.last);
  }

  /** What was taken already, or is kept as a stray, is not of a larger size than all before. */
  #takeAgain({ origin, size, root }: AnchorLine): void {
    if (origin === this.#origin && size > this.#pendingEnd) this.#await({ size, root });
  }

  #await(line: Anchored): void {
    this.#pendingEnd = line.size;
    if (line.size <= this.#start) this.#confirm(line.size);
    else this.#pending.push(line);
  }

  #confirm(size: number): void {
    this.confirmed = Math.max(this.confirmed ?? 0, size);
    this.#held.strays.delete(size);
  }
}

function addStray(held: Held, { size, root }: Anchored): void {
  const before = held.strays.get(size);
  if (before === undefined && held.strays.size >= STRAYS_MAX) held.disordered = true;
  // Two roots for one size are one too many, whichever the log has.
  else held.strays.set(size, before === undefined || before === root ? root : NO_ROOT);
}
