import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from './version.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function manifests(): Manifest[] {
  const directories = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => join(parent, name)),
  );
  return ['.', ...directories].map(
    (path) => JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as Manifest,
  );
}

describe('VERSION', () => {
  it('is the version of every manifest, and of every dependency between them', () => {
    const all = manifests();
    expect(all.length).toBeGreaterThanOrEqual(12);
    expect(all.filter((manifest) => manifest.version !== VERSION).map((manifest) => manifest.name)).toEqual(
      [],
    );
    const own = new Set(all.map((manifest) => manifest.name));
    const wanted = all.flatMap((manifest) =>
      Object.entries(manifest.dependencies ?? {}).filter(([name]) => own.has(name)),
    );
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.filter(([, version]) => version !== VERSION)).toEqual([]);
  });
});
