import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@praxis/core';

/** The longest path that a Unix socket address holds, in bytes, on the platforms praxis runs on. */
export const SOCKET_PATH_BYTES_MAX = 103;

/** Where the operator's socket is: in the data directory, or in an owner-only directory of its own when that path is too long. */
export function controlSocketPath(dataDir: string): string {
  const direct = join(dataDir, 'control.sock');
  if (Buffer.byteLength(direct) <= SOCKET_PATH_BYTES_MAX) return direct;
  const name = sha256Hex(dataDir).slice(0, 16);
  return join(tmpdir(), fallbackPrefix() + name, 'control.sock');
}

/** True for a directory that exists only to hold one server's socket, and goes with it. */
export function isFallbackDirectory(directory: string): boolean {
  return directory.startsWith(join(tmpdir(), fallbackPrefix()));
}

function fallbackPrefix(): string {
  return `praxis-${userInfo().uid}-`;
}
