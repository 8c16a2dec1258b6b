import { describe, expect, it } from 'vitest';
import {
  FRONT_END_DEPTH_MAX,
  FRONT_END_LENGTH_MAX,
  FRONT_END_REASONS_MAX,
  type FrontEndContext,
  type FrontEndResult,
} from '../front-end.ts';
import { CMD_COMMANDS_MAX } from './cmd-scan.ts';
import { CMD_EXPANDED_LENGTH_MAX, expandPercent, UNKNOWN } from './cmd-variables.ts';
import { classifyCmd } from './cmd.ts';
import { decodeCommand } from './native-launch.ts';
import { programName } from './native-word.ts';
import { windowsPlace } from './windows-path.ts';

const context = (depth: number): FrontEndContext => ({
  depth,
  denyRules: [],
  classifyNested: (command, shell) =>
    shell === 'cmd' ? classifyCmd(command, context(depth + 1)) : { tier: 'T2', denied: false, reasons: [] },
});

const cmd = (text: string): FrontEndResult => classifyCmd(text, context(0));
const codes = (text: string): string[] => cmd(text).reasons.map((reason) => reason.code);

describe('classifyCmd', () => {
  it('explains with a code and a span', () => {
    expect(cmd('dir & del x').reasons[0]).toMatchObject({ code: 'cmd-delete', span: { start: 6, end: 11 } });
  });

  it('gives a command that is not known T3', () => {
    expect(codes('%X% a')).toEqual(['command-unknown']);
    expect(cmd('%X% a').tier).toBe('T3');
  });

  it('knows a variable from an earlier line only', () => {
    expect(cmd('set X=dir\n%X%').tier).toBe('T0');
    expect(cmd('set X=dir& %X%').tier).toBe('T3');
    expect(cmd('set X=dir\nif 1==1 set X=del\n%X%').tier).toBe('T3');
    expect(cmd(':a\nset X=dir\n%X%\ngoto a').tier).toBe('T3');
  });

  it('refuses a text longer than the bound', () => {
    expect(cmd('rem '.padEnd(FRONT_END_LENGTH_MAX, 'x')).tier).toBe('T0');
    expect(codes('rem '.padEnd(FRONT_END_LENGTH_MAX + 1, 'x'))).toEqual(['text-too-long']);
  });

  it('refuses more commands than the bound', () => {
    expect(cmd('ver&'.repeat(CMD_COMMANDS_MAX)).tier).toBe('T0');
    expect(codes('ver&'.repeat(CMD_COMMANDS_MAX + 1))).toEqual(['parse-error']);
  });

  it('refuses text nested deeper than the bound', () => {
    expect(cmd(`${'call '.repeat(FRONT_END_DEPTH_MAX)}ver`).tier).toBe('T0');
    expect(codes(`${'call '.repeat(FRONT_END_DEPTH_MAX + 1)}ver`)).toEqual(['nested-too-deep']);
  });

  it('keeps a bounded list of reasons', () => {
    expect(cmd('foo&'.repeat(200)).reasons).toHaveLength(FRONT_END_REASONS_MAX);
  });
});

describe('expandPercent', () => {
  it('replaces what is known and marks what is not', () => {
    const variables = new Map([['X', 'dir']]);
    expect(expandPercent('%X% %Y% %1 %%i %~dp0 100%', variables)).toBe(
      `dir ${UNKNOWN} ${UNKNOWN} ${UNKNOWN} ${UNKNOWN} 100%`,
    );
  });

  it('stops at the bound of the expanded line', () => {
    const variables = new Map([['X', 'x'.repeat(1024)]]);
    expect(expandPercent('%X%'.repeat(CMD_EXPANDED_LENGTH_MAX / 1024), variables)).toHaveLength(
      CMD_EXPANDED_LENGTH_MAX,
    );
    expect(expandPercent('%X%'.repeat(CMD_EXPANDED_LENGTH_MAX / 1024 + 2), variables)).toBe(UNKNOWN);
  });
});

describe('windowsPlace', () => {
  it.each([
    ['C:\\', 'root'],
    ['c:/*', 'root'],
    ['C:', 'root'],
    ['C:\\Windows\\.\\..', 'root'],
    ['C:\\Windows. ', 'root'],
    ['\\\\?\\C:\\', 'root'],
    ['\\\\server\\c$\\', 'root'],
    ['FileSystem::C:\\', 'root'],
    ['/', 'root'],
    ['\\\\.\\PhysicalDrive0', 'device'],
    ['\\\\.\\C:', 'device'],
    ['C:\\Windows\\System32\\x', 'system'],
    ['HKLM:\\Software', 'registry'],
    ['HKEY_LOCAL_MACHINE\\Software', 'registry'],
    ['alias:ls', 'definitions'],
    ['C:\\Temp\\x', 'temporary'],
    ['D:\\data', 'outside'],
    ['..\\x', 'outside'],
    ['a\\..\\b', 'workspace'],
    ['NUL', 'none'],
  ])('puts %s at %s', (path, place) => {
    expect(windowsPlace(path)).toBe(place);
  });

  it('takes a path that is not known for unknown', () => {
    expect(windowsPlace(null)).toBe('unknown');
    expect(windowsPlace('x', { kind: 'unknown' })).toBe('unknown');
    expect(windowsPlace('*', { kind: 'known', path: 'C:\\' })).toBe('root');
  });
});

describe('programName', () => {
  it('is the basename under the directories of the system only', () => {
    expect(programName('C:\\Windows\\System32\\shutdown.EXE')).toBe('shutdown');
    expect(programName('ping.exe')).toBe('ping');
    expect(programName('C:\\evil\\ping.exe')).toBeNull();
    expect(programName('.\\ping.exe')).toBeNull();
    expect(programName('C:\\Program Files\\..\\evil\\ping.exe')).toBeNull();
  });
});

describe('decodeCommand', () => {
  it('takes base64 of whole UTF-16 text only', () => {
    expect(decodeCommand(Buffer.from('dir', 'utf16le').toString('base64'))).toBe('dir');
    expect(decodeCommand('QQ==')).toBeNull();
    expect(decodeCommand('not base64')).toBeNull();
    expect(decodeCommand('')).toBeNull();
  });
});
