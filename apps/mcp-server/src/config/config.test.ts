import { describe, expect, it } from 'vitest';
import { configDigest, HTTP_PORT_DEFAULT, readConfig } from './config.ts';

const base = { HOME: '/home/anna' };

describe('readConfig', () => {
  it('serves stdio, guarded, from the state directory when nothing is set', () => {
    const config = readConfig(base);
    expect(config).toMatchObject({
      transport: 'stdio',
      mode: 'guarded',
      dataDir: '/home/anna/.local/state/praxis',
      storeDsn: '/home/anna/.local/state/praxis/facts.db',
      inventoryPath: '/home/anna/.local/state/praxis/inventory.yaml',
      killSwitchPath: '/home/anna/.local/state/praxis/stop',
      allowRestricted: true,
      runbookRoot: null,
      budget: { actionsMax: null, wallSecondsMax: null },
      approvals: { ttlSeconds: 600, consoleTokens: true },
    });
    expect(config.http).toEqual({ host: '127.0.0.1', port: HTTP_PORT_DEFAULT, token: null, allowAny: false });
    expect(config.audit).toMatchObject({
      path: '/home/anna/.local/state/praxis/audit.jsonl',
      configured: false,
      evidencePath: '/home/anna/.local/state/praxis/audit.evidence.jsonl',
      evidenceEvery: 64,
      retentionDays: 365,
      evidenceRetentionDays: 365,
    });
  });

  it('follows XDG_STATE_HOME when it is absolute, and ignores it when not', () => {
    expect(readConfig({ ...base, XDG_STATE_HOME: '/var/state' }).dataDir).toBe('/var/state/praxis');
    expect(readConfig({ ...base, XDG_STATE_HOME: 'state' }).dataDir).toBe('/home/anna/.local/state/praxis');
  });

  it.each([
    ['READONLY', 'readonly'],
    [' open ', 'open'],
    ['admin', 'guarded'],
    ['', 'guarded'],
  ])('reads PRAXIS_MODE=%j as %s', (value, mode) => {
    expect(readConfig({ ...base, PRAXIS_MODE: value }).mode).toBe(mode);
  });

  it('takes exceptions to the egress screen as host:port, in any case, and warns of others', () => {
    const { egressAllow, warnings } = readConfig({
      ...base,
      PRAXIS_EGRESS_ALLOW: 'TSA.lan:443, [::1]:80,127.0.0.1 http://a.example:1',
    });
    expect(egressAllow.slice(0, 2)).toEqual(['tsa.lan:443', '[::1]:80']);
    expect(warnings).toEqual([
      expect.stringContaining('`127.0.0.1`'),
      expect.stringContaining('`http://a.example:1`'),
    ]);
  });

  it('warns of a mode that is none', () => {
    expect(readConfig({ ...base, PRAXIS_MODE: 'admin' }).warnings).toHaveLength(1);
  });

  it.each([
    ['1', 1],
    ['65535', 65_535],
    ['0', null],
    ['65536', null],
    ['-1', null],
    ['http', HTTP_PORT_DEFAULT],
  ])('reads PRAXIS_HTTP_PORT=%j as %j', (value, port) => {
    expect(readConfig({ ...base, PRAXIS_HTTP_PORT: value }).http.port).toBe(port);
  });

  it('allows a bind beyond loopback only by the exact phrase', () => {
    for (const value of ['yes', 'true', '1', ' yes-i-understand-the-risk', 'YES-I-UNDERSTAND-THE-RISK']) {
      expect(readConfig({ ...base, PRAXIS_HTTP_ALLOW_ANY: value }).http.allowAny).toBe(false);
    }
    expect(readConfig({ ...base, PRAXIS_HTTP_ALLOW_ANY: 'yes-i-understand-the-risk' }).http.allowAny).toBe(
      true,
    );
  });

  it('withholds restricted facts over http unless told otherwise', () => {
    expect(readConfig({ ...base, PRAXIS_TRANSPORT: 'HTTP' }).allowRestricted).toBe(false);
    expect(
      readConfig({ ...base, PRAXIS_TRANSPORT: 'http', PRAXIS_ALLOW_RESTRICTED: 'on' }).allowRestricted,
    ).toBe(true);
    expect(readConfig({ ...base, PRAXIS_ALLOW_RESTRICTED: 'no' }).allowRestricted).toBe(false);
  });

  it('withholds restricted facts from HTTP clients of a process that serves stdio too', () => {
    expect(readConfig(base).allowRestrictedOverHttp).toBe(false);
    expect(readConfig({ ...base, PRAXIS_ALLOW_RESTRICTED: 'yes' }).allowRestrictedOverHttp).toBe(true);
  });

  it.each([
    ['PRAXIS_EVIDENCE_EVERY', '0', 'evidenceEvery', 0],
    ['PRAXIS_EVIDENCE_EVERY', '-5', 'evidenceEvery', 64],
    ['PRAXIS_EVIDENCE_EVERY', 'many', 'evidenceEvery', 64],
    ['PRAXIS_AUDIT_RETENTION_DAYS', '0', 'retentionDays', 0],
    ['PRAXIS_AUDIT_RETENTION_DAYS', 'x', 'retentionDays', 365],
    ['PRAXIS_EVIDENCE_RETENTION_DAYS', '-1', 'evidenceRetentionDays', 365],
  ])('reads %s=%j', (name, value, key, expected) => {
    expect(readConfig({ ...base, [name]: value }).audit).toMatchObject({ [key]: expected });
  });

  it.each([
    ['0', null],
    ['-3', null],
    ['lots', null],
    ['7', 7],
  ])('reads PRAXIS_MAX_ACTIONS=%j as %j', (value, expected) => {
    expect(readConfig({ ...base, PRAXIS_MAX_ACTIONS: value }).budget.actionsMax).toBe(expected);
  });

  it.each([
    ['0', 1],
    ['-9', 1],
    ['1', 1],
    ['90', 90],
    ['soon', 600],
  ])('reads PRAXIS_APPROVAL_TTL_SECONDS=%j as %j', (value, expected) => {
    expect(readConfig({ ...base, PRAXIS_APPROVAL_TTL_SECONDS: value }).approvals.ttlSeconds).toBe(expected);
  });

  it('switches console tokens off', () => {
    expect(readConfig({ ...base, PRAXIS_APPROVAL_TOKENS: 'OFF' }).approvals.consoleTokens).toBe(false);
  });

  it('takes blank for unset', () => {
    expect(readConfig({ ...base, PRAXIS_RUNBOOK_ROOT: '  ', PRAXIS_HTTP_HOST: ' ' })).toMatchObject({
      runbookRoot: null,
      http: { host: '127.0.0.1' },
    });
  });
});

describe('configDigest', () => {
  it('tells configurations apart without holding the token', () => {
    const one = readConfig({ ...base, PRAXIS_HTTP_TOKEN: 'first' });
    const two = readConfig({ ...base, PRAXIS_HTTP_TOKEN: 'second' });
    expect(configDigest(one)).toBe(configDigest(two));
    expect(configDigest(one)).not.toBe(configDigest(readConfig({ ...base, PRAXIS_MODE: 'open' })));
  });
});
