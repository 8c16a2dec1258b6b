import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const SYNC_MS = 2;
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Makes every sync take two milliseconds more until it is disposed of, also in threads that are started meanwhile. */
export function slowSync(): Disposable {
  const { fdatasync, fdatasyncSync } = fs;
  const { Worker } = threads;
  const slow = (fd: number, callback: (error: Error | null) => void): void =>
    fdatasync(fd, (error) => setTimeout(() => callback(error), SYNC_MS));
  fs.fdatasync = slow as typeof fs.fdatasync;
  fs.fdatasyncSync = (fd) => {
    fdatasyncSync(fd);
    Atomics.wait(never, 0, 0, SYNC_MS);
  };
  threads.Worker = class extends Worker {
    constructor(url: string | URL, options: threads.WorkerOptions = {}) {
      super(url, { ...options, execArgv: ['--import', import.meta.url] });
    }
  };
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      Object.assign(fs, { fdatasync, fdatasyncSync });
      threads.Worker = Worker;
      syncBuiltinESMExports();
    },
  };
}

// What such a thread loads before its own program.
if (!threads.isMainThread) slowSync();
