import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from './temp-dir.ts';

const MODULE = new URL('./temp-dir.ts', import.meta.url).href;

describe('makeTempDir', () => {
  it('makes an owner-only directory that is gone after its block', () => {
    let path: string;
    {
      using dir = makeTempDir();
      path = dir.path;
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
    expect(existsSync(path)).toBe(false);
  });

  it('writes files below itself', () => {
    using dir = makeTempDir();
    const file = dir.write('a/b.txt', 'content', 0o640);
    expect(readFileSync(file, 'utf8')).toBe('content');
  });

  it('takes its directory along when its process is told to end', async () => {
    const script = `const { makeTempDir } = await import(${JSON.stringify(MODULE)});
      console.log(makeTempDir().path); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const path = String((await once(child.stdout, 'data'))[0]).trim();
    expect(existsSync(path)).toBe(true);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    expect(existsSync(path)).toBe(false);
  });
});
