import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '@praxis/core';
import { innerHash, NODE_BYTES, type NodeHash } from './node-hash.ts';
import type { NodeSource } from './proof.ts';
import type { NodeObserver } from './tree.ts';

/** How many levels of the tree, and how many hashes, one tile has (C2SP tlog-tiles). */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH: number = 2 ** TILE_HEIGHT;
const TILE_BYTES: number = TILE_WIDTH * NODE_BYTES;
/** How many tiles may wait to be written; beyond it they are left to be rebuilt when a proof needs them. */
const TILES_QUEUED_MAX = 4_096;
/** How long tiles wait to be written together, in milliseconds. */
const TILES_FLUSH_MS = 1_000;

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
  /** The tile that is not full yet, or null when its beginning is not known. */
  tile: Buffer | null;
}

/**
 * Writes the tiles of a growing tree beside its log. They are a cache: whatever is missing is computed
 * from the log again, and every proof made from them is checked against a checkpoint.
 */
export class TileWriter implements NodeObserver {
  readonly #directory: string;
  #levels: LevelState[] | null = null;
  #full: PendingTile[] = [];
  /** The latest partial tile of each level; only the last one before a flush is written. */
  readonly #partial = new Map<number, PendingTile>();
  /** What the last partial tile of each level was, to be removed once a wider one is there. */
  readonly #written = new Map<number, string>();
  readonly #directories = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  /** How many tiles could not be written since the log was opened. */
  failures = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes the root of a complete subtree; only every eighth level is kept. */
  node(height: number, value: NodeHash, before: number): void {
    if (height % TILE_HEIGHT !== 0) return;
    const level = height / TILE_HEIGHT;
    const state = this.#stateOf(level, before);
    state.tile?.write(value, NODE_BYTES * (state.count % TILE_WIDTH), 'latin1');
    this.#added(level, state, 1);
  }

  /** Takes the leaves of a complete subtree that fits into a tile. */
  leaves(bytes: Buffer, before: number): void {
    const state = this.#stateOf(0, before);
    if (state.tile !== null) bytes.copy(state.tile, NODE_BYTES * (state.count % TILE_WIDTH));
    this.#added(0, state, bytes.length / NODE_BYTES);
  }

  /** Writes what waits, and resolves when it is written or has failed. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const full = this.#full;
    const partial = [...this.#partial.values()];
    this.#full = [];
    this.#partial.clear();
    this.#writing = this.#writing.then(async () => {
      for (const tile of [...full, ...partial]) await this.#write(tile);
    });
    return this.#writing;
  }

  #stateOf(level: number, leaves: number): LevelState {
    this.#levels ??= levelsOf(leaves);
    this.#levels[level] ??= { count: 0, tile: emptyTile() };
    return this.#levels[level];
  }

  #added(level: number, state: LevelState, hashes: number): void {
    state.count += hashes;
    const width = state.count % TILE_WIDTH;
    if (state.tile !== null && (width === 0 || level > 0))
      this.#keep(level, state.count, state.tile.subarray(0, NODE_BYTES * (width || TILE_WIDTH)));
    if (width === 0) state.tile = emptyTile();
  }

  #keep(level: number, count: number, bytes: Buffer): void {
    const tile = { level, index: Math.ceil(count / TILE_WIDTH) - 1, bytes };
    const full = bytes.length === TILE_BYTES;
    if (!full) this.#partial.set(level, tile);
    else if (this.#full.length >= TILES_QUEUED_MAX) this.failures += 1;
    else this.#full.push(tile);
    if (full) this.#partial.delete(level);
    // Not at once: tiles written between two syncs of the log would make every sync slower.
    this.#timer ??= setTimeout(() => void this.flush(), TILES_FLUSH_MS).unref();
  }

  async #write({ level, index, bytes }: PendingTile): Promise<void> {
    const path = join(this.#directory, tilePath(level, index, bytes.length / NODE_BYTES));
    try {
      await writeTile(path, bytes, this.#directories);
      const before = this.#written.get(level);
      if (before !== undefined && before !== path) await rm(before, { force: true });
      if (bytes.length < TILE_BYTES) this.#written.set(level, path);
      else this.#written.delete(level);
    } catch {
      // The tile stays missing; a proof that needs it computes it from the log.
      this.failures += 1;
    }
  }
}

interface PendingTile {
  readonly level: number;
  readonly index: number;
  /** What is added to the tile later stands after these. */
  readonly bytes: Buffer;
}

/** The first node may come when the tree has leaves already: what its open tiles began with is not known then. */
function levelsOf(size: number): LevelState[] {
  const levels: LevelState[] = [];
  for (let count = size; count > 0; count = Math.floor(count / TILE_WIDTH)) {
    levels.push({ count, tile: count % TILE_WIDTH === 0 ? emptyTile() : null });
  }
  return levels;
}

function emptyTile(): Buffer {
  return Buffer.alloc(TILE_BYTES);
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

/** The complete subtrees of a tree of `size` leaves, from tiles (none with `null`), and from the log where one is missing. */
export function tileSource(directory: string | null, size: number, leaves: LeafSource): NodeSource {
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
  readonly directory: string | null;
  readonly size: number;
  readonly leaves: LeafSource;
  readonly tile: (level: number, index: number) => Promise<readonly NodeHash[]>;
}

async function loadTile(context: TileContext, level: number, index: number): Promise<readonly NodeHash[]> {
  const count = Math.floor(context.size / TILE_WIDTH ** level);
  const width = Math.min(TILE_WIDTH, count - index * TILE_WIDTH);
  const { directory } = context;
  const cached = directory === null ? [] : await readTile(directory, level, index, width);
  if (cached.length === width) return cached;
  const hashes = [
    ...cached,
    ...(await computeHashes(context, level, index * TILE_WIDTH + cached.length, width - cached.length)),
  ];
  // Whoever needs it next finds it; that this cannot be written does not make the proof worse.
  if (directory !== null && width === TILE_WIDTH) {
    const bytes = Buffer.from(hashes.join(''), 'latin1');
    await writeTile(join(directory, tilePath(level, index)), bytes, new Set()).catch(() => undefined);
  }
  return hashes;
}

/** As many of the first `width` hashes of a tile as are on file. */
async function readTile(directory: string, level: number, index: number, width: number): Promise<NodeHash[]> {
  // What is wanted is most often there as it is; the tree may have grown since, or have been shorter.
  const exact = await readHashes(join(directory, tilePath(level, index, width)));
  if (exact.length === width) return exact;
  const whole = width === TILE_WIDTH ? exact : await readHashes(join(directory, tilePath(level, index)));
  if (whole.length === TILE_WIDTH) return whole.slice(0, width);
  const partial = join(directory, `${tilePath(level, index)}.p`);
  for (const wide of await widthsIn(partial)) {
    const hashes = await readHashes(join(partial, String(wide)));
    if (hashes.length === wide) return hashes.slice(0, width);
  }
  return [];
}

/** The widths of the partial tiles in a directory, widest first. */
async function widthsIn(directory: string): Promise<number[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => /^\d{1,3}$/.test(name))
      .map(Number)
      .sort((a, b) => b - a);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function readHashes(path: string): Promise<NodeHash[]> {
  try {
    return splitHashes(await readFile(path));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function computeHashes(
  context: TileContext,
  level: number,
  first: number,
  count: number,
): Promise<NodeHash[]> {
  if (level === 0) return context.leaves(first, count);
  const hashes: NodeHash[] = [];
  for (let i = 0; i < count; i += 1) hashes.push(fold(await context.tile(level - 1, first + i)));
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
