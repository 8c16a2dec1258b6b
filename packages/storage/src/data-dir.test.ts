import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { openDataDir } from './data-dir.ts';
import { lockDataDir } from './data-dir-lock.ts';

describe('openDataDir', () => {
  it('creates a directory, with those above it, that only its owner may enter', () => {
    const path = join(makeTempDir().path, 'a', 'b');
    expect(openDataDir(path)).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('closes to others what they could read', () => {
    const path = join(makeTempDir().path, 'a');
    mkdirSync(path, { mode: 0o755 });
    openDataDir(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('refuses a symbolic link', () => {
    const dir = makeTempDir();
    symlinkSync(dir.path, join(dir.path, 'link'));
    expect(() => openDataDir(join(dir.path, 'link'))).toThrow(
      expect.objectContaining({ code: 'DATA_DIR_SYMLINK' }),
    );
  });

  it.each([0o720, 0o702, 0o777])('refuses a directory others may write to (%o)', (mode) => {
    const path = join(makeTempDir().path, 'a');
    mkdirSync(path);
    chmodSync(path, mode);
    expect(() => openDataDir(path)).toThrow(expect.objectContaining({ code: 'DATA_DIR_PERMISSIONS' }));
  });

  it('refuses a file, and an empty path', () => {
    const path = join(makeTempDir().path, 'a');
    writeFileSync(path, '');
    expect(() => openDataDir(path)).toThrow(expect.objectContaining({ code: 'DATA_DIR_INVALID' }));
    expect(() => openDataDir('')).toThrow(expect.objectContaining({ code: 'DATA_DIR_INVALID' }));
  });

  // Only root may give a directory away; elsewhere `/` stands for a directory of somebody else.
  it('refuses a directory of another user', () => {
    const path = process.getuid?.() === 0 ? join(makeTempDir().path, 'a') : '/';
    if (path !== '/') {
      mkdirSync(path);
      chownSync(path, 12_345, 12_345);
    }
    expect(() => openDataDir(path)).toThrow(expect.objectContaining({ code: 'DATA_DIR_FOREIGN' }));
  });
});

describe('lockDataDir', () => {
  it('has one holder at a time, and names it', () => {
    const dir = makeTempDir().path;
    const lock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(
      expect.objectContaining({ code: 'DATA_DIR_LOCKED', fields: { pid: process.pid } }),
    );
    lock.release();
    lock.release();
    lockDataDir(dir).release();
  });
});
