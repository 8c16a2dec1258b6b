import { createRequire } from 'node:module';

/**
 * The file of the `sqlite-vec` extension, where its package is installed beside praxis and built for this platform;
 * else null: whatever keeps it from being found, everything works without it.
 */
export function sqliteVecPath(): string | null {
  try {
    const vec = createRequire(import.meta.url)('sqlite-vec') as { getLoadablePath(): string };
    return vec.getLoadablePath();
  } catch {
    return null;
  }
}
