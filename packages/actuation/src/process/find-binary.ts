import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { childEnvironment } from './environment.ts';

/**
 * The absolute path of a program on the search path its child would get, or null. Relative entries of
 * the path are ignored: what is run must not depend on the current directory.
 */
export async function findBinary(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | null> {
  if (isAbsolute(name)) return (await isExecutable(name)) ? name : null;
  if (name.includes('/')) return null;
  const directories = (childEnvironment(environment)['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  for (const directory of directories) {
    const path = join(directory, name);
    if (await isExecutable(path)) return path;
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    // Not there, or not for us: both mean that it cannot be run.
    return false;
  }
}
