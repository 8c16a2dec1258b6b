import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readLinesAt } from './locate.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'praxis-locate-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const line = (seq: number, length: number): string =>
  `{"args":"${'x'.repeat(length)}","seq":${seq},"target":null,"entry_hash":"h"}`;

/** Writes a log whose record of each number is so long, with what a crash left behind after some of them. */
function aLog(lengths: readonly number[], torn: ReadonlyMap<number, string> = new Map()): string {
  const path = join(directory, 'ledger.jsonl');
  const lines = lengths.map((length, seq) => `${line(seq, length)}\n${torn.get(seq) ?? ''}`);
  writeFileSync(path, lines.join(''));
  return path;
}

/** How many times a file is read meanwhile. */
async function readsDuring(work: () => Promise<unknown>): Promise<number> {
  const handle = await open(directory, 'r');
  const prototype = Object.getPrototypeOf(handle) as { read: () => Promise<unknown> };
  await handle.close();
  const spy = vi.spyOn(prototype, 'read');
  await work();
  const reads = spy.mock.calls.length;
  spy.mockRestore();
  return reads;
}

describe('readLinesAt', () => {
  it('finds every record, however long the lines are and whatever stands between them', async () => {
    const lengths = fc.array(
      fc.oneof(
        { weight: 20, arbitrary: fc.nat(300) },
        { weight: 4, arbitrary: fc.nat(9_000) },
        fc.integer({ min: 30_000, max: 200_000 }),
      ),
      { minLength: 1, maxLength: 300 },
    );
    const pieces = fc.constantFrom(
      '\n',
      '{"args":{"to\n',
      `${'y'.repeat(70_000)}\n`,
      '"seq":9,"target":\n',
      '"}\n',
    );
    const torn = fc.array(fc.tuple(fc.nat(300), pieces), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(lengths, torn, fc.infiniteStream(fc.nat()), async (given, left, wanted) => {
        const path = aLog(given, new Map(left));
        for (const seq of [0, given.length - 1, ...wanted.take(4)].map((n) => n % given.length)) {
          const count = Math.min(3, given.length - seq);
          const expected = given.slice(seq, seq + count).map((length, i) => line(seq + i, length));
          expect(await readLinesAt(path, seq, count)).toEqual(expected);
        }
        const beyond = readLinesAt(path, given.length, 1);
        await expect(beyond).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
      }),
      { numRuns: 60 },
    );
  });

  it('looks at few places, also where lines get longer and longer', async () => {
    const even = Array.from({ length: 20_000 }, (_, i) => 800 + ((i * 7) % 61));
    const growing = Array.from({ length: 20_000 }, (_, i) => (i < 19_000 ? 1 : i));
    for (const [lengths, readsMax] of [
      [even, 5],
      [growing, 40],
    ] as const) {
      const path = aLog(lengths);
      for (const seq of [0, 1, 777, 9_999, 18_999, 19_500, 19_999])
        expect(await readsDuring(() => readLinesAt(path, seq, 1))).toBeLessThanOrEqual(readsMax);
    }
  });
});
