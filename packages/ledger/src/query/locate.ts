import { open, type FileHandle } from 'node:fs/promises';
import { ledgerError } from '../errors.ts';
import { LINE_BYTES_MAX } from '../line.ts';
import { listSegments, type Segment } from '../log/segments.ts';

/** How many bytes are read to find a line at a place in a log. */
const PROBE_BYTES = 32_768;
/** How many bytes of lines are read at a time once the place is found, and how many for each line that is wanted. */
const READ_BYTES = 262_144;
const READ_BYTES_PER_LINE = 2_048;
/** Every so many looks the middle is taken, so that no lengths of lines can make the search slow. */
const BISECT_EVERY = 3;
const NEWLINE = 0x0a;
const SEQ = /"seq":(\d{1,16}),"(?:session_id|target)":/;

/** Where a record begins. */
interface Place {
  readonly offset: number;
  readonly seq: number;
}

/**
 * The stored lines of the records `[from, from + count)`, found in the segment that holds them by how long
 * lines are on average, and by bisection. Throws `LEDGER_UNREADABLE` when one of them is not there.
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
    return await collect(file, await locate(file, size, segment.firstSeq, seq), seq, count);
  } finally {
    await file.close();
  }
}

/** An offset at or before the line of `seq`, and not far from it. */
async function locate(file: FileHandle, size: number, firstSeq: number, seq: number): Promise<number> {
  let low: Place = { offset: 0, seq: firstSeq };
  let high = { offset: size, seq: Number.NaN };
  for (let look = 0; high.offset - low.offset > PROBE_BYTES; look += 1) {
    const at = look === 0 ? size - PROBE_BYTES : placeToLook(low, high, seq, look);
    const found = await recordsAfter(file, at, high.offset);
    if (found === null) high = { offset: at, seq: high.seq };
    else if (seq < found.first.seq) high = found.first;
    // What is beyond the last record of the file is nowhere.
    else if (look > 0 && seq > found.last.seq) low = found.last;
    else return found.first.offset;
  }
  return low.offset;
}

/** A little before where the line should be if all between the two places are of one length, or the middle. */
function placeToLook(low: Place, high: Place, seq: number, look: number): number {
  const share = (seq - low.seq) / (high.seq - low.seq);
  if (look % BISECT_EVERY === 0 || !(share >= 0 && share <= 1))
    return Math.floor((low.offset + high.offset) / 2);
  const expected = Math.floor(low.offset + share * (high.offset - low.offset));
  return Math.max(low.offset, expected - PROBE_BYTES / 2);
}

/** The first and the last record of those that begin after `from` and are read in one go. Torn lines have no `seq` and are passed over. */
async function recordsAfter(
  file: FileHandle,
  from: number,
  before: number,
): Promise<{ first: Place; last: Place } | null> {
  for (let bytes = PROBE_BYTES; ; bytes *= 4) {
    const wanted = Math.min(bytes, before - from + LINE_BYTES_MAX);
    const buffer = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await file.read(buffer, 0, wanted, from);
    const chunk = buffer.subarray(0, bytesRead);
    const first = firstRecord(chunk, from, before);
    if (first !== null) return { first, last: lastRecord(chunk, from, before) ?? first };
    if (bytesRead < wanted || wanted < bytes || bytes > 4 * LINE_BYTES_MAX) return null;
  }
}

function firstRecord(chunk: Buffer, from: number, before: number): Place | null {
  let start = chunk.indexOf(NEWLINE) + 1;
  while (start > 0 && from + start < before) {
    const end = chunk.indexOf(NEWLINE, start);
    if (end === -1) return null;
    const seq = seqOf(chunk.toString('latin1', start, end));
    if (seq !== null) return { offset: from + start, seq };
    start = end + 1;
  }
  return null;
}

function lastRecord(chunk: Buffer, from: number, before: number): Place | null {
  let end = chunk.lastIndexOf(NEWLINE);
  while (end > 0) {
    const newline = chunk.lastIndexOf(NEWLINE, end - 1);
    const seq = newline === -1 ? null : seqOf(chunk.toString('latin1', newline + 1, end));
    if (seq !== null && from + newline + 1 < before) return { offset: from + newline + 1, seq };
    end = newline;
  }
  return null;
}

async function collect(file: FileHandle, from: number, seq: number, count: number): Promise<string[]> {
  const lines: string[] = [];
  const bytes = Math.min(READ_BYTES, PROBE_BYTES + count * READ_BYTES_PER_LINE);
  let held = Buffer.alloc(0);
  for (let at = from; lines.length < count; ) {
    const chunk = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await file.read(chunk, 0, bytes, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    held = Buffer.concat([held, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (
      let end = held.indexOf(NEWLINE);
      end !== -1 && lines.length < count;
      end = held.indexOf(NEWLINE, start)
    ) {
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
