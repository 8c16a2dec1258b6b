import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetError } from '../errors.ts';
import { type InventoryProblem, loadInventory, readInventory } from './load-inventory.ts';
import { INVENTORY_HOSTS_MAX } from './schema.ts';

const FULL = `
hosts:
  - name: web1
    host_type: ubuntu
    role: web
    os: Ubuntu 24.04
    always_on: true
    addressing: {public_ip: 203.0.113.5, lan_ip: 10.0.0.5, tailscale_ip: 100.64.0.5}
    routing: {ssh_alias: web1-admin}
    actuation_paths: [ssh, ansible]
    posture: {patching: weekly, exposed: true}
    ssh: {host: 10.0.0.5, port: 2222, user: ops, identity_file: /keys/web1, known_hosts: /keys/kh, config_file: /keys/conf}
  - name: cp1
    host_type: talos
    routing: {endpoints: [10.0.0.10], nodes: [10.0.0.11, "fd00::11"]}
`;

function problems(text: string): readonly InventoryProblem[] {
  try {
    loadInventory(text, 'inv.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(FleetError);
    expect(error).toHaveProperty('code', 'INVENTORY_INVALID');
    return (error as FleetError).fields['problems'] as InventoryProblem[];
  }
  return [];
}

function host(name: string, type: string, rest = ''): string {
  return `  - name: ${name}\n    host_type: ${type}\n${rest}`;
}

describe('loadInventory', () => {
  it('reads every field of a host', () => {
    const inventory = loadInventory(FULL, 'inv.yaml');
    expect(inventory.size).toBe(2);
    expect(inventory.find('web1')).toMatchObject({
      hostType: 'ubuntu',
      alwaysOn: true,
      addressing: { publicIp: '203.0.113.5', lanIp: '10.0.0.5', tailscaleIp: '100.64.0.5' },
      routing: { sshAlias: 'web1-admin', nodes: [], endpoints: [] },
      actuationPaths: ['ssh', 'ansible'],
      ssh: { port: 2222, user: 'ops', identityFile: '/keys/web1' },
    });
    expect(inventory.find('cp1')?.routing.nodes).toEqual(['10.0.0.11', 'fd00::11']);
    expect(inventory.find('WEB1')).toBeUndefined();
  });

  it('takes an empty text for an inventory without hosts', () => {
    expect(loadInventory('', 'i').size).toBe(0);
    expect(loadInventory('hosts:\n', 'i').size).toBe(0);
  });

  it('says the line and column of what is wrong', () => {
    expect(problems('hosts:\n  - name: a\n    host_type: debian\n')).toEqual([
      expect.objectContaining({ line: 3, column: 16 }),
    ]);
    expect(problems('hosts:\n  - name: a\n    host_type: ubuntu\n    rolle: web\n')).toEqual([
      expect.objectContaining({ line: 4, column: 5 }),
    ]);
    expect(problems('hosts:\n  - name: [\n')[0]).toMatchObject({ line: 3 });
  });

  it.each(['-oProxyCommand=x', 'a b', "a'b", 'a/b', 'ü', '', 'a\\n'])('refuses the name %j', (name) => {
    expect(problems(`hosts:\n  - name: ${JSON.stringify(name)}\n    host_type: ubuntu\n`)).toHaveLength(1);
  });

  it('refuses option-shaped destinations and users', () => {
    expect(
      problems(`hosts:\n${host('a', 'ubuntu', '    ssh: {host: "-x", user: "-l root"}\n')}`),
    ).toHaveLength(2);
    expect(problems(`hosts:\n${host('a', 'talos', '    routing: {nodes: ["--x"]}\n')}`)).toHaveLength(1);
  });

  it('refuses a name used twice, whatever its case', () => {
    expect(problems(`hosts:\n${host('a', 'ubuntu')}${host('A', 'ubuntu')}`)).toHaveLength(1);
  });

  it.each([
    ['10.0.0.5', '10.0.0.5'],
    ['10.0.0.5', '0x0a000005'],
    ['10.0.0.5', '10.5'],
    ['10.0.0.5', '::ffff:10.0.0.5'],
    ['10.0.0.5', '10.0.0.5:50000'],
    ['Node.Example.', 'node.example'],
    ['fd00::1', 'fd00:0:0:0:0:0:0:1'],
    ['localhost', '127.0.0.1'],
    ['::1', 'localhost'],
  ])('refuses two host types at one destination, %s and %s', (first, second) => {
    const text = `hosts:\n${host('a', 'ubuntu', `    addressing: {lan_ip: "${first}"}\n`)}${host('b', 'talos', `    routing: {nodes: ["${second}"]}\n`)}`;
    expect(problems(text)).toEqual([expect.objectContaining({ line: 5 })]);
  });

  it('refuses an alias that is the name of a host of another type', () => {
    expect(
      problems(`hosts:\n${host('cp1', 'talos')}${host('a', 'ubuntu', '    routing: {ssh_alias: cp1}\n')}`),
    ).toHaveLength(1);
  });

  it('lets hosts of one type share a destination', () => {
    const shared = '    routing: {endpoints: [10.0.0.1]}\n';
    expect(
      loadInventory(`hosts:\n${host('a', 'talos', shared)}${host('b', 'talos', shared)}`, 'i').size,
    ).toBe(2);
  });

  it('is bounded at the number of hosts', () => {
    const many = (count: number): string =>
      JSON.stringify({
        hosts: Array.from({ length: count }, (_, i) => ({ name: `h${i}`, host_type: 'ubuntu' })),
      });
    expect(problems(many(INVENTORY_HOSTS_MAX))).toEqual([]);
    expect(problems(many(INVENTORY_HOSTS_MAX + 1))).toHaveLength(1);
  });

  it('refuses aliases that multiply', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 9; i += 1)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      );
    expect(problems(`${lines.join('\n')}\nhosts: *a8\n`).length).toBeGreaterThan(0);
  });

  it('throws nothing but INVENTORY_INVALID for any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: 'grapheme' }), (text) => {
        problems(text);
      }),
      { numRuns: 300 },
    );
  });
});

describe('readInventory', () => {
  it('takes a missing file for the empty inventory and says so', async () => {
    const { inventory, missing } = await readInventory('/nonexistent/inventory.yaml');
    expect(missing).toBe(true);
    expect(inventory.size).toBe(0);
  });

  it('refuses a file that cannot be read', async () => {
    await expect(readInventory(tmpdir())).rejects.toMatchObject({ code: 'INVENTORY_UNREADABLE' });
  });

  it('reads a file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'inventory-'));
    try {
      writeFileSync(path.join(folder, 'i.yaml'), FULL);
      const { inventory, missing } = await readInventory(path.join(folder, 'i.yaml'));
      expect([inventory.size, missing]).toEqual([2, false]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
