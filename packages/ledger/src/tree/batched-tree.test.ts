import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCHED_AFTER_LEAVES, BatchedTree } from './batched-tree.ts';
import { leafOfDigest } from './node-hash.ts';
import { MerkleTree } from './tree.ts';

function digest(n: number): string {
  return createHash('sha256').update(String(n)).digest('latin1');
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

  it('tells every node of a tree that is watched', () => {
    const nodes = (append: (tree: MerkleTree) => (n: number) => void): string[] => {
      const told: string[] = [];
      const add = append(new MerkleTree((height, value, leaf) => told.push(`${height} ${leaf} ${value}`)));
      for (let i = 0; i < BATCHED_AFTER_LEAVES + 600; i += 1) add(i);
      return told;
    };
    const one = nodes((tree) => (n) => tree.append(leafOfDigest(digest(n))));
    const other = nodes((tree) => {
      const batched = new BatchedTree(tree);
      return (n) => batched.append(digest(n));
    });
    expect(other).toEqual(one);
  });

  it('takes nothing but digests', () => {
    expect(() => new BatchedTree(new MerkleTree()).append('')).toThrow(RangeError);
  });
});

describe('MerkleTree.appendSubtree', () => {
  it('takes a subtree only where one may begin, and not when nodes are watched', () => {
    const tree = new MerkleTree();
    tree.append(digest(0));
    expect(() => tree.appendSubtree(1, digest(1))).toThrow(RangeError);
    expect(() => new MerkleTree(() => undefined).appendSubtree(1, digest(1))).toThrow(RangeError);
  });
});
