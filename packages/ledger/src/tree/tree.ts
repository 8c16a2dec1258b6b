import { EMPTY_ROOT, innerHash, NODE_BYTES, type NodeHash, nodeFromHex, nodeToHex } from './node-hash.ts';

/** Told how a tree grows. `before` is how many leaves the tree had. */
export interface NodeObserver {
  /** The root of a subtree that is complete now, lowest first; that of height 0 is a leaf. */
  node(height: number, value: NodeHash, before: number): void;
  /**
   * Leaves of a complete subtree that are appended at once, 32 bytes each; its root follows, the nodes in
   * between do not. The bytes are only valid during the call.
   */
  leaves(bytes: Buffer, before: number): void;
}

/**
 * An RFC 6962 Merkle tree that grows by one leaf at a time and keeps only its right edge: the roots of
 * the complete subtrees, one per binary digit of its size. Appending costs one inner hash on average
 * and log2(size) at most; nothing is ever read back.
 */
export class MerkleTree {
  size = 0;
  /** `#edge[h]` is the root of the complete subtree of height h, if the size has that binary digit. */
  #edge: (NodeHash | null)[] = [];
  readonly #observer: NodeObserver | null;

  /** `observer` is told the nodes in the order they come to be. */
  constructor(observer: NodeObserver | null = null) {
    this.#observer = observer;
  }

  /** Whether somebody is told the nodes. */
  get isObserved(): boolean {
    return this.#observer !== null;
  }

  append(leaf: NodeHash): void {
    this.#observer?.node(0, leaf, this.size);
    this.#carry(0, leaf);
  }

  /**
   * Appends all leaves of a complete subtree at once, given its root. Throws a `RangeError` where none may
   * begin, or without the `leaves` when somebody is to be told them.
   */
  appendSubtree(height: number, root: NodeHash, leaves: Buffer | null = null): void {
    if (this.size % 2 ** height !== 0)
      throw new RangeError(`no subtree of height ${height} can be appended to ${this.size} leaves`);
    if (this.#observer !== null) {
      if (leaves?.length !== NODE_BYTES * 2 ** height)
        throw new RangeError('whoever watches the tree is to be told all leaves');
      this.#observer.leaves(leaves, this.size);
      this.#observer.node(height, root, this.size);
    }
    this.#carry(height, root);
  }

  #carry(from: number, subtree: NodeHash): void {
    const edge = this.#edge;
    let value = subtree;
    let height = from;
    while (edge.length < from) edge.push(null);
    for (let left = edge[from] ?? null; left !== null; left = edge[height] ?? null) {
      value = innerHash(left, value);
      edge[height] = null;
      height += 1;
      this.#observer?.node(height, value, this.size);
    }
    edge[height] = value;
    this.size += 2 ** from;
  }

  /** The root hash of all leaves so far, RFC 6962 §2.1. */
  root(): NodeHash {
    let value: NodeHash | null = null;
    for (const subtree of this.#edge) {
      if (subtree === null) continue;
      value = value === null ? subtree : innerHash(subtree, value);
    }
    return value ?? EMPTY_ROOT;
  }

  /** The right edge, largest subtree first, in hex: enough to go on from here elsewhere. */
  edge(): string[] {
    return this.#edge
      .filter((value) => value !== null)
      .map(nodeToHex)
      .reverse();
  }

  /** A tree that goes on from an edge, or null when the edge does not have one hash per binary digit of `size`. */
  static fromEdge(
    size: number,
    edge: readonly string[],
    observer: NodeObserver | null = null,
  ): MerkleTree | null {
    if (!Number.isSafeInteger(size) || size < 0) return null;
    const tree = new MerkleTree(observer);
    tree.size = size;
    const heights = binaryDigits(size);
    if (heights.length !== edge.length) return null;
    for (const [i, height] of heights.entries()) {
      const value = nodeFromHex(edge[edge.length - 1 - i] ?? '');
      if (value.length !== NODE_BYTES) return null;
      while (tree.#edge.length < height) tree.#edge.push(null);
      tree.#edge[height] = value;
    }
    return tree;
  }
}

/** The positions of the binary digits that are 1, lowest first. */
export function binaryDigits(size: number): number[] {
  const digits: number[] = [];
  for (let height = 0, rest = size; rest > 0; height += 1, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) digits.push(height);
  }
  return digits;
}
