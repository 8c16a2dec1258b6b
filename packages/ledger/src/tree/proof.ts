import { innerHash, type NodeHash } from './node-hash.ts';

/** Gives the root of the complete subtree of `2^height` leaves that starts at leaf `index * 2^height`. */
export type NodeSource = (height: number, index: number) => NodeHash | Promise<NodeHash>;

/** How many hashes a proof may have: more than any tree of safe size needs. */
export const PROOF_HASHES_MAX = 64;

/** The audit path of one leaf in the tree of the first `size` leaves, RFC 6962 §2.1.1, leaf end first. */
export async function inclusionProof(
  nodes: NodeSource,
  leafIndex: number,
  size: number,
): Promise<NodeHash[]> {
  return path(nodes, leafIndex, 0, size);
}

async function path(nodes: NodeSource, leafIndex: number, start: number, size: number): Promise<NodeHash[]> {
  if (size <= 1) return [];
  const split = splitPoint(size);
  if (leafIndex < split) {
    const below = await path(nodes, leafIndex, start, split);
    return [...below, await rangeHash(nodes, start + split, size - split)];
  }
  const below = await path(nodes, leafIndex - split, start + split, size - split);
  return [...below, await rangeHash(nodes, start, split)];
}

/** That the tree of `oldSize` leaves is a prefix of the tree of `size` leaves, RFC 6962 §2.1.2. */
export async function consistencyProof(
  nodes: NodeSource,
  oldSize: number,
  size: number,
): Promise<NodeHash[]> {
  if (oldSize === 0 || oldSize === size) return [];
  return subproof(nodes, oldSize, 0, size, true);
}

async function subproof(
  nodes: NodeSource,
  oldSize: number,
  start: number,
  size: number,
  whole: boolean,
): Promise<NodeHash[]> {
  if (oldSize === size) return whole ? [] : [await rangeHash(nodes, start, size)];
  const split = splitPoint(size);
  if (oldSize <= split) {
    const below = await subproof(nodes, oldSize, start, split, whole);
    return [...below, await rangeHash(nodes, start + split, size - split)];
  }
  const below = await subproof(nodes, oldSize - split, start + split, size - split, false);
  return [...below, await rangeHash(nodes, start, split)];
}

/** The root of the leaves `[start, start + size)`. `start` is a multiple of the largest subtree in it. */
export async function rangeHash(nodes: NodeSource, start: number, size: number): Promise<NodeHash> {
  const height = Math.floor(Math.log2(size));
  const complete = 2 ** height;
  if (complete === size) return nodes(height, start / complete);
  const split = splitPoint(size);
  return innerHash(await rangeHash(nodes, start, split), await rangeHash(nodes, start + split, size - split));
}

/** The largest power of two below `size`. */
function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The root that an audit path leads to, RFC 9162 §2.1.3.2, or null when the path has the wrong length. */
export function rootFromInclusion(
  leaf: NodeHash,
  leafIndex: number,
  size: number,
  proof: readonly NodeHash[],
): NodeHash | null {
  if (!(leafIndex >= 0 && leafIndex < size) || proof.length > PROOF_HASHES_MAX) return null;
  let index = leafIndex;
  let last = size - 1;
  let value = leaf;
  for (const sibling of proof) {
    if (last === 0) return null;
    if (index % 2 === 1 || index === last) {
      value = innerHash(sibling, value);
      while (index % 2 === 0 && index !== 0) {
        index = Math.floor(index / 2);
        last = Math.floor(last / 2);
      }
    } else {
      value = innerHash(value, sibling);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? value : null;
}

/** True when the proof shows that the old tree is a prefix of the new one, RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  old: { readonly size: number; readonly root: NodeHash },
  now: { readonly size: number; readonly root: NodeHash },
  proof: readonly NodeHash[],
): boolean {
  if (old.size > now.size || proof.length > PROOF_HASHES_MAX) return false;
  if (old.size === now.size) return proof.length === 0 && old.root === now.root;
  if (old.size === 0) return proof.length === 0;
  const path = Number.isInteger(Math.log2(old.size)) ? [old.root, ...proof] : [...proof];
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let index = old.size - 1;
  let last = now.size - 1;
  while (index % 2 === 1) {
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  let oldRoot = first;
  let newRoot = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (index % 2 === 1 || index === last) {
      oldRoot = innerHash(sibling, oldRoot);
      newRoot = innerHash(sibling, newRoot);
      while (index % 2 === 0 && index !== 0) {
        index = Math.floor(index / 2);
        last = Math.floor(last / 2);
      }
    } else {
      newRoot = innerHash(newRoot, sibling);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && oldRoot === old.root && newRoot === now.root;
}
