import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { parseLine } from '../line.ts';
import { startOfLastLines } from '../log/last-lines.ts';
import { LineReader } from '../log/read-lines.ts';
import { listSegments, type Segment } from '../log/segments.ts';
import { type DamageTally, finishReading } from './damage.ts';
import type { FoundRecord } from './search.ts';

/** How often a followed log is looked at, in milliseconds. */
export const FOLLOW_POLL_MS = 250;
/** How many lines at the end of a log may be no records, left behind by crashes, before fewer are shown than were asked for. */
const LINES_NOT_RECORDS = 64;

/**
 * The last `count` records of a log, and then each new one, across rotations, until `signal` aborts;
 * without `follow` it ends after the last one. What it read that is no record is counted in `damage`. Throws
 * `LEDGER_UNREADABLE` when there is no log.
 */
export async function* followLedger(
  path: string,
  options: {
    readonly count: number;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
    readonly damage?: DamageTally | undefined;
  },
): AsyncGenerator<FoundRecord> {
  let waiting: FoundRecord[] = [];
  let caughtUp = false;
  const segments = existsSync(dirname(path)) ? listSegments(path) : [];
  if (segments.length === 0)
    throw ledgerError('LEDGER_UNREADABLE', `there is no ledger at \`${path}\``, { fields: { path } });
  const start = await startOfLast(segments, options.count);
  const { damage } = options;
  for (let next = start.index; ; ) {
    const segment = listSegments(path)[next];
    if (segment === undefined) return;
    damage?.enter(segment.path);
    const reader = new LineReader(next === start.index ? start.offset : 0, {
      line: (line, offset) => {
        const record = parseLine(line);
        damage?.line(line, offset, record);
        if (typeof record !== 'string') waiting.push(record as FoundRecord);
        if (!caughtUp && waiting.length > options.count) waiting.shift();
      },
      fragment: (bytes, offset) => damage?.fragment(bytes, offset),
    });
    const file = await open(segment.path, 'r');
    try {
      for (;;) {
        const bytesRead = await reader.readFrom(file);
        if (bytesRead > 0) reader.take(bytesRead);
        const last = listSegments(path).length === next + 1;
        if (bytesRead > 0 && !caughtUp) continue;
        if (last) caughtUp = true;
        if (caughtUp) {
          yield* waiting;
          waiting = [];
        }
        if (bytesRead > 0) continue;
        if (last && options.follow) {
          if (await pause(options.signal)) continue;
          return;
        }
        await finishReading(reader, file);
        if (last) {
          yield* waiting;
          return;
        }
        break;
      }
    } finally {
      await file.close();
    }
    next += 1;
  }
}

/** Where to begin so as to come by the last `count` records: some lines may be none. */
async function startOfLast(
  segments: readonly Segment[],
  count: number,
): Promise<{ readonly index: number; readonly offset: number }> {
  let lines = count + LINES_NOT_RECORDS;
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const segment = segments[index];
    if (segment === undefined) break;
    const found = await startOfLastLines(segment.path, lines);
    if (found.lines >= lines) return { index, offset: found.offset };
    lines -= found.lines;
  }
  return { index: 0, offset: 0 };
}

/** Answers false when the wait was aborted. */
async function pause(signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(FOLLOW_POLL_MS, undefined, { signal });
    return true;
  } catch (error) {
    if (errorCode(error) === 'ABORT_ERR') return false;
    throw error;
  }
}
