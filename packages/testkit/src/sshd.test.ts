import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sshdAvailable, startSshd } from './sshd.ts';

const execute = promisify(execFile);

describe.skipIf(!sshdAvailable())('startSshd', () => {
  it('lets its own client in, and is gone after stop', async () => {
    const sshd = await startSshd();
    const { stdout } = await execute('ssh', ['-F', sshd.clientConfigPath, sshd.alias, 'echo hello']);
    expect(stdout).toBe('hello\n');
    expect(sshd.log()).toContain('Accepted publickey');
    await sshd.stop();
    expect(existsSync(sshd.clientConfigPath)).toBe(false);
    await expect(
      execute('ssh', ['-F', '/dev/null', '-p', String(sshd.port), '127.0.0.1', 'true']),
    ).rejects.toThrow();
  });

  it('runs beside another one', async () => {
    const servers = await Promise.all([startSshd(), startSshd()]);
    await Promise.all(servers.map((server) => server.stop()));
    expect(servers[0].port).not.toBe(servers[1].port);
  });
});
