import { createHash } from 'node:crypto';
import { sha256Hex } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_ROOT,
  innerHash,
  leafHash,
  type NodeHash,
  nodeFromBase64,
  nodeFromHex,
  nodeToBase64,
  nodeToHex,
} from './node-hash.ts';
import {
  consistencyProof,
  inclusionProof,
  type NodeSource,
  rootFromInclusion,
  verifyConsistency,
} from './proof.ts';
import { MerkleTree } from './tree.ts';

function leafOf(line: string): NodeHash {
  return leafHash(sha256Hex(line));
}

/** RFC 6962 §2.1 as it is written there. */
function naiveRoot(lines: readonly string[]): Buffer {
  const sha = (...parts: (string | Uint8Array)[]): Buffer => {
    const digest = createHash('sha256');
    for (const part of parts) digest.update(part);
    return digest.digest();
  };
  if (lines.length === 0) return sha('');
  if (lines.length === 1) return sha('\0', sha(lines[0] ?? ''));
  let split = 1;
  while (split * 2 < lines.length) split *= 2;
  return sha('\x01', naiveRoot(lines.slice(0, split)), naiveRoot(lines.slice(split)));
}

const lines = Array.from({ length: 140 }, (_, i) => `line ${i} é`);

function grown(size: number): { tree: MerkleTree; nodes: NodeSource } {
  const known = new Map<string, NodeHash>();
  const counts: number[] = [];
  const tree = new MerkleTree({
    node: (height, value) => {
      known.set(`${height}/${counts[height] ?? 0}`, value);
      counts[height] = (counts[height] ?? 0) + 1;
    },
    leaves: () => undefined,
  });
  for (const line of lines.slice(0, size)) tree.append(leafOf(line));
  const nodes = (height: number, index: number): NodeHash => {
    const value = known.get(`${height}/${index}`);
    if (value === undefined) throw new Error(`no complete subtree ${height}/${index}`);
    return value;
  };
  return { tree, nodes };
}

describe('MerkleTree', () => {
  it('has the root of RFC 6962 at every size', () => {
    const tree = new MerkleTree();
    expect(tree.root()).toBe(EMPTY_ROOT);
    for (let size = 1; size <= lines.length; size += 1) {
      tree.append(leafOf(lines[size - 1] ?? ''));
      expect(nodeToHex(tree.root())).toBe(naiveRoot(lines.slice(0, size)).toString('hex'));
    }
  });

  it('goes on from its edge as if it had never stopped', () => {
    for (let size = 0; size < 40; size += 1) {
      const { tree } = grown(size);
      const resumed = MerkleTree.fromEdge(size, tree.edge());
      expect(resumed?.root()).toBe(tree.root());
      tree.append(leafOf('next'));
      resumed?.append(leafOf('next'));
      expect(resumed?.root()).toBe(tree.root());
    }
    expect(MerkleTree.fromEdge(3, ['00'])).toBeNull();
    expect(MerkleTree.fromEdge(1, ['zz'])).toBeNull();
    expect(MerkleTree.fromEdge(-1, [])).toBeNull();
  });

  it('has no hash for what is none', () => {
    const digest = sha256Hex('x');
    for (const bad of ['', 'x', digest.slice(1), `${digest}00`, `${digest.slice(0, 63)}g`])
      expect(leafHash(bad)).toBe('');
    expect(innerHash(EMPTY_ROOT, '')).toBe('');
    expect(innerHash(EMPTY_ROOT.slice(1), EMPTY_ROOT)).toBe('');
    expect(leafHash(digest)).toHaveLength(32);
    expect(nodeFromHex(nodeToHex(EMPTY_ROOT))).toBe(EMPTY_ROOT);
    expect(nodeFromBase64(nodeToBase64(EMPTY_ROOT))).toBe(EMPTY_ROOT);
  });
});

describe('inclusionProof', () => {
  it('leads from every leaf of every size to the root', async () => {
    for (let size = 1; size <= 70; size += 1) {
      const { tree, nodes } = grown(size);
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(nodes, index, size);
        expect(rootFromInclusion(leafOf(lines[index] ?? ''), index, size, proof)).toBe(tree.root());
      }
    }
  });

  it('leads nowhere when leaf, index, size or a hash is another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 140 }), fc.nat(), fc.nat(), async (size, a, b) => {
        const { tree, nodes } = grown(size);
        const index = a % size;
        const leaf = leafOf(lines[index] ?? '');
        const proof = await inclusionProof(nodes, index, size);
        const other = b % size;
        if (other !== index) expect(rootFromInclusion(leaf, other, size, proof)).not.toBe(tree.root());
        expect(rootFromInclusion(leafOf('other'), index, size, proof)).not.toBe(tree.root());
        expect(rootFromInclusion(leaf, index, size, proof.slice(1))).not.toBe(tree.root());
        expect(rootFromInclusion(leaf, index, size, [...proof, EMPTY_ROOT])).not.toBe(tree.root());
        const wrong = proof.with(b % proof.length, EMPTY_ROOT);
        expect(rootFromInclusion(leaf, index, size, wrong)).not.toBe(tree.root());
      }),
    );
    expect(rootFromInclusion(EMPTY_ROOT, 1, 1, [])).toBeNull();
  });
});

describe('consistencyProof', () => {
  it('shows for every pair of sizes that the smaller tree is a prefix', async () => {
    const roots = Array.from({ length: 50 }, (_, size) => grown(size).tree.root());
    const { nodes } = grown(50);
    for (let size = 1; size < 50; size += 1) {
      for (let oldSize = 0; oldSize <= size; oldSize += 1) {
        const proof = await consistencyProof(nodes, oldSize, size);
        const old = { size: oldSize, root: roots[oldSize] ?? '' };
        const now = { size, root: roots[size] ?? '' };
        expect(verifyConsistency(old, now, proof)).toBe(true);
        if (oldSize === 0) continue;
        expect(verifyConsistency({ ...old, root: EMPTY_ROOT }, now, proof)).toBe(false);
        expect(verifyConsistency(old, { ...now, root: EMPTY_ROOT }, proof)).toBe(false);
        if (oldSize < size) expect(verifyConsistency(old, now, [...proof, EMPTY_ROOT])).toBe(false);
        expect(verifyConsistency({ ...old, size: size + 1 }, now, proof)).toBe(false);
      }
    }
  });
});
