import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '@praxis/core';
import { innerHash, NODE_BYTES, type NodeHash } from './node-hash.ts';
import type { NodeSource } from './proof.ts';

/** How many levels of the tree, and how many hashes, one tile has (C2SP tlog-tiles). */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH: number = 2 ** TILE_HEIGHT;
/** How many tiles may wait to be written; beyond it they are left to be rebuilt when a proof needs them. */
const TILES_QUEUED_MAX = 1_024;

/** The path of a tile below its directory, C2SP tlog-tiles: `tile/L/x001/x234/067`, `.p/W` when partial. */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  let name = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, '0')}/${name}`;
  }
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

interface LevelState {
  /** How many hashes this level has in all. */
  count: number;
  /** The hashes of the tile that is not full yet, or null when its beginning is not known. */
  hashes: NodeHash[] | null;
}

/**
 * Writes the tiles of a growing tree beside its log. They are a cache: whatever is missing is computed
 * from the log again, and every proof made from them is checked against a checkpoint.
 */
export class TileWriter {
  readonly #directory: string;
  #levels: LevelState[] | null = null;
  #writing: Promise<void> = Promise.resolve();
  #queued = 0;
  readonly #directories = new Set<string>();
  /** How many tiles could not be written since the log was opened. */
  failures = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes the root of a complete subtree; only every eighth level is kept. */
  node(height: number, value: NodeHash, leafIndex: number): void {
    if (height % TILE_HEIGHT !== 0) return;
    const level = height / TILE_HEIGHT;
    this.#levels ??= levelsOf(leafIndex);
    this.#levels[level] ??= { count: 0, hashes: [] };
    const state = this.#levels[level];
    state.hashes?.push(value);
    state.count += 1;
    const full = state.count % TILE_WIDTH === 0;
    if (state.hashes !== null && (full || level > 0)) this.#queue(level, state.count, state.hashes);
    if (full) state.hashes = [];
  }

  /** Resolves when everything queued is written or has failed. */
  idle(): Promise<void> {
    return this.#writing;
  }

  #queue(level: number, count: number, hashes: readonly NodeHash[]): void {
    if (this.#queued >= TILES_QUEUED_MAX) {
      this.failures += 1;
      return;
    }
    const bytes = Buffer.from(hashes.join(''), 'latin1');
    this.#queued += 1;
    this.#writing = this.#writing
      .then(() => this.#write(level, Math.ceil(count / TILE_WIDTH) - 1, bytes))
      .catch(() => {
        this.failures += 1;
      })
      .finally(() => {
        this.#queued -= 1;
      });
  }

  async #write(level: number, index: number, bytes: Buffer): Promise<void> {
    const width = bytes.length / NODE_BYTES;
    await writeTile(join(this.#directory, tilePath(level, index, width)), bytes, this.#directories);
    // The narrower tile that this one replaces.
    if (width > 1 && level > 0)
      await rm(join(this.#directory, tilePath(level, index, width - 1)), { force: true });
  }
}

/** The first node may come when the tree has leaves already: what its open tiles began with is not known then. */
function levelsOf(size: number): LevelState[] {
  const levels: LevelState[] = [];
  for (let count = size; count > 0; count = Math.floor(count / TILE_WIDTH)) {
    levels.push({ count, hashes: count % TILE_WIDTH === 0 ? [] : null });
  }
  return levels;
}

async function writeTile(path: string, bytes: Buffer, known: Set<string>): Promise<void> {
  const directory = dirname(path);
  if (!known.has(directory)) await mkdir(directory, { recursive: true, mode: 0o700 });
  known.add(directory);
  // Whole or not at all: a reader takes a tile that is there for complete.
  await writeFile(`${path}.new`, bytes, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Gives the leaf hashes `[from, from + count)` from the log itself. */
export type LeafSource = (from: number, count: number) => Promise<NodeHash[]>;

/** The complete subtrees of a tree of `size` leaves, from tiles, and from the log where a tile is missing. */
export function tileSource(directory: string, size: number, leaves: LeafSource): NodeSource {
  const known = new Map<string, Promise<readonly NodeHash[]>>();
  const tile = (level: number, index: number): Promise<readonly NodeHash[]> => {
    const key = `${level}/${index}`;
    const loaded = known.get(key) ?? loadTile({ directory, size, leaves, tile }, level, index);
    known.set(key, loaded);
    return loaded;
  };
  return async (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const below = 2 ** (height % TILE_HEIGHT);
    const first = index * below;
    const hashes = await tile(level, Math.floor(first / TILE_WIDTH));
    return fold(hashes.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + below));
  };
}

interface TileContext {
  readonly directory: string;
  readonly size: number;
  readonly leaves: LeafSource;
  readonly tile: (level: number, index: number) => Promise<readonly NodeHash[]>;
}

async function loadTile(context: TileContext, level: number, index: number): Promise<readonly NodeHash[]> {
  const count = Math.floor(context.size / TILE_WIDTH ** level);
  const width = Math.min(TILE_WIDTH, count - index * TILE_WIDTH);
  return (
    (await readTile(context.directory, level, index, width)) ?? computeTile(context, level, index, width)
  );
}

async function readTile(
  directory: string,
  level: number,
  index: number,
  width: number,
): Promise<NodeHash[] | null> {
  for (const wide of width === TILE_WIDTH ? [TILE_WIDTH] : [width, TILE_WIDTH]) {
    try {
      const bytes = await readFile(join(directory, tilePath(level, index, wide)));
      if (bytes.length === wide * NODE_BYTES) return splitHashes(bytes).slice(0, width);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return null;
}

async function computeTile(
  context: TileContext,
  level: number,
  index: number,
  width: number,
): Promise<NodeHash[]> {
  if (level === 0) return context.leaves(index * TILE_WIDTH, width);
  const hashes: NodeHash[] = [];
  for (let i = 0; i < width; i += 1) hashes.push(fold(await context.tile(level - 1, index * TILE_WIDTH + i)));
  return hashes;
}

function splitHashes(bytes: Buffer): NodeHash[] {
  const text = bytes.toString('latin1');
  return Array.from({ length: bytes.length / NODE_BYTES }, (_, i) =>
    text.slice(i * NODE_BYTES, (i + 1) * NODE_BYTES),
  );
}

/** The root of a complete subtree from its lowest hashes. */
function fold(hashes: readonly NodeHash[]): NodeHash {
  let level = [...hashes];
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, i) =>
      innerHash(level[2 * i] ?? '', level[2 * i + 1] ?? ''),
    );
  }
  return level[0] ?? '';
}
