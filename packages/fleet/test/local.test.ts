import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isJsonObject, type JsonObject, systemClock } from '@praxis/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectLocal, compareValues, type LocalCollection } from '../src/index.ts';

let root: string;

function write(file: string, text: string): void {
  mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

const collect = (watch?: string[], from = root): Promise<LocalCollection> =>
  collectLocal({ root: from, subject: 'host:scratch', clock: systemClock, watch });

function rows(collection: LocalCollection, predicate: string): readonly JsonObject[] | undefined {
  const value = collection.facts.find((fact) => fact.predicate === predicate)?.value['rows'];
  return Array.isArray(value) ? value.filter(isJsonObject) : undefined;
}

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'scratch-root-'));
  write('/etc/os-release', 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\n');
  write(
    '/etc/passwd',
    'root:x:0:0:root:/root:/bin/bash\ndeploy:$6$secrethash:1000:1000::/home/deploy:/bin/sh\n',
  );
  write('/etc/group', 'root:x:0:\nsudo:x:27:zed,deploy\n');
  write(
    '/var/lib/dpkg/status',
    'Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.1-1\nDescription: x\n more: text\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n',
  );
  write(
    '/etc/ssh/sshd_config',
    'Include sshd_config.d/*.conf\nPermitRootLogin yes\nPort 22\nport 2222\nMatch User bob\n  PasswordAuthentication no\n',
  );
  write('/etc/ssh/sshd_config.d/10.conf', 'PermitRootLogin no # comment\n');
  write(
    '/proc/net/tcp',
    '  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 777 1\n   1: 0100007F:1F90 0100007F:C000 01 0:0 0:0 0 0 0 778 1\n',
  );
  write(
    '/proc/net/udp6',
    '  sl\n   0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0:0 0:0 0 0 0 9 1\n   1: 00000000000000000000000000000000:C001 00000000000000000000000000000000:0000 07 0:0 0:0 0 0 0 9 1\n',
  );
  write(
    '/proc/mounts',
    '/dev/sda1 / ext4 rw,relatime 0 0\ntmpfs /my\\040dir tmpfs rw,size=5k 0 0\noverlay /var/x overlay rw 0 0\n',
  );
  write(
    '/home/deploy/.ssh/authorized_keys',
    'command="x" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2Xb0v0bqTq3d2j0U0q4n4w7aM2lq3l4f5V1d9h8Yxk me@here\n',
  );
  write('/usr/lib/systemd/system/cron.service', '');
  mkdirSync(path.join(root, '/etc/systemd/system/multi-user.target.wants'), { recursive: true });
  symlinkSync(
    '/usr/lib/systemd/system/cron.service',
    path.join(root, '/etc/systemd/system/multi-user.target.wants/cron.service'),
  );
  symlinkSync('/dev/null', path.join(root, '/etc/systemd/system/evil.service'));
  write('/proc/sys/net/ipv4/ip_forward', '0\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('collectLocal on a scratch root', () => {
  it('reads accounts without their hashes', async () => {
    const collection = await collect();
    expect(rows(collection, 'users')?.map((row) => row['username'])).toEqual(['deploy', 'root']);
    expect(JSON.stringify(collection)).not.toContain('secrethash');
    expect(rows(collection, 'groups')).toContainEqual({
      groupname: 'sudo',
      gid: '27',
      members: 'deploy,zed',
    });
  });

  it('reads system, packages, services, settings and mounts', async () => {
    const collection = await collect();
    expect(rows(collection, 'os_version')).toMatchObject([
      { name: 'Ubuntu', major: '24', minor: '04', platform: 'ubuntu' },
    ]);
    expect(rows(collection, 'packages')).toEqual([
      {
        name: 'openssl',
        version: '3.0.1-1',
        arch: 'amd64',
        source: 'dpkg',
        status: 'installed',
        hold: 'false',
      },
    ]);
    expect(rows(collection, 'services')).toEqual([
      {
        name: 'cron.service',
        state: 'enabled',
        wanted_by: 'multi-user.target.wants',
        unit_file: '/usr/lib/systemd/system/cron.service',
      },
      { name: 'evil.service', state: 'masked', wanted_by: '', unit_file: '/etc/systemd/system/evil.service' },
    ]);
    expect(rows(collection, 'sysctl')).toEqual([{ name: 'net.ipv4.ip_forward', current_value: '0' }]);
    expect(rows(collection, 'mounts')).toMatchObject([{ path: '/' }, { path: '/my dir', flags: 'rw' }]);
    expect(collection.typed).toContainEqual(
      expect.objectContaining({ subject: 'package:openssl@scratch', value: '3.0.1-1' }),
    );
  });

  it('reads listening sockets and leaves connections and client ports out', async () => {
    expect(rows(await collect(), 'listening_ports')).toEqual([
      { protocol: '6', family: '2', address: '127.0.0.1', port: '8080', name: '', path: '' },
      { protocol: '17', family: '10', address: '::1', port: '53', name: '', path: '' },
    ]);
  });

  it('reads the sshd configuration as it takes effect', async () => {
    expect(rows(await collect(), 'ssh_config')).toEqual([
      { scope: 'match User bob', option: 'passwordauthentication', value: 'no' },
      { scope: 'global', option: 'permitrootlogin', value: 'no' },
      { scope: 'global', option: 'port', value: '22\n2222' },
    ]);
  });

  it('reads keys by their fingerprint', async () => {
    const [key] = rows(await collect(), 'authorized_keys') ?? [];
    expect(key).toMatchObject({ username: 'deploy', algorithm: 'ssh-ed25519', options: 'command="x"' });
    expect(key?.['fingerprint']).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  it('sees a changed mode and content of a watched file', async () => {
    write('/etc/motd', 'a');
    const before = (await collect(['/etc/motd', '/etc/none'])).facts.find(
      (fact) => fact.predicate === 'file_digests',
    );
    expect(before?.value['count']).toBe(1);
    write('/etc/motd', 'b');
    chmodSync(path.join(root, '/etc/motd'), 0o600);
    const after = (await collect(['/etc/motd'])).facts.find((fact) => fact.predicate === 'file_digests');
    const detail = compareValues('file_digests', before?.value ?? null, after?.value ?? null);
    expect(detail?.changed).toMatchObject([{ key: 'path=/etc/motd', after: { mode: '0600', size: '1' } }]);
  });

  it('makes an error, not an empty table, of what cannot be read', async () => {
    rmSync(path.join(root, '/etc/passwd'));
    rmSync(path.join(root, '/var'), { recursive: true });
    rmSync(path.join(root, '/proc/net'), { recursive: true });
    const collection = await collect();
    for (const predicate of [
      'users',
      'packages',
      'listening_ports',
      'authorized_keys',
      'interface_addresses',
    ]) {
      expect(rows(collection, predicate)).toBeUndefined();
      expect(collection.errors).toContainEqual(expect.objectContaining({ collector: predicate }));
    }
  });

  it('reads nothing through a link out of the root, and no FIFO', async () => {
    write('/etc/passwd-real', 'alice:x:1:1::/:/bin/sh\n');
    rmSync(path.join(root, '/etc/passwd'));
    symlinkSync('/../../../../etc/passwd-real', path.join(root, '/etc/passwd'));
    rmSync(path.join(root, '/etc/group'));
    execFileSync('mkfifo', [path.join(root, '/etc/group')]);
    const collection = await collect();
    expect(rows(collection, 'users')?.map((row) => row['username'])).toEqual(['alice']);
    expect(collection.errors).toContainEqual(
      expect.objectContaining({ collector: 'groups', code: 'source_unreadable' }),
    );
  });

  it('bounds the number of watched files', async () => {
    const files = (count: number): string[] => Array.from({ length: count }, (_, i) => `/none/${i}`);
    const failures = async (count: number): Promise<unknown[]> =>
      (await collect(files(count))).errors.filter((error) => error.collector === 'file_digests');
    expect(await failures(10_000)).toEqual([]);
    expect(await failures(10_001)).toMatchObject([{ code: 'source_too_large' }]);
  });

  it('shows what is there but cannot be read', async () => {
    rmSync(path.join(root, '/home/deploy/.ssh/authorized_keys'));
    mkdirSync(path.join(root, '/home/deploy/.ssh/authorized_keys'));
    const collection = await collect();
    expect(rows(collection, 'authorized_keys')).toMatchObject([
      { username: 'deploy', fingerprint: 'unreadable' },
    ]);
    expect(collection.errors).toContainEqual(expect.objectContaining({ collector: 'authorized_keys' }));
  });

  it('survives a root that is not there', async () => {
    const collection = await collect(undefined, path.join(root, 'nowhere'));
    expect(collection.facts.filter((fact) => fact.value['count'] !== 0)).toEqual([]);
    expect(collection.errors.length).toBeGreaterThan(5);
  });

  it('keeps lines it cannot read as rows and says so', async () => {
    write('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\nbroken\n+::::::\n');
    const collection = await collect();
    expect(rows(collection, 'users')).toHaveLength(3);
    expect(collection.errors).toContainEqual(
      expect.objectContaining({ collector: 'users', code: 'source_malformed' }),
    );
  });
});

describe.runIf(process.platform === 'linux')('collectLocal on this machine', () => {
  let server: Server;
  afterEach(() => server?.close());

  it('is the same twice and sees a socket that opens', async () => {
    const live = (): Promise<LocalCollection> => collectLocal({ subject: 'host:me', clock: systemClock });
    const before = await live();
    server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const after = await live();
    expect(rows(after, 'listening_ports')).toContainEqual(
      expect.objectContaining({ port, address: '127.0.0.1' }),
    );
    for (const predicate of ['users', 'packages', 'os_version', 'kernel_info', 'services', 'file_digests']) {
      const value = (collection: LocalCollection): JsonObject | null =>
        collection.facts.find((fact) => fact.predicate === predicate)?.value ?? null;
      expect(compareValues(predicate, value(before), value(after))).toBeNull();
    }
  });
});
