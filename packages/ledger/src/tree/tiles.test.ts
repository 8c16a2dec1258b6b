import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BATCHED_AFTER_LEAVES, BatchedTree } from './batched-tree.ts';
import { leafOfDigest } from './node-hash.ts';
import { TILE_WIDTH, TileWriter } from './tiles.ts';
import { MerkleTree } from './tree.ts';

const SIZE: number = BATCHED_AFTER_LEAVES + 3 * TILE_WIDTH + 100;

function digest(n: number): string {
  return createHash('sha256').update(String(n)).digest('latin1');
}

/** Grows a tree whose tiles are written, from `before` leaves on, and answers what is in the files. */
async function tilesOf(
  before: number,
  grow: (tree: MerkleTree) => void,
): Promise<ReadonlyMap<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-tiles-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const tiles = new TileWriter(directory);
  const earlier = new MerkleTree();
  for (let i = 0; i < before; i += 1) earlier.append(leafOfDigest(digest(i)));
  grow(MerkleTree.fromEdge(before, earlier.edge(), tiles) ?? earlier);
  await tiles.flush();
  expect(tiles.failures).toBe(0);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(directory.length + 1), readFileSync(path, 'hex')] as const;
    }),
  );
}

describe('TileWriter', () => {
  it.each([0, TILE_WIDTH, 300])(
    'writes the same tiles of leaves that come in batches as of single ones, after %i leaves',
    async (before) => {
      const alone = await tilesOf(before, (tree) => {
        for (let i = before; i < SIZE; i += 1) tree.append(leafOfDigest(digest(i)));
      });
      const batched = await tilesOf(before, (tree) => {
        const batch = new BatchedTree(tree);
        for (let i = before; i < SIZE; i += 1) {
          batch.append(digest(i));
          // Whoever looks at the tree cuts the batch short.
          if (i % 700 === 0) batch.root();
        }
        batch.root();
      });
      expect(batched).toEqual(alone);
      const whole = Math.floor(SIZE / TILE_WIDTH);
      expect(alone.has(`tile/0/0${String(whole - 1)}`)).toBe(true);
      expect(alone.has(`tile/1/000.p/${String(whole)}`)).toBe(before < TILE_WIDTH);
    },
  );
});
