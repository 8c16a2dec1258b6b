import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * Lends an owner-only copy of a text as a file, and removes it. Nobody else can change what runs between
 * the check of its digest and its end.
 */
export async function withPrivateCopy<T>(
  name: string,
  text: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'praxis-runbook-'));
  try {
    const path = join(directory, basename(name));
    await writeFile(path, text, { mode: 0o500, flag: 'wx' });
    return await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
