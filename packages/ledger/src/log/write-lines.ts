import { statSync, writeSync } from 'node:fs';
import type { LogFile } from './log-file.ts';

/**
 * Appends bytes to a log that had so many bytes before. Answers how many it has now. Throws when the system
 * refuses, and for a log that was moved, removed, cut or written by someone else: no such log may be
 * acknowledged into.
 */
export function writeLines(
  file: LogFile,
  bytes: Buffer,
  from: number,
  to: number,
  sizeBefore: number,
): number {
  for (let at = from; at < to; ) at += writeSync(file.fd, bytes, at, to - at);
  const size = sizeBefore + to - from;
  const stats = statSync(file.path);
  if (stats.dev !== file.dev || stats.ino !== file.ino) throw new Error('the log file was replaced');
  if (stats.size !== size) throw new Error('the log file was changed by someone else');
  return size;
}
