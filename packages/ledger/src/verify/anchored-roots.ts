import { type Checkpoint, originLine } from '../evidence/checkpoint.ts';

/** A value that no root equals. */
const NO_ROOT = '';

interface Held {
  readonly roots: Map<number, string>;
  file: number;
  witness: number;
}

const nothing = (): Held => ({ roots: new Map(), file: 0, witness: 0 });

/** What an anchor file and witnesses hold: which root a ledger had at which size. */
export class AnchoredRoots {
  /** The largest size of this ledger that was found to be as anchored; null when none was. */
  confirmed: number | null = null;
  readonly #byOrigin = new Map<string, Held>();
  /** What is held of this ledger; of all ledgers while no record says which one it is. */
  #held: Held = nothing();
  #chosen = false;

  /** Takes one checkpoint. One that is null, a damaged line, proves nothing, either way. */
  add(line: Pick<Checkpoint, 'origin' | 'size' | 'root'> | null, from: 'file' | 'witness'): void {
    if (line === null) return;
    const own = this.#byOrigin.get(line.origin) ?? nothing();
    this.#byOrigin.set(line.origin, own);
    for (const held of [own, this.#held]) {
      held[from] = Math.max(held[from], line.size);
      const before = held.roots.get(line.size);
      // Two roots for one size are one too many, whichever the log has.
      held.roots.set(line.size, before === undefined || before === line.root ? line.root : NO_ROOT);
    }
  }

  /**
   * Says which ledger it is about, at its first record: an anchor may be shared, and what it holds of other
   * ledgers is not this one's concern. What speaks for the `start` records that are not walked was held to them
   * when they were.
   */
  choose(originId: string, start: number): void {
    if (this.#chosen) return;
    this.#chosen = true;
    this.#held = this.#byOrigin.get(originLine(originId)) ?? nothing();
    const { roots } = this.#held;
    for (const size of [...roots.keys()].filter((one) => one <= start)) this.#confirm(size);
  }

  /** Whether the root at a size is as it was anchored; null when nothing was anchored there. */
  holds(size: number, root: () => string): boolean | null {
    const { roots } = this.#held;
    const anchored = roots.size === 0 ? undefined : roots.get(size);
    if (anchored === undefined) return null;
    if (anchored !== root()) return false;
    this.#confirm(size);
    return true;
  }

  /** The largest size that no record was found for; 0 when there is none. */
  get beyond(): number {
    let beyond = 0;
    for (const size of this.#held.roots.keys()) beyond = Math.max(beyond, size);
    return beyond;
  }

  /** Whether there are checkpoints of ledgers, and none of this one. */
  get onlyOfOthers(): boolean {
    return this.#byOrigin.size > 0 && this.#held.file === 0 && this.#held.witness === 0;
  }

  /** The largest size in the anchor file, and among what witnesses hold. */
  get ends(): { readonly file: number; readonly witness: number } {
    return this.#held;
  }

  #confirm(size: number): void {
    this.confirmed = Math.max(this.confirmed ?? 0, size);
    this.#held.roots.delete(size);
  }
}
