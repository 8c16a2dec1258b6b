import type { LogFile } from './log-file.ts';

/** How many jobs the thread that seals may have at a time, and for how many batches it keeps the memory. */
export const SEALING_JOBS_MAX = 2;
export const SEALING_MEMORIES_MAX = 4;

/** How often the thread looks for a job before it goes to sleep: waking it up takes longer than a few looks. */
const LOOKS_MAX = 100;

/** What the thread must be told before a job: the file that is written now, or memory it has not seen yet. */
export type SealingNews =
  | { readonly file: LogFile }
  | { readonly memory: SharedArrayBuffer; readonly place: number };

/** What the thread says when it cannot go on. */
export interface SealingFailure {
  readonly message: string;
  readonly code: string | null;
}

/** What is to be done with a batch of lines. */
export interface SealingJob {
  /** Where the memory of the batch is among those that the thread has. */
  readonly place: number;
  /** How many lines are to be sealed, from the first on; none when they are already. */
  readonly count: number;
  /** How many bytes are to be written. */
  readonly length: number;
  /** How many bytes the log has before. */
  readonly size: number;
  /** Whether what was written is to be synced. */
  readonly syncs: boolean;
  /** Whether the lines come after those of the job before; else the first one has its `prev_hash` already. */
  readonly continues: boolean;
  /** How much news there is before the job. */
  readonly news: number;
}

/** What the numbers in control memory say, by index. */
const SUBMITTED = 0;
const FINISHED = 1;
const READY = 2;
const FAILED = 3;
const STOPPING = 4;
const WORKER_SLEEPS = 5;
const OWNER_SLEEPS = 6;
/** Changes with whatever the thread may sleep for. */
const SIGNAL = 7;
const FIRST_JOB = 8;
const JOB_NUMBERS = 6;
const NUMBERS = FIRST_JOB + SEALING_JOBS_MAX * JOB_NUMBERS;

/**
 * The jobs of the thread that seals, in memory that it shares with its owner. Jobs are finished in the order in which
 * they were submitted, and counted, modulo 2^32. Whatever was stored before a count was raised is seen by whoever has
 * seen that it was.
 */
export class SealingJobs {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #sizes: Float64Array;

  constructor(memory: SharedArrayBuffer = newMemory()) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, NUMBERS);
    this.#sizes = new Float64Array(memory, Int32Array.BYTES_PER_ELEMENT * NUMBERS, SEALING_JOBS_MAX);
  }

  /** Submits a job, and answers its number. There must be room for it: see `SEALING_JOBS_MAX`. */
  submit({ place, count, length, size, syncs, continues, news }: SealingJob): number {
    const numbers = this.#numbers;
    const number = ((numbers[SUBMITTED] ?? 0) + 1) | 0;
    const slot = slotOf(number);
    numbers.set(
      [place, count, length, continues ? 1 : 0, syncs ? 1 : 0, news],
      FIRST_JOB + slot * JOB_NUMBERS,
    );
    this.#sizes[slot] = size;
    Atomics.store(numbers, SUBMITTED, number);
    this.#wakeWorker();
    return number;
  }

  isFinished(number: number): boolean {
    return ((Atomics.load(this.#numbers, FINISHED) - number) | 0) >= 0;
  }

  /** Whether the thread has started and not failed since. */
  get isReady(): boolean {
    return Atomics.load(this.#numbers, READY) === 1 && !this.hasFailed;
  }

  get hasFailed(): boolean {
    return Atomics.load(this.#numbers, FAILED) === 1;
  }

  /** Resolves when the thread has finished a job or failed; at once when that job is finished already. */
  async changed(number: number): Promise<void> {
    const numbers = this.#numbers;
    Atomics.store(numbers, OWNER_SLEEPS, 1);
    const finished = Atomics.load(numbers, FINISHED);
    if (!this.isFinished(number) && !this.hasFailed) {
      const wait = Atomics.waitAsync(numbers, FINISHED, finished);
      if (wait.async) await wait.value;
    }
    Atomics.store(numbers, OWNER_SLEEPS, 0);
  }

  /** Lets the thread end once it has no job. */
  stop(): void {
    Atomics.store(this.#numbers, STOPPING, 1);
    this.#wakeWorker();
  }

  /** For the thread: says that it has started. */
  started(): void {
    Atomics.store(this.#numbers, READY, 1);
  }

  /** For the thread: waits for the job with this number; null when there will be none. */
  next(number: number): SealingJob | null {
    const numbers = this.#numbers;
    for (let looks = 0; Atomics.load(numbers, SUBMITTED) === ((number - 1) | 0); looks += 1) {
      if (Atomics.load(numbers, STOPPING) === 1) return null;
      if (looks < LOOKS_MAX) {
        pause();
        continue;
      }
      this.#sleep(number);
    }
    const slot = slotOf(number);
    const [place = 0, count = 0, length = 0, continues, syncs, news = 0] = numbers.subarray(
      FIRST_JOB + slot * JOB_NUMBERS,
    );
    const size = this.#sizes[slot] ?? 0;
    return { place, count, length, size, syncs: syncs === 1, continues: continues === 1, news };
  }

  /** For the thread: says that a job is finished. */
  finish(number: number): void {
    Atomics.store(this.#numbers, FINISHED, number);
    this.#wakeOwner();
  }

  /** For the thread: says that it will finish no job any more. */
  fail(): void {
    Atomics.store(this.#numbers, FAILED, 1);
    this.#wakeOwner();
  }

  /** Whatever comes after the last look changes the signal: nothing is slept through. */
  #sleep(number: number): void {
    const numbers = this.#numbers;
    Atomics.store(numbers, WORKER_SLEEPS, 1);
    const signal = Atomics.load(numbers, SIGNAL);
    const isIdle = Atomics.load(numbers, SUBMITTED) === ((number - 1) | 0);
    if (isIdle && Atomics.load(numbers, STOPPING) === 0) Atomics.wait(numbers, SIGNAL, signal);
    Atomics.store(numbers, WORKER_SLEEPS, 0);
  }

  #wakeWorker(): void {
    Atomics.add(this.#numbers, SIGNAL, 1);
    if (Atomics.load(this.#numbers, WORKER_SLEEPS) === 1) Atomics.notify(this.#numbers, SIGNAL);
  }

  #wakeOwner(): void {
    if (Atomics.load(this.#numbers, OWNER_SLEEPS) === 1) Atomics.notify(this.#numbers, FINISHED);
  }
}

/** Leaves the processor to whoever shares it for a moment, where the engine can. */
const { pause = () => undefined } = Atomics as { readonly pause?: () => void };

function newMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(
    Int32Array.BYTES_PER_ELEMENT * NUMBERS + Float64Array.BYTES_PER_ELEMENT * SEALING_JOBS_MAX,
  );
}

function slotOf(number: number): number {
  return (number >>> 0) % SEALING_JOBS_MAX;
}
