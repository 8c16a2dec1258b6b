import { EMPTY_ROOT, innerHash, NODE_BYTES, type NodeHash, nodeFromHex, nodeToHex } from './node-hash.ts';

/** Told the root of every subtree that a leaf completes, lowest first. */
export type NodeObserver = (height: number, value: NodeHash, leafIndex: number) => void;

/**
 * An RFC 6962 Merkle tree that grows by one leaf at a time and keeps only its right edge: the roots of
 * the complete subtrees, one per binary digit of its size. Appending costs one inner hash on average
 * and log2(size) at most; nothing is ever read back.
 */
export class MerkleTree {
  size = 0;
  /** `#edge[h]` is the root of the complete subtree of height h, if the size has that binary digit. */
  #edge: (NodeHash | null)[] = [];
  readonly #onNode: NodeObserver | null;

  /** `onNode` is told the root of every complete subtree, in the order they are completed. */
  constructor(onNode: NodeObserver | null = null) {
    this.#onNode = onNode;
  }

  append(leaf: NodeHash): void {
    const edge = this.#edge;
    let value = leaf;
    let height = 0;
    this.#onNode?.(0, value, this.size);
    for (let left = edge[0] ?? null; left !== null; left = edge[height] ?? null) {
      value = innerHash(left, value);
      edge[height] = null;
      height += 1;
      this.#onNode?.(height, value, this.size);
    }
    edge[height] = value;
    this.size += 1;
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
    onNode: NodeObserver | null = null,
  ): MerkleTree | null {
    if (!Number.isSafeInteger(size) || size < 0) return null;
    const tree = new MerkleTree(onNode);
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
