import { fdatasyncSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { HASH_CHARS, type LaidOutLines, MARK_PREV_HASH, sealLines } from '../seal-lines.ts';
import { linesIn } from './batch-memory.ts';
import type { LogFile } from './log-file.ts';
import { type SealingFailure, type SealingJob, SealingJobs, type SealingNews } from './sealing-jobs.ts';
import { writeLines } from './write-lines.ts';

// The thread that seals, writes and syncs the lines which its owner encodes. After its first failure it writes nothing more.
const jobs = new SealingJobs(workerData as SharedArrayBuffer);
const memories: (LaidOutLines | undefined)[] = [];
let file: LogFile | null = null;
let lastHash = '';

function hear(): void {
  const heard = parentPort === null ? undefined : receiveMessageOnPort(parentPort);
  if (heard === undefined) throw new Error('what a job needs was not said before it');
  const news = heard.message as SealingNews;
  if ('file' in news) file = news.file;
  else memories[news.place] = linesIn(news.memory);
}

function run({ place, count, length, size, syncs, continues, news }: SealingJob): void {
  for (let heard = 0; heard < news; heard += 1) hear();
  const lines = memories[place];
  if (lines === undefined || file === null) throw new Error('a job names what was never said');
  if (count > 0) lastHash = sealLines(lines, 0, count, continues ? lastHash : prevHashOf(lines));
  writeLines(file, lines.bytes, 0, length, size);
  if (syncs) fdatasyncSync(file.fd);
}

function prevHashOf({ bytes, marks }: LaidOutLines): string {
  const at = marks[MARK_PREV_HASH] ?? 0;
  return bytes.toString('latin1', at, at + HASH_CHARS);
}

function failure(error: unknown): SealingFailure {
  if (!(error instanceof Error)) return { message: String(error), code: null };
  const { code } = error as { readonly code?: unknown };
  return { message: error.message, code: typeof code === 'string' ? code : null };
}

jobs.started();
try {
  for (let number = 1; ; number = (number + 1) | 0) {
    const job = jobs.next(number);
    if (job === null) break;
    run(job);
    jobs.finish(number);
  }
} catch (error) {
  parentPort?.postMessage(failure(error));
  jobs.fail();
}
