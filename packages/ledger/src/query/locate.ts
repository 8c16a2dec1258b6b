import { open, type FileHandle } from 'node:fs/promises';
import { ledgerError } from '../errors.ts';
import { LINE_BYTES_MAX } from '../line.ts';
import { listSegments, type Segment } from '../log/segments.ts';

/** How many bytes are read to find a line at a place in a log. */
const PROBE_BYTES = 8_192;
/** How many bytes of lines are read at a time once the place is found. */
const READ_BYTES = 262_144;
const SEQ = /"seq":(\d{1,16}),"(?:session_id|target)":/;

/**
 * The stored lines of the records `[from, from + count)`, found by bisection in the segment that holds
 * them. Throws `LEDGER_UNREADABLE` when one of them is not there.
 */
export async function readLinesAt(path: string, from: number, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) {
    const seq = from + lines.length;
    const segment = listSegments(path).findLast((candidate) => candidate.firstSeq <= seq);
    const found = segment === undefined ? [] : await readFromSegment(segment, seq, count - lines.length);
    if (found.length === 0) {
      throw ledgerError('LEDGER_UNREADABLE', `the ledger has no record ${seq}`, { fields: { path, seq } });
    }
    lines.push(...found);
  }
  return lines;
}

async function readFromSegment(segment: Segment, seq: number, count: number): Promise<string[]> {
  const file = await open(segment.path, 'r');
  try {
    const { size } = await file.stat();
    return await collect(file, await bisect(file, size, seq), seq, count);
  } finally {
    await file.close();
  }
}

/** An offset at or before the line of `seq`, and not far from it. */
async function bisect(file: FileHandle, size: number, seq: number): Promise<number> {
  let low = 0;
  let high = size;
  while (high - low > PROBE_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const at = await firstSeqAfter(file, middle, high);
    if (at !== null && at.seq <= seq) low = at.offset;
    else high = middle;
  }
  return low;
}

/** The first record that starts after `from`. Torn lines have no `seq` and are passed over. */
async function firstSeqAfter(
  file: FileHandle,
  from: number,
  before: number,
): Promise<{ offset: number; seq: number } | null> {
  for (let bytes = PROBE_BYTES; ; bytes *= 4) {
    const chunk = Buffer.alloc(Math.min(bytes, before - from + LINE_BYTES_MAX));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, from);
    let start = chunk.subarray(0, bytesRead).indexOf(0x0a) + 1;
    while (start > 0 && start < bytesRead) {
      const end = chunk.subarray(0, bytesRead).indexOf(0x0a, start);
      if (end === -1) break;
      const seq = seqOf(chunk.toString('utf8', start, end));
      if (seq !== null) return from + start < before ? { offset: from + start, seq } : null;
      start = end + 1;
    }
    if (bytesRead < chunk.length || chunk.length < bytes || bytes > 4 * LINE_BYTES_MAX) return null;
  }
}

async function collect(file: FileHandle, from: number, seq: number, count: number): Promise<string[]> {
  const lines: string[] = [];
  let held = Buffer.alloc(0);
  for (let at = from; lines.length < count; ) {
    const chunk = Buffer.alloc(READ_BYTES);
    const { bytesRead } = await file.read(chunk, 0, READ_BYTES, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    held = Buffer.concat([held, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = held.indexOf(0x0a); end !== -1 && lines.length < count; end = held.indexOf(0x0a, start)) {
      const line = held.toString('utf8', start, end);
      if (seqOf(line) === seq + lines.length) lines.push(line);
      start = end + 1;
    }
    held = held.subarray(start);
    if (held.length > LINE_BYTES_MAX) break;
  }
  return lines;
}

/** Both digits and neighbours, because a caller's own text inside a string has its quotes escaped. */
function seqOf(line: string): number | null {
  if (!line.endsWith('"}')) return null;
  const match = SEQ.exec(line.slice(line.lastIndexOf('"seq":')));
  return match?.[1] === undefined ? null : Number(match[1]);
}
