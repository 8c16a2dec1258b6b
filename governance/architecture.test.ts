import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import { checkArchitecture, importsOf } from './architecture.ts';

const ROOT = join(import.meta.dirname, '..');
/** Far fewer modules than there are; a check that sees almost nothing is no check. */
const MODULES_MIN = 150;

function workspace(files: Readonly<Record<string, string>>): ReturnType<typeof checkArchitecture> {
  using dir = makeTempDir();
  for (const [name, text] of Object.entries({ 'apps/.keep': '', ...files })) {
    mkdirSync(dirname(join(dir.path, name)), { recursive: true });
    writeFileSync(join(dir.path, name), text);
  }
  return checkArchitecture(dir.path);
}

const manifest = (name: string, dependencies: Record<string, string> = {}): string =>
  JSON.stringify({ name, dependencies });

describe('the architecture', () => {
  it('is kept by every module of the workspace', () => {
    const report = checkArchitecture(ROOT);
    expect(report.violations).toEqual([]);
    expect(report.modules).toBeGreaterThan(MODULES_MIN);
    expect(report.imports).toBeGreaterThan(report.modules);
    expect(report.packages).toBeGreaterThanOrEqual(12);
  });

  it.each([
    [
      'an import that runs up',
      {
        'packages/core/package.json': manifest('@praxis/core', { '@praxis/gate': '1' }),
        'packages/core/src/a.ts': "import '@praxis/gate';",
      },
    ],
    [
      'a driver outside storage',
      {
        'packages/core/package.json': manifest('@praxis/core'),
        'packages/core/src/a.ts': "import 'node:sqlite';",
      },
    ],
    [
      'child processes outside actuation',
      {
        'packages/core/package.json': manifest('@praxis/core'),
        'packages/core/src/a.ts': "export * from 'node:child_process';",
      },
    ],
    [
      'an undeclared dependency',
      {
        'packages/core/package.json': manifest('@praxis/core'),
        'packages/core/src/a.ts': "await import('left-pad');",
      },
    ],
    [
      'a heavy dependency of a lean package',
      {
        'packages/screen/package.json': manifest('@praxis/screen', { lodash: '1' }),
        'packages/screen/src/a.ts': '',
      },
    ],
    [
      'the wall clock outside core',
      {
        'packages/screen/package.json': manifest('@praxis/screen'),
        'packages/screen/src/a.ts': 'export const t = Date.now();',
      },
    ],
    [
      'a package on no floor',
      { 'packages/odd/package.json': manifest('@praxis/odd'), 'packages/odd/src/a.ts': '' },
    ],
    [
      'test code in the product',
      {
        'packages/screen/package.json': manifest('@praxis/screen'),
        'packages/screen/src/a.ts': "import '@praxis/testkit';",
      },
    ],
  ])('finds %s', (_what, files) => {
    expect(workspace(files).violations.length).toBeGreaterThan(0);
  });

  it('reads static, re-exported and dynamic imports', () => {
    const text =
      "import a from 'a'; import type { B } from 'b'; export * from 'c'; export { d } from 'd'; await import('e');";
    expect(importsOf('x.ts', text).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
