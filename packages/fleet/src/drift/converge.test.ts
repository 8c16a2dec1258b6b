import type { JsonObject } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../inventory/load-inventory.ts';
import { compareValues } from './compare.ts';
import { type ConvergencePlan, convergenceRequests, planConvergence } from './converge.ts';
import { type Finding, severityOf } from './finding.ts';

const inventory = loadInventory(
  'hosts: [{name: web1, host_type: ubuntu}, {name: cp1, host_type: talos}, {name: desk, host_type: ubuntu, actuation_paths: [local]}]',
  'i',
);

function plan(
  predicate: string,
  before: JsonObject[],
  after: JsonObject[],
  extra: Partial<Finding> = {},
): ConvergencePlan {
  const detail = compareValues(predicate, { rows: before, count: 0 }, { rows: after, count: 0 });
  if (detail === null) throw new Error('no drift');
  const finding: Finding = {
    subject: 'host:web1',
    predicate,
    kind: 'changed',
    severity: severityOf(predicate, 'changed'),
    detail,
    observedAt: 1,
    stale: false,
    ...extra,
  };
  return planConvergence(finding, inventory);
}

const actions = (result: ConvergencePlan): string[] => result.actions.map((item) => item.action);

describe('planConvergence', () => {
  it('removes an unexpected account', () => {
    const result = plan('users', [], [{ username: 'mallory', uid: '1007' }]);
    expect(actions(result)).toEqual(['userdel mallory']);
    expect(result).toMatchObject({ target: 'web1', hostType: 'ubuntu', adapter: 'ssh', needsPerson: [] });
    expect(convergenceRequests(result)).toMatchObject([
      { name: 'converge', host: 'web1', tier: 'T2', dry_run: true },
    ]);
  });

  it('proposes no ssh to a host that only takes runbooks, and says what to put into one', () => {
    const result = plan('users', [], [{ username: 'mallory', uid: '1007' }], { subject: 'host:desk' });
    expect(result).toMatchObject({ actions: [], adapter: null, target: 'desk' });
    expect(result.needsPerson.join(' ')).toContain('userdel mallory');
  });

  it('leaves a second root account and a lost account to a person', () => {
    expect(plan('users', [{ username: 'bob' }], [{ username: 'toor', uid: '0' }])).toMatchObject({
      actions: [],
      adapter: null,
    });
  });

  it.each([
    ['users', { username: 'root', uid: '2006' }],
    ['users', { username: 'toor', uid: 0 }],
    ['users', { username: 'toor', uid: '00' }],
    ['users', { username: 'toor' }],
    ['groups', { groupname: 'root', gid: '2006' }],
    ['groups', { groupname: 'wheel', gid: '0' }],
  ])('leaves what may be root to a person, whatever the machine says: %s %j', (predicate, row) => {
    const result = plan(predicate, [], [row]);
    expect(result.actions).toEqual([]);
    expect(result.needsPerson.join(' ')).toMatch(/[ug]id 0/);
  });

  it.each([
    ['packages', [], [{ name: 'nmap', arch: 'amd64', version: '7' }], ['apt-get remove --yes nmap']],
    [
      'packages',
      [{ name: 'ufw', version: '0.36-1' }],
      [],
      ['apt-get install --yes --allow-downgrades ufw=0.36-1'],
    ],
    [
      'packages',
      [{ name: 'a1', version: '1:2~b' }],
      [{ name: 'a1', version: '3' }],
      ["apt-get install --yes --allow-downgrades 'a1=1:2~b'"],
    ],
    ['services', [], [{ name: 'x.service', state: 'enabled' }], ['systemctl disable --now x.service']],
    ['services', [{ name: 'x.service', state: 'enabled' }], [], ['systemctl enable x.service']],
    [
      'groups',
      [{ groupname: 'sudo', members: 'a' }],
      [{ groupname: 'sudo', members: 'a,m' }],
      ['gpasswd --delete m sudo'],
    ],
    [
      'listening_ports',
      [],
      [{ protocol: '6', address: '::', port: '4444' }],
      ["ss --listening --numeric --processes --tcp 'sport = :4444'"],
    ],
    [
      'file_digests',
      [{ path: '/etc/x', mode: '0644', sha256: 'a' }],
      [{ path: '/etc/x', mode: '0666', sha256: 'a' }],
      ['chmod 0644 -- /etc/x'],
    ],
    [
      'cron_files',
      [],
      [{ path: '/etc/cron.d/x' }],
      ['mv --no-clobber -- /etc/cron.d/x /etc/cron.d/x.praxis-quarantine'],
    ],
    [
      'sysctl',
      [{ name: 'net.ipv4.ip_forward', current_value: '0' }],
      [{ name: 'net.ipv4.ip_forward', current_value: '1' }],
      ['sysctl --write net.ipv4.ip_forward=0'],
    ],
  ] as [string, JsonObject[], JsonObject[], string[]][])(
    'proposes for %s',
    (predicate, before, after, expected) => {
      expect(actions(plan(predicate, before, after))).toEqual(expected);
    },
  );

  it.each([
    '$(reboot)',
    '-rf',
    'a;b',
    'a b',
    "a'",
    'a\nb',
    '../../etc',
    '',
    'A'.repeat(200),
    '`id`',
    '/etc/..',
    '/a/../b',
  ])('never puts the name %j into a command', (name) => {
    const cases: [string, string][] = [
      ['users', 'username'],
      ['groups', 'groupname'],
      ['packages', 'name'],
      ['services', 'name'],
      ['listening_ports', 'port'],
      ['file_digests', 'path'],
      ['cron_files', 'path'],
    ];
    for (const [predicate, column] of cases) {
      const result = plan(predicate, [], [{ [column]: name }]);
      expect(result.actions).toEqual([]);
      expect(result.needsPerson).toHaveLength(1);
    }
  });

  it('never lets any name be more than words of a command', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('users', 'packages', 'services', 'cron_files'),
        (name, predicate) => {
          const result = plan(
            predicate,
            [],
            [{ username: name, name, path: name, version: name, port: name }],
          );
          for (const { action } of result.actions) expect(action).toMatch(/^[A-Za-z0-9@_.:=+~/ -]+$/);
        },
      ),
    );
  });

  it.each([
    [{ subject: 'host:nowhere' }, null],
    [{ subject: 'host:cp1' }, 'cp1'],
    [{ stale: true }, 'web1'],
    [{ kind: 'missing' }, 'web1'],
    [{ kind: 'unexpected' }, 'web1'],
  ] as [Partial<Finding>, string | null][])('leaves %j to a person', (extra, target) => {
    const result = plan('users', [], [{ username: 'x' }], extra);
    expect(result).toMatchObject({ target, actions: [], adapter: null });
    expect(result.needsPerson).toHaveLength(1);
    expect(convergenceRequests(result)).toEqual([]);
  });

  it('says what a CIS control wants', () => {
    const result = plan('cis:talos:scheduler-profiling', [], [{ value: 'true' }], { subject: 'host:cp1' });
    expect(result.needsPerson[0]).toContain('1.4.1');
  });
});
