import { open } from 'node:fs/promises';

/** How much is read at a time to find the last lines, in bytes. */
const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;

/** Where the last so many lines of a file begin, or how many it has, read from its end. */
export async function startOfLastLines(
  path: string,
  wanted: number,
): Promise<{ readonly offset: number; readonly lines: number }> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let lines = 0;
    for (let end = (await file.stat()).size; end > 0; ) {
      const from = Math.max(0, end - CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, end - from, from);
      const bytes = chunk.subarray(0, bytesRead);
      for (
        let at = bytes.lastIndexOf(NEWLINE);
        at !== -1;
        at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)
      ) {
        // The newline that ends the line before the first one that is wanted.
        if (lines === wanted) return { offset: from + at + 1, lines };
        lines += 1;
      }
      end = from;
    }
    return { offset: 0, lines };
  } finally {
    await file.close();
  }
}
