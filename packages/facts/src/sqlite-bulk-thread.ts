import { Worker } from 'node:worker_threads';

import { errorMessage } from '@praxis/core';
import { StorageError } from '@praxis/storage';

import type { BulkAnswer, BulkDone, BulkFailed, BulkRequest } from './sqlite-bulk-writer.ts';

/** The thread that writes bulk, as its store sees it. */
export interface BulkThread {
  /** Whether a transaction can be begun: it has started, and has not ended. */
  isReady(): boolean;
  /** Whether it could not be started, or has ended by itself. */
  hasFailed(): boolean;
  tell(request: BulkRequest): void;
  /** The answer to the next transaction that is begun. Rejects with `STORE_FAILED` when the thread ends before. */
  answer(): Promise<BulkDone | BulkFailed>;
  /** Ends the thread and its connection. */
  close(): Promise<void>;
}

interface Awaiting {
  resolve(answer: BulkDone | BulkFailed): void;
  reject(error: unknown): void;
}

/** Starts the thread for the store in a file. It keeps no process alive by itself. */
export function startBulkThread(path: string): BulkThread {
  const isSource = import.meta.url.endsWith('.ts');
  const worker = new Worker(
    new URL(isSource ? './sqlite-bulk-worker.ts' : './sqlite-bulk-worker.js', import.meta.url),
    { workerData: { path }, execArgv: isSource ? ['--conditions=praxis-source'] : [] },
  );
  worker.unref();
  let state: 'starting' | 'ready' | 'ended' = 'starting';
  /** Those who wait for an answer, in the order of their transactions. */
  let awaiting: Awaiting[] = [];
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  const end = (why: string): void => {
    state = 'ended';
    const error = new StorageError('STORE_FAILED', `the thread that writes bulk has ended: ${why}`);
    for (const one of awaiting) one.reject(error);
    awaiting = [];
  };
  worker.on('message', (said: BulkAnswer) => {
    if ('ready' in said) {
      state = 'ready';
      return;
    }
    awaiting.shift()?.resolve(said);
    if (awaiting.length === 0) worker.unref();
  });
  worker.on('error', (error) => end(errorMessage(error)));
  worker.on('exit', (code) => end(`exit code ${code}`));

  return {
    isReady: () => state === 'ready',
    hasFailed: () => state === 'ended',
    tell: (request) => worker.postMessage(request),
    answer() {
      worker.ref();
      return new Promise((resolve, reject) => {
        if (state === 'ended')
          reject(new StorageError('STORE_FAILED', 'the thread that writes bulk has ended'));
        else awaiting.push({ resolve, reject });
      });
    },
    async close() {
      worker.ref();
      if (state === 'ready') worker.postMessage({ do: 'close' } satisfies BulkRequest);
      else await worker.terminate();
      await ended;
    },
  };
}
