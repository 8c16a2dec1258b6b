import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { errorCode, sha256Hex } from '@praxis/core';
import { type Refusal, refuse } from '../adapter.ts';

/** The largest runbook, in bytes: one that a person can still read before approving it. */
export const RUNBOOK_BYTES_MAX = 65_536;
const PATH_LENGTH_MAX = 1024;

/** A runbook's content at one moment. */
export interface Runbook {
  readonly refused?: never;
  /** Its real path, without symbolic links. */
  readonly path: string;
  readonly text: string;
  /** SHA-256 (hex) of its bytes. */
  readonly digest: string;
}

/**
 * Reads a runbook that lies below `root`, both without symbolic links. Refuses what is not a regular
 * file below it, is too large, or is not UTF-8 text: the bytes that run must be the text that is shown.
 */
export async function readRunbook(root: string | undefined, path: string): Promise<Runbook | Refusal> {
  if (root === undefined || root.trim() === '')
    return refuse('root_not_configured', 'PRAXIS_RUNBOOK_ROOT is not set');
  if (path === '' || path.length > PATH_LENGTH_MAX || path.includes('\0')) {
    return refuse('runbook_not_found', 'not a path of a runbook');
  }
  const realRoot = await realPathOf(root);
  if (realRoot === null || !(await stat(realRoot)).isDirectory()) {
    return refuse('root_not_configured', `PRAXIS_RUNBOOK_ROOT \`${root}\` is not a directory`);
  }
  // What lies outside is refused before the disk is asked, so that no answer tells what exists there.
  const asked = resolve(realRoot, path);
  if (!isBelow(realRoot, asked) && !isBelow(resolve(root), asked))
    return refuse('path_outside_root', `\`${path}\` is outside the root`);
  const real = await realPathOf(asked);
  if (real === null) return refuse('runbook_not_found', `there is no runbook \`${path}\``);
  if (!isBelow(realRoot, real)) return refuse('path_outside_root', `\`${path}\` leads outside the root`);
  return readConfined(real, path);
}

async function readConfined(real: string, path: string): Promise<Runbook | Refusal> {
  let file: FileHandle;
  try {
    // Not blocking: opening a FIFO would otherwise wait for a writer.
    file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return refuse('runbook_unreadable', `the runbook \`${path}\` cannot be opened (${errorCode(error)})`);
  }
  try {
    const opened = await file.stat();
    if (!opened.isFile()) return refuse('runbook_invalid', `\`${path}\` is not a regular file`);
    if (!(await isStillThere(real, opened)))
      return refuse('content_changed', `\`${path}\` was replaced while it was read`);
    if (opened.size > RUNBOOK_BYTES_MAX) return tooLarge(path);
    return decode(real, path, await readBounded(file));
  } finally {
    await file.close();
  }
}

/** A directory on the way may have been replaced between resolving and opening: then this is another file. */
async function isStillThere(real: string, opened: { dev: number; ino: number }): Promise<boolean> {
  if ((await realPathOf(real)) !== real) return false;
  const now = await stat(real);
  return now.dev === opened.dev && now.ino === opened.ino;
}

async function readBounded(file: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(RUNBOOK_BYTES_MAX + 1);
  let lengthBytes = 0;
  while (lengthBytes < buffer.length) {
    const { bytesRead } = await file.read(buffer, lengthBytes, buffer.length - lengthBytes, lengthBytes);
    if (bytesRead === 0) break;
    lengthBytes += bytesRead;
  }
  return buffer.subarray(0, lengthBytes);
}

function decode(real: string, path: string, bytes: Buffer): Runbook | Refusal {
  if (bytes.length > RUNBOOK_BYTES_MAX) return tooLarge(path);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text).equals(bytes) && !text.includes('\0');
  if (!isText || text.trim() === '')
    return refuse('runbook_invalid', `\`${path}\` is empty or not UTF-8 text`);
  return { path: real, text, digest: sha256Hex(bytes) };
}

function tooLarge(path: string): Refusal {
  return refuse('runbook_too_large', `\`${path}\` has more than ${RUNBOOK_BYTES_MAX} bytes`);
}

async function realPathOf(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG'].includes(errorCode(error))) return null;
    throw error;
  }
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
