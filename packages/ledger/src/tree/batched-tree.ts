import { leafHash, leafOfDigest, NODE_BYTES, type NodeHash } from './node-hash.ts';
import { LANES, sha256Lanes, type Sha256Lanes } from './sha256-lanes.ts';
import { BLOCK_BYTES } from './sha256-program.ts';
import { TILE_HEIGHT } from './tiles.ts';
import type { MerkleTree } from './tree.ts';

/** How many leaves are hashed together at most: those of a subtree of this height, which is that of a tile. */
const BATCH_HEIGHT: number = TILE_HEIGHT;
const BATCH_LEAVES: number = 2 ** BATCH_HEIGHT;
/** Of fewer leaves one is hashed at a time: they take less long than compiling what hashes batches. */
export const BATCHED_AFTER_LEAVES = 4_096;

const LEAF_BYTES: number = BLOCK_BYTES;
const INNER_BYTES: number = 2 * BLOCK_BYTES;
const INNER_PREFIX = 0x01;
/** The byte that ends a message, FIPS 180-4 §5.1.1; its length in bits ends the last block. */
const END_OF_MESSAGE = 0x80;

/**
 * A Merkle tree whose leaves are hashed in batches, many at a time, by a program for that purpose. Gives
 * what `MerkleTree` gives, and leaves the same behind in it.
 */
export class BatchedTree {
  readonly #tree: MerkleTree;
  /** The messages of leaves that are not in the tree yet. */
  readonly #messages: Buffer = paddedMessages(BATCH_LEAVES, LEAF_BYTES, 1 + NODE_BYTES, 0);
  #waiting = 0;
  #appended = 0;

  constructor(tree: MerkleTree) {
    this.#tree = tree;
  }

  get size(): number {
    return this.#tree.size + this.#waiting;
  }

  /** The tree itself, with all leaves in it. */
  get tree(): MerkleTree {
    this.#flush();
    return this.#tree;
  }

  root(): NodeHash {
    return this.tree.root();
  }

  /** Appends the leaf of the record whose `entry_hash` this is. Throws a `RangeError` for what is no digest. */
  append(entryHash: NodeHash): void {
    if (entryHash.length !== NODE_BYTES) throw new RangeError('a digest has 32 bytes');
    if (this.#appended < BATCHED_AFTER_LEAVES) return this.#appendAlone(leafOfDigest(entryHash));
    this.#messages.write(entryHash, LEAF_BYTES * this.#waiting + 1, 'latin1');
    this.#added();
  }

  /** The same for an `entry_hash` in hex. */
  appendHex(entryHash: string): void {
    if (entryHash.length !== 2 * NODE_BYTES) throw new RangeError('a digest has 64 hex digits');
    if (this.#appended < BATCHED_AFTER_LEAVES) return this.#appendAlone(leafHash(entryHash));
    const written = this.#messages.write(entryHash, LEAF_BYTES * this.#waiting + 1, 'hex');
    if (written !== NODE_BYTES) throw new RangeError('a digest has 64 hex digits');
    this.#added();
  }

  #appendAlone(leaf: NodeHash): void {
    if (leaf === '') throw new RangeError('a digest has 64 hex digits');
    this.#appended += 1;
    this.#tree.append(leaf);
  }

  #added(): void {
    this.#waiting += 1;
    if (this.size % BATCH_LEAVES === 0) this.#flush();
  }

  #flush(): void {
    if (this.#waiting === 0) return;
    const hasher = subtreeHasher();
    hasher?.take(this.#messages, this.#waiting);
    for (let done = 0; done < this.#waiting; ) {
      const height = heightOf(this.#tree.size, this.#waiting - done);
      if (hasher !== null && 2 ** height >= LANES) {
        const root = hasher.root(done, height);
        this.#tree.appendSubtree(height, root, this.#tree.isObserved ? hasher.leaves(height) : null);
        done += 2 ** height;
      } else {
        const at = LEAF_BYTES * done + 1;
        this.#tree.append(leafOfDigest(this.#messages.toString('latin1', at, at + NODE_BYTES)));
        done += 1;
      }
    }
    this.#waiting = 0;
  }
}

/** The height of the largest complete subtree that may begin at `size` and has at most so many leaves. */
function heightOf(size: number, leavesMax: number): number {
  let height = 0;
  while (height < BATCH_HEIGHT && size % 2 ** (height + 1) === 0 && 2 ** (height + 1) <= leavesMax)
    height += 1;
  return height;
}

/** Room for messages of one length, padded as SHA-256 demands. */
function paddedMessages(count: number, bytes: number, length: number, prefix: number): Buffer {
  const message = Buffer.alloc(bytes);
  message[0] = prefix;
  message[length] = END_OF_MESSAGE;
  message.writeUInt32BE(8 * length, bytes - 4);
  return Buffer.alloc(count * bytes, message);
}

/** Where the messages of each height stand, leaves first; the digests of one height are written into those of the next. */
class SubtreeHasher {
  readonly #lanes: Sha256Lanes;
  readonly #levels: readonly number[];
  readonly #leaves: Buffer = Buffer.alloc(BATCH_LEAVES * NODE_BYTES);

  constructor(lanes: Sha256Lanes) {
    this.#lanes = lanes;
    const levels = [Math.ceil(lanes.reserved / BLOCK_BYTES) * BLOCK_BYTES];
    for (let height = 1; height <= BATCH_HEIGHT + 1; height += 1) {
      const at: number = (levels[height - 1] ?? 0) + levelBytes(height - 1);
      paddedMessages(levelCount(height), INNER_BYTES, 1 + 2 * NODE_BYTES, INNER_PREFIX).copy(
        lanes.memory,
        at,
      );
      levels.push(at);
    }
    this.#levels = levels;
  }

  take(messages: Buffer, count: number): void {
    messages.copy(this.#lanes.memory, this.#levels[0], 0, LEAF_BYTES * count);
  }

  /** The root of the subtree of this height whose first leaf is the message `first` of those that were taken. */
  root(first: number, height: number): NodeHash {
    const { memory, hash } = this.#lanes;
    let from = (this.#levels[0] ?? 0) + LEAF_BYTES * first;
    for (let level = 0; level <= height; level += 1) {
      const to = this.#levels[level + 1] ?? 0;
      hash(from, level === 0 ? 1 : 2, Math.ceil(2 ** (height - level) / LANES), to);
      from = to;
    }
    return memory.toString('latin1', from + 1, from + 1 + NODE_BYTES);
  }

  /** The leaves of the subtree whose root was given last; they stand in the messages of their parents. */
  leaves(height: number): Buffer {
    const { memory } = this.#lanes;
    const bytes = NODE_BYTES * 2 ** height;
    let from = (this.#levels[1] ?? 0) + 1;
    for (let at = 0; at < bytes; at += 2 * NODE_BYTES, from += INNER_BYTES)
      memory.copy(this.#leaves, at, from, from + 2 * NODE_BYTES);
    return this.#leaves.subarray(0, bytes);
  }
}

/** How many messages of this height there is room for: never less than are hashed at a time. */
function levelCount(height: number): number {
  return Math.max(LANES, 2 ** (BATCH_HEIGHT - height));
}

function levelBytes(height: number): number {
  return levelCount(height) * (height === 0 ? LEAF_BYTES : INNER_BYTES);
}

/** Its memory is only in use during a flush, so that one is enough for all. */
let shared: SubtreeHasher | null | undefined;

function subtreeHasher(): SubtreeHasher | null {
  if (shared === undefined) {
    const bytes = Array.from({ length: BATCH_HEIGHT + 2 }, (_, height) => levelBytes(height));
    const lanes = sha256Lanes(BLOCK_BYTES + bytes.reduce((sum, one) => sum + one, 0));
    shared = lanes === null ? null : new SubtreeHasher(lanes);
  }
  return shared;
}
