import { describe, expect, it } from 'vitest';
import { Environment, HOME_PLACEHOLDER, WORKSPACE_PLACEHOLDER } from './environment.ts';
import { judgePath, type PathClass } from './paths.ts';
import { globValue, literalValue, prefixValue, unknownValue } from './word.ts';

function environment(cwd: string | null = WORKSPACE_PLACEHOLDER): Environment {
  const created = new Environment({ home: HOME_PLACEHOLDER, workspace: WORKSPACE_PLACEHOLDER });
  created.cwd = cwd;
  return created;
}

describe('judgePath', () => {
  it.each<[string, PathClass]>([
    ['/', 'root'],
    ['//', 'root'],
    ['/.', 'root'],
    ['/tmp/..', 'root'],
    ['/proc/self/root', 'root'],
    ['/proc/1/root/etc', 'system-tree'],
    ['/etc', 'system-tree'],
    ['/usr/', 'system-tree'],
    ['/home', 'top-directory'],
    ['/etc/hosts', 'configuration'],
    ['/etc/shadow', 'credentials'],
    ['/root/.ssh/authorized_keys', 'credentials'],
    ['/etc/cron.d/x', 'cron'],
    ['/var/spool/cron/root', 'cron'],
    ['/boot/vmlinuz', 'boot'],
    ['/proc/sys/vm/x', 'kernel'],
    ['/proc/sysrq-trigger', 'kernel-trigger'],
    ['/dev/null', 'null'],
    ['/dev/stderr', 'null'],
    ['/dev/sda', 'block-device'],
    ['/dev/sda1', 'block-device'],
    ['/dev/nvme0n1p2', 'block-device'],
    ['/dev/disk/by-id/x', 'block-device'],
    ['/dev/mapper/vg-lv', 'block-device'],
    ['/dev/mapper/control', 'device'],
    ['/dev/tcp/1.2.3.4/80', 'network'],
    ['/dev/shm/x', 'scratch'],
    ['/tmp/x', 'scratch'],
    ['/usr/local/bin/x', 'system'],
    ['/opt/x', 'system'],
    ['/elsewhere', 'other'],
    ['x', 'workspace'],
    ['./a/../b', 'workspace'],
    ['../x', 'unknown'],
    ['.bashrc', 'rc'],
    ['.git/hooks/pre-commit', 'rc'],
    [`${HOME_PLACEHOLDER}/notes`, 'home'],
    [`${HOME_PLACEHOLDER}/.profile`, 'rc'],
  ])('calls %s %s', (path, expected) => {
    expect(judgePath(literalValue(path, 0, 0), environment()).pathClass).toBe(expected);
  });

  it.each<[string, PathClass]>([
    ['/*', 'root'],
    ['/.*', 'root'],
    ['/*/*', 'root'],
    ['/etc/*', 'system-tree'],
    ['/e?c', 'system-tree'],
    ['/etc/*.bak', 'configuration'],
    ['*', 'workspace'],
    ['/dev/sd?', 'block-device'],
  ])('judges the pattern %s by the worst it matches: %s', (pattern, expected) => {
    expect(judgePath(globValue(pattern, 0, 0), environment()).pathClass).toBe(expected);
  });

  it('does not take what may be the root for anything better than unknown', () => {
    expect(judgePath(unknownValue(0, 0), environment()).pathClass).toBe('unknown');
    expect(judgePath(prefixValue('/', 0, 0), environment()).pathClass).toBe('unknown');
    expect(judgePath(prefixValue('/opt/', 0, 0), environment()).pathClass).toBe('system');
  });

  it('follows the working directory', () => {
    expect(judgePath(globValue('*', 0, 0), environment('/')).pathClass).toBe('root');
    expect(judgePath(literalValue('passwd', 0, 0), environment('/etc')).pathClass).toBe('credentials');
    expect(judgePath(literalValue('x', 0, 0), environment(null)).pathClass).toBe('unknown');
  });
});
