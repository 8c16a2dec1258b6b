import { readlink } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '@praxis/core';
import { type FileSource, isMissing } from './file-source.ts';

/** How many processes are looked at. */
export const PROCESSES_MAX = 20_000;

export interface SocketOwner {
  readonly name: string;
  readonly path: string;
}

/**
 * Which program holds each socket inode. Processes that end meanwhile or belong to others are left
 * out: a name is a help to the reader, its absence says nothing.
 */
export async function socketOwners(source: FileSource): Promise<ReadonlyMap<string, SocketOwner>> {
  const owners = new Map<string, SocketOwner>();
  const pids = (await source.names('/proc')).filter((name) => /^\d+$/.test(name));
  // By start: the parent of a worker pool has the lowest process id, and its name is the stable one.
  pids.sort((a, b) => Number(a) - Number(b));
  for (const pid of pids.slice(0, PROCESSES_MAX)) await addOwner(source, pid, owners);
  return owners;
}

async function addOwner(source: FileSource, pid: string, owners: Map<string, SocketOwner>): Promise<void> {
  try {
    const fds = path.join(source.root, 'proc', pid, 'fd');
    const inodes: string[] = [];
    for (const fd of await source.names(`/proc/${pid}/fd`)) {
      const match = /^socket:\[(\d+)\]$/.exec(await readlink(path.join(fds, fd)));
      if (match?.[1] !== undefined) inodes.push(match[1]);
    }
    if (inodes.length === 0) return;
    const name = (await source.text(`/proc/${pid}/comm`, 4096)).trim();
    const exe = await readlink(path.join(source.root, 'proc', pid, 'exe'));
    for (const inode of inodes) if (!owners.has(inode)) owners.set(inode, { name, path: exe });
  } catch (error) {
    const code = errorCode(error);
    if (!isMissing(error) && code !== 'EACCES' && code !== 'EPERM' && code !== 'ESRCH' && code !== 'EINVAL')
      throw error;
  }
}
