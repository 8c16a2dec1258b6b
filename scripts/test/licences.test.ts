import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

interface Dependency {
  name: string;
  version: string;
  licence: string;
}
interface Licences {
  runtimeDependencies(root: string): Dependency[];
  licenceProblems(dependencies: Dependency[], reviewed: object[]): string[];
}

const licences = (await import(new URL('../lib/licences.mjs', import.meta.url).href)) as Licences;

const LOCK = {
  packages: {
    '': { devDependencies: { tool: '1' } },
    'node_modules/@praxis/a': { link: true, resolved: 'packages/a' },
    'packages/a': { dependencies: { direct: '1', '@praxis/b': '1' }, devDependencies: { tool: '1' } },
    'node_modules/@praxis/b': { link: true, resolved: 'packages/b' },
    'packages/b': {},
    'node_modules/tool': { version: '1.0.0', license: 'GPL-3.0', dev: true },
    'node_modules/direct': {
      version: '1.0.0',
      license: 'MIT',
      dependencies: { deep: '2' },
      peerDependencies: { peer: '1' },
    },
    'node_modules/direct/node_modules/deep': {
      version: '2.0.0',
      license: 'ISC',
      optionalDependencies: { maybe: '1' },
    },
    'node_modules/deep': { version: '1.0.0', license: 'MIT', dev: true },
    'node_modules/peer': { version: '1.0.0', license: 'MIT' },
    'node_modules/maybe': { version: '1.0.0', license: 'Apache-2.0', optional: true },
  },
};

describe('runtimeDependencies', () => {
  it('follows what runs, transitively, and leaves development tools out', () => {
    using dir = makeTempDir();
    dir.write('package-lock.json', JSON.stringify(LOCK));
    expect(licences.runtimeDependencies(dir.path)).toEqual([
      { name: 'deep', version: '2.0.0', licence: 'ISC' },
      { name: 'direct', version: '1.0.0', licence: 'MIT' },
      { name: 'maybe', version: '1.0.0', licence: 'Apache-2.0' },
      { name: 'peer', version: '1.0.0', licence: 'MIT' },
    ]);
  });

  it('believes the installed manifest rather than the lock file', () => {
    using dir = makeTempDir();
    dir.write('package-lock.json', JSON.stringify(LOCK));
    dir.write('node_modules/direct/package.json', JSON.stringify({ license: 'BUSL-1.1' }));
    expect(licences.runtimeDependencies(dir.path)).toContainEqual({
      name: 'direct',
      version: '1.0.0',
      licence: 'BUSL-1.1',
    });
  });
});

describe('licenceProblems', () => {
  const dependency = { name: 'direct', version: '1.0.0', licence: 'MIT' };
  const review = { name: 'direct', licence: 'MIT', reviewed: '2026-11-21' };

  it('accepts what was reviewed under the same licence', () => {
    expect(licences.licenceProblems([dependency], [review])).toEqual([]);
  });

  it.each([
    ['was never reviewed', []],
    ['changed its licence', [{ ...review, licence: 'ISC' }]],
    ['has no day of review', [{ name: 'direct', licence: 'MIT' }]],
    ['is gone while its review stays', [review, { ...review, name: 'gone' }]],
  ])('reports a dependency that %s', (_what, reviewed) => {
    expect(licences.licenceProblems([dependency], reviewed)).toHaveLength(1);
  });
});
