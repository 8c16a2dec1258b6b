import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson, sha256Hex } from '@praxis/core';

/**
 * A digest of the program that runs: every code and data file of this package and of every `@praxis` package
 * beside it, path then content. It names a build in the ledger; it does not protect the build.
 */
export function buildDigest(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const roots = [here, ...workspaceSources(here)];
  const files = roots.flatMap((root) =>
    filesBelow(root).map((path) => [path.slice(root.length), sha256Hex(readFileSync(path))]),
  );
  return sha256Hex(canonicalJson(files));
}

/** In a checkout the sources of the other packages are siblings; in an installation they are in node_modules. */
function workspaceSources(here: string): string[] {
  const leaf = here.endsWith('src') ? 'src' : 'dist';
  const candidates = [join(here, '..', '..', '..', 'packages'), join(here, '..', '..', '@praxis')];
  return candidates.flatMap((parent) => directoriesIn(parent).map((name) => join(parent, name, leaf)));
}

function directoriesIn(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => entry.name)
      .sort();
  } catch {
    // Neither layout has to be there; the files of this package always are.
    return [];
  }
}

function filesBelow(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() && /\.(?:[jt]s|ya?ml|json)$/.test(entry.name) && !entry.name.includes('.test.'),
      )
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch {
    return [];
  }
}
