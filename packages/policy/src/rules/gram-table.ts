const SPREAD = 0x9e3779b1;
const MIX = 0x2c1b3c6d;
const STRIDE = 4;
/** Largest filter, as a power of two of bits: 128 KiB. */
const FILTER_BITS_MAX = 20;
// A hash has 30 bits. Each further character shifts it by 30 / length, so that it depends on the last `length` alone:
// carries only run upwards, and older characters have been shifted out of the mask.
const HASH_BITS = 30;
const HASH_MASK = 0x3fff_ffff;

/** The hash of every run of `length` UTF-16 units of `text`, in order. `length` divides 30. */
export function gramHashes(text: string, length: number): number[] {
  const hashes: number[] = [];
  const shift = HASH_BITS / length;
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) {
    hash = ((hash << shift) + Math.imul(text.charCodeAt(at), SPREAD)) | 0;
    if (at >= length - 1) hashes.push(hash & HASH_MASK);
  }
  return hashes;
}

/**
 * Rules by one run of characters that every matching string must contain. A string is scanned once with a rolling hash;
 * two runs with one hash only cost a rule that is verified in vain.
 */
export class GramTable {
  readonly #length: number;
  readonly #shift: number;
  readonly #mask: number;
  /** One bit per possible hash prefix: small enough to stay in a near cache, and nearly all runs end here. */
  readonly #filter: Int32Array;
  readonly #filterShift: number;
  /** Slots of `STRIDE` numbers: hash, first posting (one-based; 0 is an empty slot), end of the postings, first rule. */
  readonly #slots: Int32Array;
  readonly #rules: Int32Array;

  constructor(length: number, postings: ReadonlyMap<number, readonly number[]>) {
    this.#length = length;
    this.#shift = HASH_BITS / length;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, postings.size * 5)));
    this.#mask = slots - 1;
    const filterBits = Math.min(FILTER_BITS_MAX, Math.max(8, Math.ceil(Math.log2(postings.size * 64 + 1))));
    this.#filterShift = 32 - filterBits;
    this.#filter = new Int32Array(2 ** (filterBits - 5));
    this.#slots = new Int32Array(slots * STRIDE);
    const rules: number[] = [];
    for (const [hash, posted] of postings) {
      const bit = Math.imul(hash, MIX) >>> this.#filterShift;
      this.#filter[bit >>> 5] = (this.#filter[bit >>> 5] ?? 0) | (1 << (bit & 31));
      let slot = this.#slot(hash);
      while (this.#slots[slot * STRIDE + 1] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots.set(
        [hash, rules.length + 1, rules.length + 1 + posted.length, posted[0] ?? 0],
        slot * STRIDE,
      );
      for (const rule of posted) rules.push(rule);
    }
    this.#rules = Int32Array.from(rules);
  }

  /** Adds every rule posted under a run of `text` to `found`, from `count` on, each once per `generation`. */
  collect(text: string, found: Int32Array, count: number, marks: Uint32Array, generation: number): number {
    const first = Math.min(this.#length - 1, text.length);
    const shift = this.#shift;
    const filter = this.#filter;
    const filterShift = this.#filterShift;
    let hash = 0;
    let total = count;
    // No run ends before the first full one: these characters only enter the hash.
    for (let at = 0; at < first; at += 1) {
      hash = ((hash << shift) + Math.imul(text.charCodeAt(at), SPREAD)) | 0;
    }
    for (let at = first; at < text.length; at += 1) {
      hash = ((hash << shift) + Math.imul(text.charCodeAt(at), SPREAD)) | 0;
      const bit = Math.imul(hash & HASH_MASK, MIX) >>> filterShift;
      if (((filter[bit >>> 5] as number) & (1 << bit)) === 0) continue;
      total = this.#lookUp(hash & HASH_MASK, found, total, marks, generation);
    }
    return total;
  }

  #lookUp(hash: number, found: Int32Array, count: number, marks: Uint32Array, generation: number): number {
    const slots = this.#slots;
    for (let slot = this.#slot(hash); slots[slot * STRIDE + 1] !== 0; slot = (slot + 1) & this.#mask) {
      if (slots[slot * STRIDE] === hash) return this.#take(slot * STRIDE, found, count, marks, generation);
    }
    return count;
  }

  #take(slot: number, found: Int32Array, count: number, marks: Uint32Array, generation: number): number {
    const start = this.#slots[slot + 1] as number;
    const end = this.#slots[slot + 2] as number;
    let rule = this.#slots[slot + 3] as number;
    let total = count;
    for (let at = start; ; ) {
      if (marks[rule] !== generation) {
        marks[rule] = generation;
        found[total] = rule;
        total += 1;
      }
      at += 1;
      if (at >= end) return total;
      rule = this.#rules[at - 1] as number;
    }
  }

  #slot(hash: number): number {
    const mixed = Math.imul(hash, MIX);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }
}
