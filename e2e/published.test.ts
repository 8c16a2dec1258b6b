import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** npm as a user has it; the workspace's own settings must not leak into the strangers' directory. */
function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('the packages as they are published', () => {
  let dir: TempDir;

  beforeAll(() => {
    dir = makeTempDir();
    npm(['run', 'build', '--silent'], ROOT);
    const tarballs = join(dir.path, 'tarballs');
    mkdirSync(tarballs);
    npm(['pack', '--workspaces', '--silent', '--pack-destination', tarballs], ROOT);
    const manifest = { name: 'a-stranger', private: true, type: 'module' };
    writeFileSync(join(dir.path, 'package.json'), JSON.stringify(manifest));
    const files = readdirSync(tarballs).map((name) => join(tarballs, name));
    npm(['install', '--no-audit', '--no-fund', '--silent', ...files], dir.path);
  }, 180_000);
  afterAll(() => dir.remove());

  it('run without their sources, on the Node that runs them', () => {
    const bin = join(dir.path, 'node_modules', '.bin', 'praxis');
    const answer = execFileSync(process.execPath, [bin, 'classify', '--json', 'git status && rm -rf /'], {
      encoding: 'utf8',
      cwd: dir.path,
    });
    expect(JSON.parse(answer)).toMatchObject({ tier: 'T3', denied: true });
  });

  it('ship no sources and no tests', () => {
    const listed = readdirSync(join(dir.path, 'node_modules', '@praxis'), {
      recursive: true,
      encoding: 'utf8',
    });
    expect(listed.length).toBeGreaterThan(100);
    expect(listed.filter((name) => /(?:^|\/)src\/|\.test\.|\.contract\./.test(name))).toEqual([]);
  });
});
