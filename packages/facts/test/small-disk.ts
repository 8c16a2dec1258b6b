import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own that can be full without harm to anybody else. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all of its room but some bytes. */
  fill(bytesLeft: number): void;
  /** Gives the room back. */
  makeRoom(): void;
  unmount(): void;
}

/** Mounts one; null where that is not possible, which it is for root alone. */
export function mountSmallDisk(sizeMb: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'praxis-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m,mode=0777`, 'tmpfs', path], {
      stdio: 'ignore',
    });
  } catch {
    // Whatever it is that forbids it: there is no such disk here, and the test says so.
    rmdirSync(path);
    return null;
  }
  const ballast = join(path, 'ballast');
  const bytesFree = (): number => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return {
    path,
    fill: (bytesLeft) => writeFileSync(ballast, Buffer.alloc(Math.max(0, bytesFree() - bytesLeft))),
    makeRoom: () => rmSync(ballast, { force: true }),
    unmount() {
      // Lazily: what a server that was killed still holds does not keep it.
      execFileSync('umount', ['-l', path], { stdio: 'ignore' });
      rmdirSync(path);
    },
  };
}
