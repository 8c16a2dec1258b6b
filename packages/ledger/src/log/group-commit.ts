import { fdatasync, statSync, writeSync } from 'node:fs';
import { errorMessage } from '@praxis/core';
import { type LedgerError, ledgerError } from '../errors.ts';
import type { LogFile } from './log-file.ts';

/**
 * What "durable" means. `group`: callers that wait at the same time share one fdatasync. `each`: one
 * fdatasync per record. `os`: the operating system has the record, which outlives this process but
 * not the machine.
 */
export type Durability = 'group' | 'each' | 'os';

/** How many bytes one write takes at most, unless one record alone is longer. */
export const BATCH_BYTES_MAX = 1_048_576;

/** One line on its way to the disk. */
export interface PendingLine {
  /** The line with its newline (and, after a torn line, the newline that ends that one). */
  readonly text: string;
  readonly durable: () => void;
  readonly failed: (error: LedgerError) => void;
}

/**
 * One pump that takes whatever is queued, writes it with one call and syncs it with one more. Any
 * error ends it for good: after a failed sync the kernel may have dropped the pages, so a second sync
 * that succeeds would prove nothing. The owner reopens the file and reads back what is there.
 */
export class GroupCommit {
  readonly file: LogFile;
  /** How many bytes of the file are durable. */
  size: number;
  error: LedgerError | null = null;
  readonly #durability: Durability;
  #queue: PendingLine[] = [];
  #pumping: Promise<void> | null = null;

  constructor(file: LogFile, durability: Durability, size: number) {
    this.file = file;
    this.#durability = durability;
    this.size = size;
  }

  get queued(): number {
    return this.#queue.length;
  }

  add(line: PendingLine): void {
    this.#queue.push(line);
    this.#pumping ??= this.#start();
  }

  /** Resolves when nothing is queued any more, or the pump has failed. */
  async idle(): Promise<void> {
    while (this.#pumping !== null) await this.#pumping;
  }

  /** Syncs what was written. Rejects when the log has failed or fails now. */
  async sync(): Promise<void> {
    if (this.error !== null) throw this.error;
    await sync(this.file.fd);
  }

  async #start(): Promise<void> {
    // Everything that is appended in the same turn shares the first write.
    await Promise.resolve();
    while (this.#queue.length > 0 && this.error === null) await this.#commit(this.#take());
    this.#pumping = null;
  }

  #take(): PendingLine[] {
    if (this.#durability === 'each') return this.#queue.splice(0, 1);
    let bytes = 0;
    let count = 0;
    for (const line of this.#queue) {
      bytes += line.text.length;
      if (count > 0 && bytes > BATCH_BYTES_MAX) break;
      count += 1;
    }
    if (count < this.#queue.length) return this.#queue.splice(0, count);
    const all = this.#queue;
    this.#queue = [];
    return all;
  }

  async #commit(batch: readonly PendingLine[]): Promise<void> {
    try {
      this.size += this.#write(batch);
      if (this.#durability !== 'os') await sync(this.file.fd);
    } catch (error) {
      return this.#fail(error, batch);
    }
    for (const line of batch) line.durable();
  }

  #write(batch: readonly PendingLine[]): number {
    const first = batch[0]?.text ?? '';
    const bytes = Buffer.from(batch.length === 1 ? first : batch.map((line) => line.text).join(''));
    let written = 0;
    while (written < bytes.length) written += writeSync(this.file.fd, bytes, written);
    this.#checkStillOurs(this.size + written);
    return written;
  }

  /** A log that was moved, removed, cut or written by someone else must not be acknowledged into. */
  #checkStillOurs(expectedSize: number): void {
    const stats = statSync(this.file.path);
    if (stats.dev !== this.file.dev || stats.ino !== this.file.ino)
      throw new Error('the log file was replaced');
    if (stats.size !== expectedSize) throw new Error('the log file was changed by someone else');
  }

  #fail(cause: unknown, batch: readonly PendingLine[]): void {
    const refused = [...batch, ...this.#queue];
    this.#queue = [];
    this.error = ledgerError('LEDGER_UNAVAILABLE', `the ledger cannot be written: ${errorMessage(cause)}`, {
      cause,
    });
    for (const line of refused) line.failed(this.error);
  }
}

function sync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}
