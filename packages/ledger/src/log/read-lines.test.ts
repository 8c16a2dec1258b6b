import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { READ_BYTES, readLines } from './read-lines.ts';

const LINE = `${'x'.repeat(999)}\n`;

function aFile(lines: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-lines-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'log');
  writeFileSync(path, LINE.repeat(lines));
  return path;
}

/** Reads a file to its end and counts the lines that are as they were written. */
async function countLines(path: string): Promise<number> {
  const file = await open(path, 'r');
  const expected = Buffer.from(LINE.slice(0, -1));
  let lines = 0;
  try {
    await readLines(file, 0, {
      line(line, offset) {
        if (line.equals(expected) && offset === lines * LINE.length) lines += 1;
      },
      fragment: (bytes) => expect(bytes.length).toBe(0),
    });
  } finally {
    await file.close();
  }
  return lines;
}

describe('readLines', () => {
  it('makes no new buffers for one long file after another', async () => {
    const lines = Math.ceil((4 * READ_BYTES) / LINE.length);
    const path = aFile(lines);
    await countLines(path);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 8; i += 1) expect(await countLines(path)).toBe(lines);
    // One of them takes three million bytes of buffers that grow.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });

  it('reads several files at the same time, each as its own', async () => {
    const counts = [5_000, 1, 4_500, 3, 6_000, 4_000];
    const paths = counts.map(aFile);
    for (let i = 0; i < 3; i += 1) expect(await Promise.all(paths.map(countLines))).toEqual(counts);
  });
});
