import { describe, expect, it } from 'vitest';
import type { InventoryHost } from '@praxis/fleet';
import { isRefusal } from '../adapter.ts';
import { clientArguments, connectArguments, hostKeyChecking } from './client-arguments.ts';

const host: InventoryHost = {
  name: 'web1',
  hostType: 'ubuntu',
  alwaysOn: true,
  addressing: {},
  routing: { endpoints: [], nodes: [] },
  actuationPaths: [],
};

function argumentsOf(entry: InventoryHost, remoteCommand = 'true'): string[] {
  const client = clientArguments(entry);
  if (isRefusal(client)) throw new Error(client.detail);
  return connectArguments(client, { hostKeyChecking: 'accept-new', remoteCommand });
}

describe('connectArguments', () => {
  it('puts the destination after the end of the options and the command last', () => {
    expect(argumentsOf(host, 'id').slice(-3)).toEqual(['--', 'web1', 'id']);
  });

  it('never asks, forwards nothing and runs nothing here', () => {
    const args = argumentsOf(host);
    for (const option of [
      'BatchMode=yes',
      'ConnectTimeout=10',
      'StrictHostKeyChecking=accept-new',
      'ForwardAgent=no',
      'ClearAllForwardings=yes',
      'PermitLocalCommand=no',
      'RemoteCommand=none',
    ]) {
      expect(args[args.indexOf(option) - 1], option).toBe('-o');
    }
  });

  it('prefers the alias, and pins the address beside it', () => {
    const args = argumentsOf({
      ...host,
      routing: { ...host.routing, sshAlias: 'web' },
      ssh: { host: '192.0.2.1' },
    });
    expect(args).toContain('HostName=192.0.2.1');
    expect(args.at(-2)).toBe('web');
  });

  it('passes user, port, identity and pinned keys', () => {
    const ssh = {
      user: 'ops',
      port: 2222,
      identityFile: '/k/id',
      knownHosts: '/k/known',
      configFile: '/k/config',
    };
    const line = argumentsOf({ ...host, ssh }).join(' ');
    expect(line).toContain(
      '-F /k/config -l ops -p 2222 -o IdentitiesOnly=yes -i /k/id -o UserKnownHostsFile=/k/known',
    );
  });
});

describe('hostKeyChecking', () => {
  it('is strict when keys are pinned or the configuration says so, and never looser than accept-new', () => {
    expect(hostKeyChecking({ ...host, ssh: { knownHosts: '/k' } }, 'false')).toBe('yes');
    expect(hostKeyChecking(host, 'true')).toBe('yes');
    expect(hostKeyChecking(host, 'yes')).toBe('yes');
    for (const loose of ['false', 'no', 'off', 'ask', 'accept-new', undefined]) {
      expect(hostKeyChecking(host, loose)).toBe('accept-new');
    }
  });
});
