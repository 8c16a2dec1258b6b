import { constants } from 'node:fs';
import { lstat, open, readdir, readlink, realpath } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import path from 'node:path';
import { errorCode, PraxisError } from '@praxis/core';

/** The largest file a collector reads, in bytes. */
export const SOURCE_BYTES_MAX: number = 64 * 1024 * 1024;
/** The most entries a collector takes from one directory. */
export const DIRECTORY_ENTRIES_MAX = 100_000;
const SYMLINKS_MAX = 40;
const CHUNK_BYTES = 65_536;

/**
 * Reads files as they would be seen with `root` as the root directory: absolute symbolic links are
 * followed inside the root, never out of it, so that a scratch root cannot show the machine's
 * own files. Only regular files are opened (no FIFO can block, no device is touched), and only bounded.
 */
export class FileSource {
  readonly root: string;

  constructor(root: string) {
    this.root = path.resolve(root);
  }

  /** True when this is the machine's own root: only then do the kernel's live answers apply. */
  get isMachine(): boolean {
    return this.root === '/';
  }

  /** The bytes of a regular file. Throws `SOURCE_TOO_LARGE`, or the system's error. */
  async bytes(file: string, bytesMax: number = SOURCE_BYTES_MAX): Promise<Buffer> {
    const handle = await open(
      await this.resolve(file),
      constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
    );
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new PraxisError('SOURCE_NOT_A_FILE', `\`${file}\` is not a regular file`);
      // Files of /proc say they are empty, so the bound holds for what is read, not for what is announced.
      const chunks: Buffer[] = [];
      let total = 0;
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
        if (bytesRead === 0) return Buffer.concat(chunks, total);
        total += bytesRead;
        if (total > bytesMax)
          throw new PraxisError('SOURCE_TOO_LARGE', `\`${file}\` is larger than ${bytesMax} bytes`);
        chunks.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }

  async text(file: string, bytesMax?: number): Promise<string> {
    return (await this.bytes(file, bytesMax)).toString('utf8');
  }

  /** The text, or null when the file is missing. */
  async textIfPresent(file: string): Promise<string | null> {
    try {
      return await this.text(file);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Names in a directory, sorted; an empty list when there is no such directory. */
  async names(directory: string): Promise<readonly string[]> {
    try {
      const names = await readdir(await this.resolve(directory));
      if (names.length > DIRECTORY_ENTRIES_MAX) {
        throw new PraxisError(
          'SOURCE_TOO_LARGE',
          `\`${directory}\` has more than ${DIRECTORY_ENTRIES_MAX} entries`,
        );
      }
      return names.sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Mode, owner and type of the file a path leads to, following links inside the root. */
  async stat(file: string): Promise<Stats> {
    return lstat(await this.resolve(file));
  }

  /** Where a symbolic link points, as written, or null for anything else. */
  async linkTarget(file: string): Promise<string | null> {
    try {
      const parent = await this.resolve(path.posix.dirname(file));
      return await readlink(path.join(parent, path.posix.basename(file)));
    } catch (error) {
      if (isMissing(error) || errorCode(error) === 'EINVAL') return null;
      throw error;
    }
  }

  /** The real place of a path of the root, every link on the way read as if the root were `/`. */
  async resolve(file: string): Promise<string> {
    if (this.isMachine) return realpath(file);
    let pending = file.split('/').filter((part) => part !== '' && part !== '.');
    const walked: string[] = [];
    let links = 0;
    for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
      if (part === '..') {
        walked.pop();
        continue;
      }
      const here = path.join(this.root, ...walked, part);
      const stat = await lstat(here);
      if (!stat.isSymbolicLink()) {
        walked.push(part);
        continue;
      }
      links += 1;
      if (links > SYMLINKS_MAX) throw new PraxisError('ELOOP', `too many symbolic links in \`${file}\``);
      const target = await readlink(here);
      if (target.startsWith('/')) walked.length = 0;
      pending = [...target.split('/').filter((item) => item !== '' && item !== '.'), ...pending];
    }
    return path.join(this.root, ...walked);
  }
}

/** True for the system's ways to say that a path does not exist. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
