import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage } from '@praxis/core';

/** A stored line on its way out. */
export interface SinkLine {
  readonly seq: number;
  readonly line: string;
}

/** Somewhere outside that records are copied to, best effort. The log itself never waits for one. */
export interface Sink {
  readonly name: string;
  /** Whether a failed delivery can be repeated later, in order, from the log. */
  readonly catchesUp: boolean;
  /**
   * Rejects when none or not all of the lines were handed over. Answers a refusal for lines that were, and that
   * the other side will never keep, however often they are sent.
   */
  deliver(lines: readonly SinkLine[]): Promise<SinkRefusal | void>;
  close(): Promise<void>;
}

/** How many of the lines that were handed over are not kept, and why. */
export interface SinkRefusal {
  readonly refused: number;
  readonly why: string;
}

/** How a sink stands. */
export interface SinkStatus {
  readonly name: string;
  readonly delivered: number;
  /** Records that this sink will never get. */
  readonly dropped: number;
  /** Records that it has still to get. */
  readonly behind: number;
  readonly failures: number;
  readonly lastFailure: string | null;
}

/** How many lines wait in memory for one sink; older ones are read from the log again. */
export const SINK_QUEUE_MAX = 4_096;
/** How many lines one delivery has at most. */
export const SINK_BATCH_MAX = 256;
/** How long to wait after a failure, doubled each time up to the maximum, in milliseconds. */
export const SINK_RETRY_MS = 250;
export const SINK_RETRY_MS_MAX = 30_000;
/** How long closing waits for what is still to be delivered, in milliseconds. */
export const SINK_CLOSE_MS = 2_000;

/** Where a feed gets lines again that it holds no more. */
export interface LineSource {
  /** The stored lines `[from, from + count)`. Rejects with `LEDGER_UNREADABLE` when one is not there. */
  readonly read: (from: number, count: number) => Promise<string[]>;
  /** The first record that is still there: the oldest segments may have been archived. */
  readonly first: () => number;
}

/** Where a feed begins, and who is told that it has come further. */
export interface FeedPlace {
  readonly next: number;
  readonly end: number;
  readonly moved?: (() => void) | undefined;
}

/** Feeds one sink in order, in the background, however slow or dead it is. */
export class SinkFeed {
  readonly #sink: Sink;
  readonly #source: LineSource;
  readonly #stop = new AbortController();
  readonly #moved: FeedPlace['moved'];
  #queue: SinkLine[] = [];
  #next: number;
  #end: number;
  #delivered = 0;
  #dropped = 0;
  #failures = 0;
  #lastFailure: string | null = null;
  #retryMs = SINK_RETRY_MS;
  #running: Promise<void> | null = null;

  constructor(sink: Sink, source: LineSource, place: FeedPlace) {
    this.#sink = sink;
    this.#source = source;
    this.#moved = place.moved;
    this.#next = place.next;
    this.#end = place.end;
    if (this.#next < this.#end) this.#start();
  }

  /** The next record that the sink is to get. */
  get next(): number {
    return this.#next;
  }

  get name(): string {
    return this.#sink.name;
  }

  get status(): SinkStatus {
    return {
      name: this.#sink.name,
      delivered: this.#delivered,
      dropped: this.#dropped,
      behind: this.#end - this.#next,
      failures: this.#failures,
      lastFailure: this.#lastFailure,
    };
  }

  /** Takes a durable record; never waits. */
  add(seq: number, line: string): void {
    this.#end = seq + 1;
    // Records that were found whole after a failed write did not come by here: they are read from the log.
    if (this.#queue.at(-1)?.seq !== seq - 1) this.#queue = [];
    this.#queue.push({ seq, line });
    if (this.#queue.length > SINK_QUEUE_MAX) this.#queue.shift();
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Gives what is still to be delivered a short time, then closes the sink. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), SINK_CLOSE_MS);
    if (this.#running !== null) await this.#running;
    clearTimeout(timer);
    await this.#sink.close();
  }

  async #run(): Promise<void> {
    // What is appended in the same turn goes out together.
    await sleep(0);
    while (this.#next < this.#end && !this.#stop.signal.aborted) {
      try {
        const batch = await this.#batch();
        const refusal = await this.#sink.deliver(batch);
        this.#done(batch.length);
        const refused = Math.min(refusal?.refused ?? 0, batch.length);
        this.#delivered += batch.length - refused;
        this.#dropped += refused;
        if (refusal !== undefined) this.#noteFailure(refusal.why);
        this.#retryMs = SINK_RETRY_MS;
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  async #batch(): Promise<readonly SinkLine[]> {
    const first = this.#queue[0];
    if (first !== undefined && first.seq <= this.#next) {
      const skip = this.#next - first.seq;
      return this.#queue.slice(skip, skip + SINK_BATCH_MAX);
    }
    const until = Math.min(first?.seq ?? this.#end, this.#next + SINK_BATCH_MAX);
    const gone = Math.min(this.#source.first(), until) - this.#next;
    if (gone > 0) this.#skip(gone);
    const lines = await this.#source.read(this.#next, until - this.#next);
    return lines.map((line, i) => ({ seq: this.#next + i, line }));
  }

  /** Records that were archived before the sink got them. */
  #skip(count: number): void {
    this.#dropped += count;
    this.#noteFailure(`${count} records were archived before they could be delivered`);
    this.#done(count);
  }

  #done(count: number): void {
    this.#next += count;
    this.#moved?.();
    const first = this.#queue[0];
    if (first !== undefined && first.seq < this.#next) this.#queue.splice(0, this.#next - first.seq);
  }

  #noteFailure(why: string): void {
    this.#failures += 1;
    this.#lastFailure = why;
  }

  async #failed(error: unknown): Promise<void> {
    this.#noteFailure(errorMessage(error));
    if (!this.#sink.catchesUp) {
      const lost = Math.min(this.#end - this.#next, SINK_BATCH_MAX);
      this.#dropped += lost;
      return this.#done(lost);
    }
    try {
      await sleep(this.#retryMs, undefined, { signal: this.#stop.signal, ref: false });
    } catch (aborted) {
      if (errorCode(aborted) !== 'ABORT_ERR') throw aborted;
    }
    this.#retryMs = Math.min(this.#retryMs * 2, SINK_RETRY_MS_MAX);
  }
}
