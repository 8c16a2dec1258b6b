import { describe, expect, it } from 'vitest';
import { EMPTY_INVENTORY } from './inventory.ts';
import { loadInventory } from './load-inventory.ts';
import { resolveTarget } from './resolve-target.ts';

const inventory = loadInventory(
  `
hosts:
  - name: web1
    host_type: ubuntu
    routing: {ssh_alias: web1-admin}
  - name: lab1
    host_type: ubuntu
    ssh: {host: 10.0.0.9, port: 2222}
  - name: cp1
    host_type: talos
    routing: {endpoints: [10.0.0.10], nodes: [10.0.0.11, 10.0.0.12]}
`,
  'i',
);

describe('resolveTarget', () => {
  it('gives the inventory’s host and destinations', () => {
    expect(resolveTarget(inventory, { host: 'cp1', hostType: 'talos' })).toMatchObject({
      ok: true,
      host: { name: 'cp1', hostType: 'talos' },
      nodes: ['10.0.0.11', '10.0.0.12'],
      endpoints: ['10.0.0.10'],
    });
  });

  it('lets a claim narrow the nodes', () => {
    expect(resolveTarget(inventory, { host: 'cp1', nodes: ['10.0.0.12'] })).toMatchObject({
      ok: true,
      nodes: ['10.0.0.12'],
    });
  });

  it.each([
    [{ host: 'prod-db' }, 'host_unknown'],
    [{ host: 'WEB1' }, 'host_unknown'],
    [{ host: '__proto__' }, 'host_unknown'],
    [{ host: 'cp1', hostType: 'ubuntu' }, 'host_type_mismatch'],
    [{ host: 'web1', hostType: '' }, 'host_type_mismatch'],
    [{ host: 'web1', sshAlias: 'prod-db' }, 'destination_mismatch'],
    [{ host: 'web1', sshAlias: 'web1' }, 'destination_mismatch'],
    [{ host: 'web1', sshAlias: 'root@web1-admin' }, 'destination_mismatch'],
    [{ host: 'lab1', sshAlias: '10.0.0.9:22' }, 'destination_mismatch'],
    [{ host: 'lab1', nodes: ['10.0.0.12'] }, 'destination_mismatch'],
    [{ host: 'cp1', nodes: ['10.0.0.11', '10.0.0.99'] }, 'destination_mismatch'],
    [{ host: 'cp1', endpoints: ['10.0.0.11'] }, 'destination_mismatch'],
  ] as const)('refuses %j with %s', (claim, reason) => {
    expect(resolveTarget(inventory, claim)).toMatchObject({ ok: false, reason });
  });

  it.each([
    { host: 'web1', sshAlias: 'web1-admin' },
    { host: 'lab1', sshAlias: 'lab1' },
    { host: 'lab1', sshAlias: '10.0.0.9' },
    { host: 'cp1', nodes: ['::ffff:10.0.0.11'], endpoints: ['10.0.0.10'] },
    { host: 'cp1', nodes: [], endpoints: [] },
  ])('accepts %j', (claim) => {
    expect(resolveTarget(inventory, claim).ok).toBe(true);
  });

  it('refuses everything without an inventory', () => {
    expect(resolveTarget(EMPTY_INVENTORY, { host: 'web1' })).toMatchObject({
      ok: false,
      reason: 'host_unknown',
    });
  });
});
