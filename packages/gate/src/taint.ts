/**
 * The latch that remembers untrusted content (the lethal trifecta's second leg). It never clears:
 * what was read cannot be unread. A latch may have a parent, so that a caller cannot shed its taint
 * by opening a new session: the parent is marked too, and children start from its state.
 */
export class TaintLatch {
  #tainted: boolean;
  readonly #parent: TaintLatch | null;

  constructor(parent: TaintLatch | null = null) {
    this.#parent = parent;
    this.#tainted = parent?.tainted ?? false;
  }

  get tainted(): boolean {
    return this.#tainted;
  }

  mark(): void {
    this.#tainted = true;
    this.#parent?.mark();
  }
}
