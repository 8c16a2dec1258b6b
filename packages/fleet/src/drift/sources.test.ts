import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnsibleDrift } from './ansible.ts';
import { CIS_CONTROLS } from './cis-baseline.ts';
import { parseTofuDrift } from './tofu.ts';

const document = (drift: unknown): string => JSON.stringify({ format_version: '1.2', resource_drift: drift });

describe('parseTofuDrift', () => {
  it('reads the document of show -json: before is the state, after is what is', () => {
    const raw = document([
      {
        address: 'aws_s3_bucket.a',
        change: { actions: ['update'], before: { acl: 'private', n: 1 }, after: { acl: 'public', n: 1 } },
      },
      { address: 'module.m.x.y["k"]', change: { actions: ['delete'], before: { id: 1 }, after: null } },
      { address: 'x.noop', change: { actions: ['no-op'], before: {}, after: {} } },
    ]);
    expect(parseTofuDrift(raw)).toMatchObject({
      errors: [],
      findings: [
        {
          subject: 'tofu:aws_s3_bucket.a',
          predicate: 'resource',
          kind: 'changed',
          severity: 'warning',
          detail: { changed: [{ key: 'acl', before: 'private', after: 'public' }] },
        },
        { subject: 'tofu:module.m.x.y["k"]', kind: 'missing' },
      ],
    });
  });

  it('reads the stream of plan -json', () => {
    const lines = [
      { '@level': 'info', '@message': 'OpenTofu 1.9.0', type: 'version', terraform: '1.9.0' },
      {
        '@message': 'x: Drift detected (update)',
        type: 'resource_drift',
        change: { resource: { addr: 'x.y' }, action: 'update' },
      },
      {
        '@message': 'z: Drift detected (delete)',
        type: 'resource_drift',
        change: { resource: { addr: 'z.y' }, action: 'delete' },
      },
      { '@message': 'Plan: 0 to add', type: 'change_summary', changes: { add: 0 } },
    ];
    const { findings, errors } = parseTofuDrift(lines.map((line) => JSON.stringify(line)).join('\n'));
    expect(errors).toEqual([]);
    expect(findings.map(({ subject, kind }) => [subject, kind])).toEqual([
      ['tofu:x.y', 'changed'],
      ['tofu:z.y', 'missing'],
    ]);
  });

  it('reads a stream of one message', () => {
    const line = {
      '@message': 'm',
      type: 'resource_drift',
      change: { resource: { addr: 'a.b' }, action: 'update' },
    };
    expect(parseTofuDrift(JSON.stringify(line)).findings).toHaveLength(1);
  });

  it('finds no drift in a plan without any', () => {
    expect(parseTofuDrift('{"format_version":"1.2"}')).toEqual({ findings: [], errors: [] });
  });

  it.each([
    ['', 'empty'],
    ['Error: no', 'report_unrecognised'],
    ['{}', 'report_unrecognised'],
    [document({}), 'report_unrecognised'],
    [document([{ address: 1 }]), 'value_unusable'],
    ['['.repeat(100_000), 'too_deep'],
  ])('says why %.40j is no plan', (raw, code) => {
    expect(parseTofuDrift(raw)).toMatchObject({ findings: [], errors: [{ code }] });
  });
});

const TEXT = `
PLAY [web] *********************************************************************

TASK [Gathering Facts] *********************************************************
ok: [web1]
fatal: [web2]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect", "unreachable": true}

TASK [nginx : configure [main] file] *******************************************
changed: [web1 -> localhost]

TASK [check] *******************************************************************
fatal: [web1]: FAILED! => {"changed": false, "msg": "no"}

PLAY RECAP *********************************************************************
web1                       : ok=2    changed=1    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0
`;

describe('parseAnsibleDrift', () => {
  const seen = (raw: string): unknown[] =>
    parseAnsibleDrift(raw).findings.map((f) => [f.subject, f.predicate, f.severity]);

  it('reads the ordinary output', () => {
    expect(seen(TEXT)).toEqual([
      ['host:web2', 'Gathering Facts', 'critical'],
      ['host:web1', 'nginx : configure [main] file', 'warning'],
      ['host:web1', 'check', 'critical'],
    ]);
  });

  it('reads the document of a json callback', () => {
    const task = (name: string, hosts: object): object => ({ task: { name }, hosts });
    const raw = JSON.stringify({
      plays: [
        {
          tasks: [
            task('a', { h1: { changed: true }, h2: { changed: false } }),
            task('b', { h1: { failed: true, changed: true }, h2: { unreachable: true } }),
          ],
        },
      ],
    });
    expect(seen(raw)).toEqual([
      ['host:h1', 'a', 'warning'],
      ['host:h1', 'b', 'critical'],
      ['host:h2', 'b', 'critical'],
    ]);
  });

  it('reads one JSON line per result', () => {
    expect(
      seen('{"host":"h","task":"t","status":"changed"}\n{"host":"h","task":"u","status":"ok"}\n'),
    ).toEqual([['host:h', 't', 'warning']]);
  });

  it('knows foreign text for foreign', () => {
    expect(parseAnsibleDrift('hello')).toMatchObject({
      findings: [],
      errors: [{ code: 'report_unrecognised' }],
    });
    expect(parseAnsibleDrift('PLAY RECAP ***\nh : ok=1\n')).toEqual({ findings: [], errors: [] });
  });

  it('is linear on hostile text', () => {
    const start = performance.now();
    parseAnsibleDrift(`TASK [${'['.repeat(2_000_000)}\n${'changed: ['.repeat(200_000)}`);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('both', () => {
  it('never throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (raw) => {
        expect(parseTofuDrift(raw).findings).toBeInstanceOf(Array);
        expect(parseAnsibleDrift(raw).findings).toBeInstanceOf(Array);
      }),
    );
  });
});

describe('the CIS baseline', () => {
  it('has 17 active controls, one waived, four of the platform, and no id twice', () => {
    const count = (status: string): number =>
      CIS_CONTROLS.filter((control) => control.status === status).length;
    expect([count('active'), count('waived'), count('platform')]).toEqual([17, 1, 4]);
    expect(new Set(CIS_CONTROLS.map((control) => control.id)).size).toBe(CIS_CONTROLS.length);
  });
});
