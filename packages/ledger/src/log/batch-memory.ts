import { type LaidOutLines, MARKS_PER_LINE } from '../seal-lines.ts';

/** How many lines a batch takes at most. */
export const BATCH_LINES_MAX = 4_096;

const MARKS_BYTES: number = BATCH_LINES_MAX * MARKS_PER_LINE * Int32Array.BYTES_PER_ELEMENT;

/** Memory for a batch with so many bytes of lines, which several threads may see. What is not touched is only reserved. */
export function batchMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(MARKS_BYTES + bytes);
}

/** The lines in such memory. */
export function linesIn(memory: SharedArrayBuffer): LaidOutLines {
  return {
    bytes: Buffer.from(memory, MARKS_BYTES),
    marks: new Int32Array(memory, 0, BATCH_LINES_MAX * MARKS_PER_LINE),
  };
}
