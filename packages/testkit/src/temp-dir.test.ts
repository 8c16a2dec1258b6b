import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from './temp-dir.ts';

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
});
