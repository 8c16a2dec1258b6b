import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointText, originLine } from '../evidence/checkpoint.ts';
import { signNote } from '../evidence/note.ts';
import { AnchoredRoots, LINES_KEPT, STRAYS_MAX } from './anchored-roots.ts';

let directory = '';
let written = 0;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'praxis-anchored-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const { privateKey } = generateKeyPairSync('ed25519');
/** A note that is signed once: nobody looks at the signature here. */
const signature = signNote('x\n', 'praxis/o', privateKey).slice('x\n'.length);
const rootOf = (size: number, salt = 'r'): string => `${salt}${size}`.padEnd(32, '.');

interface Line {
  readonly size: number;
  readonly root?: string;
  readonly origin?: string;
}

function anAnchor(lines: readonly Line[]): string {
  const path = join(directory, `anchor-${(written += 1)}`);
  const texts = lines.map(({ size, root = rootOf(size), origin = 'o' }) =>
    JSON.stringify(checkpointText({ origin: originLine(origin), size, root, extensions: [] }) + signature),
  );
  writeFileSync(path, texts.map((text) => `\n${text}\n`).join(''));
  return path;
}

/** Walks a log of so many records, as verifying does, a piece at a time, and gives the first size that does not hold. */
async function firstMismatch(
  path: string,
  walk: { readonly records: number; readonly start?: number; readonly piece?: number },
  after: (roots: AnchoredRoots) => void = () => undefined,
): Promise<number | null> {
  const { records, start = 0, piece = 1_000 } = walk;
  const roots = new AnchoredRoots();
  await roots.load(path);
  try {
    if (start > 0) roots.choose('o', start);
    for (let size = start + 1; size <= records; size += 1) {
      if ((size - start - 1) % piece === 0) await roots.readPast(size - 1 + piece);
      roots.choose('o', start);
      if (roots.speaksFor(size) && !roots.holds(size, rootOf(size))) return size;
    }
    after(roots);
    return null;
  } finally {
    await roots.close();
  }
}

describe('AnchoredRoots', () => {
  it('finds the first root that is not as it was anchored, in whatever order the lines stand', async () => {
    const line = fc.record({ size: fc.integer({ min: 0, max: 60 }), bad: fc.nat(9).map((n) => n === 0) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 80 }),
        fc.nat(40),
        fc.integer({ min: 1, max: 20 }),
        async (given, start, piece) => {
          const path = anAnchor(
            given.flatMap(({ size, bad }) => [
              { size, root: rootOf(size, bad ? 'b' : 'r') },
              { size: size + 1, root: rootOf(1, 'z'), origin: 'another' },
            ]),
          );
          const bad = given.filter((one) => one.bad && one.size > start).map((one) => one.size);
          const expected = bad.length === 0 ? null : Math.min(...bad);
          expect(await firstMismatch(path, { records: 60, start, piece })).toBe(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('says where the anchor ends and what was confirmed', async () => {
    const path = anAnchor([{ size: 3 }, { size: 7 }, { size: 12 }, { size: 99, origin: 'another' }]);
    const seen: unknown[] = [];
    await firstMismatch(path, { records: 9 }, ({ confirmed, ends, onlyOfOthers }) =>
      seen.push({ confirmed, file: ends.file, onlyOfOthers }),
    );
    const unchosen = new AnchoredRoots();
    await unchosen.load(path);
    await unchosen.close();
    seen.push(unchosen.ends.file);
    unchosen.choose('nobody', 0);
    seen.push({ file: unchosen.ends.file, onlyOfOthers: unchosen.onlyOfOthers });
    expect(seen).toEqual([
      { confirmed: 7, file: 12, onlyOfOthers: false },
      99,
      { file: 0, onlyOfOthers: true },
    ]);
  });

  it('compares every line of an anchor that is longer than what is kept of it', async () => {
    const count = LINES_KEPT + 6_000;
    const lines: Line[] = Array.from({ length: count }, (_, i) => ({ size: 2 * (i + 1) }));
    const path = anAnchor(lines);
    const records = 2 * count;
    expect(
      await firstMismatch(path, { records }, (roots) => expect(roots.confirmed).toBe(records)),
    ).toBeNull();
    for (const at of [0, LINES_KEPT - 1, LINES_KEPT, count - 1]) {
      const size = 2 * (at + 1);
      const changed = anAnchor(lines.with(at, { size, root: rootOf(size, 'b') }));
      expect(await firstMismatch(changed, { records })).toBe(size);
      expect(await firstMismatch(changed, { records, start: size - 1 })).toBe(size);
      expect(await firstMismatch(changed, { records, start: size })).toBeNull();
    }
  });

  it('keeps so many lines that are out of order, and says when there are more', async () => {
    const lines = (strays: number): Line[] => [
      { size: STRAYS_MAX + 10 },
      ...Array.from({ length: strays }, (_, i) => ({ size: i + 1 })),
    ];
    const disordered: boolean[] = [];
    for (const strays of [STRAYS_MAX, STRAYS_MAX + 1]) {
      const note = (roots: AnchoredRoots): void => void disordered.push(roots.disordered);
      expect(await firstMismatch(anAnchor(lines(strays)), { records: STRAYS_MAX + 10 }, note)).toBeNull();
    }
    expect(disordered).toEqual([false, true]);
  });

  it('holds no more of a long anchor than of a short one', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heldWith = async (count: number): Promise<number> => {
      const path = anAnchor(Array.from({ length: count }, (_, i) => ({ size: i + 1 })));
      const roots = new AnchoredRoots();
      await roots.load(path);
      roots.choose('o', 0);
      await roots.readPast(3_000);
      collect();
      const { heapUsed } = process.memoryUsage();
      await roots.close();
      return heapUsed;
    };
    await heldWith(10_000);
    const short = await heldWith(10_000);
    // A hundred bytes a line would be nine million more.
    expect((await heldWith(100_000)) - short).toBeLessThan(2_000_000);
  });
});
