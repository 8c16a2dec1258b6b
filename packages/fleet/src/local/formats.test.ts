import { describe, expect, it } from 'vitest';
import { parseAuthorizedKeys } from './authorized-keys.ts';
import { tableValue } from './local-collector.ts';
import { parseApkInstalled, parseDpkgStatus } from './packages.ts';
import { decodeProcAddress } from './proc-address.ts';
import { globMatcher } from './ssh-config.ts';

describe('parseApkInstalled', () => {
  it('reads name, version and architecture', () => {
    expect(
      parseApkInstalled('C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\nR:x\n\nP:busybox\nV:1.36\nA:x86_64\n'),
    ).toMatchObject([
      { name: 'musl', version: '1.2.4-r2', arch: 'x86_64', source: 'apk' },
      { name: 'busybox', version: '1.36' },
    ]);
  });
});

describe('parseDpkgStatus', () => {
  it('shows half-installed and held packages', () => {
    const status = (text: string): string => `Package: p\nStatus: ${text}\nVersion: 1\n\n`;
    expect(parseDpkgStatus(status('install ok half-configured'))).toMatchObject([
      { status: 'half-configured' },
    ]);
    expect(parseDpkgStatus(status('hold ok installed'))).toMatchObject([{ hold: 'true' }]);
    expect(parseDpkgStatus(status('deinstall ok config-files'))).toEqual([]);
  });
});

describe('decodeProcAddress', () => {
  it.each([
    ['0100007F', 'LE', '127.0.0.1'],
    ['7F000001', 'BE', '127.0.0.1'],
    ['00000000000000000000000000000000', 'LE', '::'],
    ['00000000000000000000000001000000', 'LE', '::1'],
    ['B80D0120000000000000000001000000', 'LE', '2001:db8::1'],
    ['xyz', 'LE', null],
    ['0100007F00', 'LE', null],
  ] as const)('reads %s (%s) as %s', (hex, order, address) => {
    expect(decodeProcAddress(hex, order)).toBe(address);
  });
});

describe('parseAuthorizedKeys', () => {
  const key = `ssh-ed25519 ${'A'.repeat(68)}`;

  it('skips comments and broken lines', () => {
    expect(parseAuthorizedKeys(`# ${key}\n\nssh-ed25519 !!!\n${key} me\n`, 'u', '/p')).toHaveLength(1);
  });

  it('is linear on hostile lines', () => {
    const start = performance.now();
    parseAuthorizedKeys(`${'ssh-'.repeat(16_000)}\n`.repeat(20), 'u', '/p');
    parseAuthorizedKeys(`${` ssh-a ${'A'.repeat(60)}`.repeat(900)}\n`.repeat(20), 'u', '/p');
    expect(performance.now() - start).toBeLessThan(1500);
  });
});

describe('globMatcher', () => {
  it.each([
    ['*.conf', '10-a.conf', true],
    ['*.conf', 'a.conf.bak', false],
    ['a?c*', 'abcd', true],
    ['*', '', true],
    ['', 'a', false],
    ['*a*b', 'xaxxb', true],
  ])('matches %s against %s: %s', (pattern, name, matches) => {
    expect(globMatcher(pattern)(name)).toBe(matches);
  });

  it('does not backtrack without bound', () => {
    const start = performance.now();
    expect(globMatcher(`${'*a'.repeat(50)}b`)('a'.repeat(255))).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('tableValue', () => {
  it('sorts rows and drops exact repetitions', () => {
    const value = tableValue([{ a: '2' }, { a: '1' }, { a: '2' }]);
    expect(value).toEqual({ rows: [{ a: '1' }, { a: '2' }], count: 2 });
  });
});
