import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import { KillSwitch } from './kill-switch.ts';

function aSwitch(sentinelPath: string | null): KillSwitch {
  return new KillSwitch({ sentinelPath, clock: systemClock });
}

describe('KillSwitch', () => {
  it('starts open and stops everything once tripped', () => {
    const killSwitch = aSwitch(null);
    expect(killSwitch.tripped()).toBe(false);
    killSwitch.trip('test');
    expect(killSwitch.tripped()).toBe(true);
    expect(killSwitch.signal.aborted).toBe(true);
  });

  it('survives a restart through its sentinel file', () => {
    using dir = makeTempDir();
    const path = join(dir.path, 'stop');
    aSwitch(path).trip('test');
    expect(existsSync(path)).toBe(true);
    expect(aSwitch(path).tripped()).toBe(true);
  });

  it('does not clear itself when the sentinel goes away', () => {
    using dir = makeTempDir();
    const path = join(dir.path, 'stop');
    const killSwitch = aSwitch(path);
    killSwitch.trip('test');
    rmSync(path);
    expect(killSwitch.tripped()).toBe(true);
  });

  it('says in its sentinel when and why, without secrets', () => {
    using dir = makeTempDir();
    const path = join(dir.path, 'stop');
    aSwitch(path).trip('leaked\npassword=hunter2hunter2');
    expect(readFileSync(path, 'utf8')).toMatch(/^\d{4}-\S+Z leaked password=\[REDACTED\]\n$/);
  });

  it('takes an empty file, made by hand, for a stop', () => {
    using dir = makeTempDir();
    const path = join(dir.path, 'stop');
    const killSwitch = aSwitch(path);
    expect(killSwitch.tripped()).toBe(false);
    writeFileSync(path, '');
    expect(killSwitch.tripped()).toBe(true);
  });

  it('aborts work in flight when somebody creates the sentinel', async () => {
    using dir = makeTempDir();
    const path = join(dir.path, 'stop');
    const killSwitch = aSwitch(path);
    killSwitch.watch();
    const aborted = new Promise((resolve) => killSwitch.signal.addEventListener('abort', resolve));
    writeFileSync(path, '');
    await aborted;
    killSwitch.close();
    expect(killSwitch.signal.aborted).toBe(true);
  });

  it('counts a sentinel path that cannot be looked at as tripped', () => {
    using dir = makeTempDir();
    const file = join(dir.path, 'file');
    writeFileSync(file, '');
    // Below a regular file nothing can be looked up: ENOTDIR is no certain "not there".
    expect(aSwitch(join(file, 'stop')).tripped()).toBe(true);
  });

  it('holds in memory also when it cannot be made durable', () => {
    using dir = makeTempDir();
    const blocked = join(dir.path, 'blocked');
    const killSwitch = aSwitch(join(blocked, 'stop'));
    writeFileSync(blocked, '');
    expect(() => killSwitch.trip('test')).not.toThrow();
    expect(killSwitch.tripped()).toBe(true);
  });

  it('lets new work start after an operator’s reset', () => {
    using dir = makeTempDir();
    const path = join(dir.path, 'stop');
    const killSwitch = aSwitch(path);
    killSwitch.trip('test');
    killSwitch.reset();
    expect(existsSync(path)).toBe(false);
    expect(killSwitch.tripped()).toBe(false);
    expect(killSwitch.signal.aborted).toBe(false);
  });
});
