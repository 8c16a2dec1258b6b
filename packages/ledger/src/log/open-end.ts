import { ledgerError } from '../errors.ts';
import type { NodeObserver } from '../tree/tree.ts';
import { LogWalk, type RecordObserver } from './log-walk.ts';
import { walkFile } from './recover.ts';
import { type SegmentStart, segmentStart } from './segment-start.ts';
import { listSegments, type Segment } from './segments.ts';

/**
 * Finds where a log is written on: its last segment, and a walk that stands at `from` in it, its
 * beginning. Normally that segment's header says all that is needed; when a crash left a segment
 * without one, the segments before are read too. Throws `LEDGER_CORRUPT` when one of those is not whole.
 */
export async function openEnd(
  path: string,
  observe?: RecordObserver,
  nodes?: NodeObserver,
): Promise<{ segment: Segment; walk: LogWalk; from: number }> {
  const segments = listSegments(path);
  let at = segments.length - 1;
  let start: SegmentStart | null = null;
  // Only the very first segment of a log has no header; when the older ones were archived, the oldest has one.
  for (; (segments[at]?.firstSeq ?? 0) > 0; at -= 1) {
    start = await segmentStart(segments[at]?.path ?? path, nodes ?? null);
    if (start !== null) break;
  }
  const walk = new LogWalk(start, observe, nodes);
  let from = start?.offset ?? 0;
  for (const segment of segments.slice(Math.max(at, 0), -1)) {
    await walkWhole(segment, from, walk);
    from = 0;
  }
  return { segment: segments.at(-1) ?? { path, firstSeq: 0 }, walk, from };
}

async function walkWhole(segment: Segment, from: number, walk: LogWalk): Promise<void> {
  await walkFile(segment.path, from, walk);
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
