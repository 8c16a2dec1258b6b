import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A scratch directory of one test. */
export interface TempDir extends Disposable {
  /** Absolute, without symbolic links, short enough to hold a Unix socket. */
  readonly path: string;
  /** Writes a file below it (directories are made) and returns its absolute path. */
  write(name: string, content: string | Uint8Array, mode?: number): string;
  /** Removes it with everything in it. It goes by itself when the process ends. */
  remove(): void;
}

const live = new Set<string>();

process.on('exit', removeLive);
// A test worker is ended by SIGTERM, which runs no exit handlers: clean up, then die of the signal as before.
process.once('SIGTERM', () => {
  removeLive();
  process.kill(process.pid, 'SIGTERM');
});

/** Makes an owner-only directory in the system's temporary directory. */
export function makeTempDir(): TempDir {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'px-')));
  live.add(path);
  const remove = (): void => {
    live.delete(path);
    removeTree(path);
  };
  return {
    path,
    write(name, content, mode = 0o600): string {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode });
      return file;
    },
    remove,
    [Symbol.dispose]: remove,
  };
}

function removeLive(): void {
  for (const path of live) removeTree(path);
  live.clear();
}

function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}
