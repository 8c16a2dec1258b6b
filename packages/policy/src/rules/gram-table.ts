const HASH_BASE = 0x01000193;
const MIX = 0x2c1b3c6d;
const STRIDE = 4;
/** Largest filter, as a power of two of bits: 32 KiB. */
const FILTER_BITS_MAX = 18;

/** The hash of every run of `length` UTF-16 units of `text`, in order. */
export function gramHashes(text: string, length: number): number[] {
  const hashes: number[] = [];
  const leaving = power(length);
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) {
    hash = (Math.imul(hash, HASH_BASE) + text.charCodeAt(at)) | 0;
    if (at >= length) hash = (hash - Math.imul(text.charCodeAt(at - length), leaving)) | 0;
    if (at >= length - 1) hashes.push(hash);
  }
  return hashes;
}

/**
 * Rules by one run of characters that every matching string must contain. A string is scanned once with a rolling hash;
 * two runs with one hash only cost a rule that is verified in vain.
 */
export class GramTable {
  readonly #length: number;
  readonly #leaving: number;
  readonly #mask: number;
  /** One bit per possible hash prefix: small enough to stay in the first cache, and most runs end here. */
  readonly #filter: Int32Array;
  readonly #filterShift: number;
  /** Slots of `STRIDE` numbers: hash, first posting (one-based; 0 is an empty slot), end of the postings, first rule. */
  readonly #slots: Int32Array;
  readonly #rules: Int32Array;

  constructor(length: number, postings: ReadonlyMap<number, readonly number[]>) {
    this.#length = length;
    this.#leaving = power(length);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, postings.size * 5)));
    this.#mask = slots - 1;
    const filterBits = Math.min(FILTER_BITS_MAX, Math.max(8, Math.ceil(Math.log2(postings.size * 16 + 1))));
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
    const length = this.#length;
    const leaving = this.#leaving;
    const filter = this.#filter;
    const shift = this.#filterShift;
    const end = text.length;
    if (end < length) return count;
    let hash = 0;
    for (let at = 0; at < length - 1; at += 1) hash = (Math.imul(hash, HASH_BASE) + text.charCodeAt(at)) | 0;
    let total = count;
    let dropped = 0;
    for (let at = length - 1; at < end; at += 1) {
      hash = (Math.imul(hash, HASH_BASE) + text.charCodeAt(at) - dropped) | 0;
      dropped = Math.imul(text.charCodeAt(at - length + 1), leaving);
      const bit = Math.imul(hash, MIX) >>> shift;
      if ((((filter[bit >>> 5] as number) >>> (bit & 31)) & 1) === 0) continue;
      total = this.#lookUp(hash, found, total, marks, generation);
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

function power(length: number): number {
  let value = 1;
  for (let step = 0; step < length; step += 1) value = Math.imul(value, HASH_BASE);
  return value;
}
