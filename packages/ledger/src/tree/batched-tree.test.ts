import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCHED_AFTER_LEAVES, BatchedTree } from './batched-tree.ts';
import { leafOfDigest } from './node-hash.ts';
import { MerkleTree } from './tree.ts';

function digest(n: number): string {
  return createHash('sha256').update(String(n)).digest('latin1');
}

/** The leaves, and the nodes of every eighth height, that a watched tree tells while it grows. */
function watched(append: (tree: MerkleTree) => (n: number) => void, size: number): string[] {
  const told: string[] = [];
  const tree = new MerkleTree({
    node: (height, value) => {
      if (height % 8 === 0) told.push(`${height} ${value}`);
    },
    leaves: (bytes, before) => {
      expect(before % (bytes.length / 32)).toBe(0);
      for (let at = 0; at < bytes.length; at += 32) told.push(`0 ${bytes.toString('latin1', at, at + 32)}`);
    },
  });
  const add = append(tree);
  for (let i = 0; i < size; i += 1) add(i);
  return told;
}

describe('BatchedTree', () => {
  it('is the tree it stands for, at whatever sizes it is looked at and from wherever it goes on', () => {
    const size = BATCHED_AFTER_LEAVES + 3_000;
    const looks = fc.array(fc.integer({ min: BATCHED_AFTER_LEAVES - 300, max: size - 1 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(600), looks, (before, looked) => {
        const plain = new MerkleTree();
        for (let i = 0; i < before; i += 1) plain.append(leafOfDigest(digest(i)));
        const batched = new BatchedTree(MerkleTree.fromEdge(before, plain.edge()) ?? new MerkleTree());
        const sizes = new Set(looked);
        for (let i = before; i < size; i += 1) {
          plain.append(leafOfDigest(digest(i)));
          batched.append(digest(i));
          if (sizes.has(i)) expect(batched.root()).toBe(plain.root());
          if (sizes.has(i)) expect(batched.tree.edge()).toEqual(plain.edge());
        }
        expect(batched.size).toBe(plain.size);
        expect(batched.root()).toBe(plain.root());
        expect(batched.tree.size).toBe(plain.size);
      }),
      { numRuns: 12 },
    );
  });

  it('tells the leaves of a tree that is watched and the roots over tiles of them, wherever it is looked at', () => {
    const size = BATCHED_AFTER_LEAVES + 1_500;
    const told = watched((tree) => (n) => tree.append(leafOfDigest(digest(n))), size);
    const looks = fc.array(fc.integer({ min: BATCHED_AFTER_LEAVES, max: size - 1 }), { maxLength: 20 });
    fc.assert(
      fc.property(looks, fc.boolean(), (looked, hex) => {
        const sizes = new Set(looked);
        const batched = watched((tree) => {
          const batch = new BatchedTree(tree);
          return (n) => {
            if (hex) batch.appendHex(Buffer.from(digest(n), 'latin1').toString('hex'));
            else batch.append(digest(n));
            if (sizes.has(n) || n === size - 1) expect(batch.tree.size).toBe(n + 1);
          };
        }, size);
        expect(batched).toEqual(told);
      }),
      { numRuns: 8 },
    );
  });

  it('takes nothing but digests', () => {
    for (const appended of [0, BATCHED_AFTER_LEAVES]) {
      const tree = new BatchedTree(new MerkleTree());
      for (let i = 0; i < appended; i += 1) tree.append(digest(i));
      expect(() => tree.append('')).toThrow(RangeError);
      for (const hex of ['', 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(62)}xx`])
        expect(() => tree.appendHex(hex)).toThrow(RangeError);
      expect(tree.size).toBe(appended);
    }
  });
});

describe('MerkleTree.appendSubtree', () => {
  it('takes a subtree only where one may begin, and only with its leaves when nodes are watched', () => {
    const tree = new MerkleTree();
    tree.append(digest(0));
    expect(() => tree.appendSubtree(1, digest(1))).toThrow(RangeError);
    const watching = { node: () => undefined, leaves: () => undefined };
    expect(() => new MerkleTree(watching).appendSubtree(1, digest(1))).toThrow(RangeError);
    expect(() => new MerkleTree(watching).appendSubtree(1, digest(1), Buffer.alloc(96))).toThrow(RangeError);
  });
});
