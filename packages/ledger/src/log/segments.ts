import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One file of a log. */
export interface Segment {
  readonly path: string;
  /** The `seq` of its first record. */
  readonly firstSeq: number;
}

const EXTENSION = '.jsonl';
const SEQ_DIGITS = 15;

/** `ledger.jsonl` without its extension, if it has it: what the names of everything beside a log begin with. */
export function stemOf(path: string): string {
  return path.endsWith(EXTENSION) ? path.slice(0, -EXTENSION.length) : path;
}

/** The file beside a log where the segment that begins with `firstSeq` goes. */
export function segmentPath(path: string, firstSeq: number): string {
  return `${stemOf(path)}.${String(firstSeq).padStart(SEQ_DIGITS, '0')}${EXTENSION}`;
}

/**
 * The segments of the log at `path` that are there, oldest first. The first one has the log's own name;
 * each later one has the number of its first record in its name. Names never change: a file under
 * `chattr +a` cannot be renamed.
 */
export function listSegments(path: string): Segment[] {
  const prefix = `${basename(stemOf(path))}.`;
  const later = readdirSync(dirname(path))
    .map((name) => ({ name, firstSeq: segmentNumber(name, prefix) }))
    .filter((entry) => entry.firstSeq !== null)
    .map(({ name, firstSeq }) => ({ path: join(dirname(path), name), firstSeq: firstSeq ?? 0 }))
    .sort((a, b) => a.firstSeq - b.firstSeq);
  return existsSync(path) ? [{ path, firstSeq: 0 }, ...later] : later;
}

/** The `seq` of the first record of a later segment, from its path; null for a log's first file. */
export function segmentNumberOf(path: string): number | null {
  const digits = /\.(\d{15})\.jsonl$/.exec(path)?.[1];
  return digits === undefined ? null : Number(digits);
}

function segmentNumber(name: string, prefix: string): number | null {
  if (!name.startsWith(prefix) || !name.endsWith(EXTENSION)) return null;
  const digits = name.slice(prefix.length, -EXTENSION.length);
  return digits.length === SEQ_DIGITS && /^\d+$/.test(digits) ? Number(digits) : null;
}

/** The log that a segment's file belongs to, or the path itself when it is no later segment. */
export function logOf(path: string): string {
  const match = /^(.+)\.\d{15}\.jsonl$/.exec(path);
  return match?.[1] === undefined ? path : `${match[1]}${EXTENSION}`;
}
