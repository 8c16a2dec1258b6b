import { describe, expect, it } from 'vitest';
import { NATIVE_TABLE, PORTABLE_PROGRAMS } from '../cmd/native-table.ts';
import { ALIASES, CMDLETS, DISK_WIPES, PREVIEWED, VERBS, WRITERS } from '../powershell/ps-table.ts';
import { tierOfEach } from './windows-table.ts';

describe('the table of Windows', () => {
  it('holds what it held: neither list is empty', () => {
    expect(ALIASES.get('rm')).toBe('remove-item');
    expect(ALIASES.size).toBeGreaterThan(100);
    expect(CMDLETS.get('stop-computer')).toBe('T3');
    expect(VERBS.get('get')).toBe('T0');
    expect(DISK_WIPES.has('clear-disk')).toBe(true);
    expect(WRITERS.get('copy-item')).toEqual({ parameters: ['destination'], position: 1 });
    expect(NATIVE_TABLE.size).toBeGreaterThan(80);
    expect(NATIVE_TABLE.get('cipher')?.raises.get('/w')).toBe('T3');
    expect(PORTABLE_PROGRAMS.has('git')).toBe(true);
  });

  it('previews nothing that it does not know otherwise', () => {
    expect([...PREVIEWED].every((name) => name.includes('-'))).toBe(true);
  });

  it('takes no empty argument for a report', () => {
    expect([...NATIVE_TABLE.values()].some((entry) => entry.reports.has(''))).toBe(false);
  });

  it('lets the highest tier win where an entry stands twice', () => {
    expect(tierOfEach({ T3: ['wipe'], T0: ['wipe', 'list'] })).toEqual(
      new Map([
        ['wipe', 'T3'],
        ['list', 'T0'],
      ]),
    );
  });
});
