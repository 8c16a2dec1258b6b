import { open } from 'node:fs/promises';
import { ledgerError } from '../errors.ts';
import { LINE_BYTES_MAX } from '../line.ts';
import type { NodeObserver } from '../tree/tree.ts';
import { LogWalk, type LogStart, type RecordObserver } from './log-walk.ts';
import { walkFile } from './recover.ts';
import { listSegments, type Segment } from './segments.ts';

/**
 * Finds where a log is written on: its last segment, and a walk that stands at that segment's
 * beginning. Normally that segment's header says all that is needed; when a crash left a segment
 * without one, the segments before are read too. Throws `LEDGER_CORRUPT` when one of those is not whole.
 */
export async function openEnd(
  path: string,
  observe?: RecordObserver,
  nodes?: NodeObserver,
): Promise<{ segment: Segment; walk: LogWalk }> {
  const segments = listSegments(path);
  let at = segments.length - 1;
  let start: LogStart | null = null;
  // Only the very first segment of a log has no header; when the older ones were archived, the oldest has one.
  for (; (segments[at]?.firstSeq ?? 0) > 0; at -= 1) {
    start = await startOf(segments[at], nodes);
    if (start !== null) break;
  }
  const walk = new LogWalk(start, observe, nodes);
  for (const segment of segments.slice(Math.max(at, 0), -1)) await walkWhole(segment, walk);
  return { segment: segments.at(-1) ?? { path, firstSeq: 0 }, walk };
}

/** What the header of a segment claims came before it, or null when it has no header. */
export async function startOf(segment: Segment | undefined, nodes?: NodeObserver): Promise<LogStart | null> {
  if (segment === undefined) return null;
  const line = await firstLine(segment.path);
  return line === null ? null : LogWalk.fromHeader(line, nodes ?? null);
}

async function firstLine(path: string): Promise<Buffer | null> {
  const handle = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(LINE_BYTES_MAX + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const newline = bytes.subarray(0, bytesRead).indexOf(0x0a);
    return newline === -1 ? null : bytes.subarray(0, newline);
  } finally {
    await handle.close();
  }
}

async function walkWhole(segment: Segment, walk: LogWalk): Promise<void> {
  await walkFile(segment.path, 0, walk);
  const bad = walk.chain.firstBad;
  if (bad === null) return;
  throw ledgerError(
    'LEDGER_CORRUPT',
    `the segment \`${segment.path}\` does not verify from byte ${bad.offset} (${bad.code})`,
    {
      fields: { path: segment.path, offset: bad.offset, seq: bad.seq, reason: bad.code },
    },
  );
}
