import { Worker } from 'node:worker_threads';
import { errorMessage } from '@praxis/core';
import { MARK_PREV_HASH } from '../seal-lines.ts';
import type { LineBatch } from './line-batch.ts';
import type { LogFile } from './log-file.ts';
import { SEALING_JOBS_MAX, SEALING_MEMORIES_MAX, type SealingFailure, SealingJobs } from './sealing-jobs.ts';

/** How often it is looked whether a job is finished, while others have their turn, before waiting to be told. */
const LOOKS_MAX = 64;

/** What a thread was given to do. */
export interface Sealing {
  readonly batch: LineBatch;
  readonly number: number;
}

/** How a batch is to be sealed and written. */
export interface Submission {
  readonly file: LogFile;
  readonly size: number;
  /** Whether the file is to be synced as well. */
  readonly syncs: boolean;
  readonly prevHash: string | null;
}

/**
 * A thread that chains, digests, writes and syncs batches of lines, one after another, while its owner encodes the next.
 * It keeps no process alive but while somebody waits for it. After its first failure it writes nothing more.
 */
export class SealingThread {
  readonly #jobs = new SealingJobs();
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #places: (LineBatch | null)[] = Array.from({ length: SEALING_MEMORIES_MAX }, () => null);
  #nextPlace = 0;
  #file: LogFile | null = null;
  #underWay = 0;
  #failure: string | null = null;
  #hasEnded = false;
  #hasToldWhy = false;

  /** Starts it. Throws where the system or the engine starts none. */
  constructor() {
    const isSource = import.meta.url.endsWith('.ts');
    this.#worker = new Worker(
      new URL(isSource ? './sealing-worker.ts' : './sealing-worker.js', import.meta.url),
      { workerData: this.#jobs.memory },
    );
    this.#worker.unref();
    this.#worker.on('message', ({ message }: SealingFailure) => {
      this.#failure ??= message;
      this.#hasToldWhy = true;
    });
    this.#worker.on('error', (error) => {
      this.#failure ??= errorMessage(error);
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#hasEnded = true;
        this.#failure ??= `the thread that seals it has ended (${code})`;
        this.#jobs.fail();
        resolve();
      });
    });
  }

  /** Whether it takes jobs. */
  get isReady(): boolean {
    return this.#jobs.isReady && !this.#hasEnded;
  }

  /** Whether it has ended, or will. */
  get hasFailed(): boolean {
    return this.#hasEnded || this.#jobs.hasFailed;
  }

  /** Whether it ended because a job failed. */
  get hasToldWhy(): boolean {
    return this.#hasToldWhy;
  }

  get isFull(): boolean {
    return this.#underWay >= SEALING_JOBS_MAX;
  }

  /**
   * Takes a batch of which nothing is sealed yet, or everything, to be written to a file that has `size` bytes.
   * `prevHash` is the digest of the line before, or null when that is in the job before. The batch must be left alone
   * until the job has ended. There must be room for it: see `isFull`.
   */
  submit(batch: LineBatch, { file, size, syncs, prevHash }: Submission): Sealing {
    let news = 0;
    if (this.#file !== file) {
      const { fd, path, dev, ino } = file;
      this.#worker.postMessage({ file: { fd, path, dev, ino, size: file.size } });
      this.#file = file;
      news += 1;
    }
    let place = this.#places.indexOf(batch);
    if (place === -1) {
      // No more jobs are under way than places are kept: whoever had this one before is done.
      place = this.#nextPlace;
      this.#nextPlace = (place + 1) % SEALING_MEMORIES_MAX;
      this.#places[place] = batch;
      this.#worker.postMessage({ memory: batch.memory, place });
      news += 1;
    }
    // What is not sealed yet is left to the thread.
    const count = batch.lines.length - batch.sealed;
    if (prevHash !== null) batch.bytes.write(prevHash, batch.marks[MARK_PREV_HASH] ?? 0, 'latin1');
    this.#underWay += 1;
    const continues = prevHash === null;
    const number = this.#jobs.submit({ place, count, length: batch.length, size, syncs, continues, news });
    batch.sealed = batch.lines.length;
    return { batch, number };
  }

  /** Whether a job is finished, or never will be. */
  hasSettled({ number }: Sealing): boolean {
    return this.#jobs.isFinished(number) || this.hasFailed;
  }

  /** Resolves when the job that was submitted first of those under way is finished. Rejects when it never will be. */
  async settled(sealing: Sealing): Promise<void> {
    for (let looks = 0; looks < LOOKS_MAX && !this.hasSettled(sealing); looks += 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (!this.hasSettled(sealing)) {
      this.#worker.ref();
      while (!this.hasSettled(sealing)) await this.#jobs.changed(sealing.number);
      this.#worker.unref();
    }
    this.#underWay -= 1;
    if (this.#jobs.isFinished(sealing.number)) return;
    await this.close();
    throw new Error(this.#failure ?? 'the thread that seals it has ended');
  }

  /** Ends it once it has finished what it has. Idempotent. */
  async close(): Promise<void> {
    this.#worker.ref();
    this.#jobs.stop();
    await this.#ended;
  }
}
