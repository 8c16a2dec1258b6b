import { describe, expect, it } from 'vitest';
import { judgeSedCommands, SED_PROGRAM_MAX } from './sed-program.ts';

describe('judgeSedCommands', () => {
  it.each([
    's/a/b/',
    's/w/e/g',
    's|/etc|/opt|2p',
    '/e/d',
    '$!N;s/\\n/ /',
    'y/abc/wer/',
    '1,5p',
    ':a;N;$!ba',
    'a\\\nwrite e',
    '/x/{s/e/w/;p}',
    's/a\\/w/b/',
    's,w,e,',
    '# w file',
    '\\|w|d',
  ])('finds nothing in %s', (program) => {
    expect(judgeSedCommands(program)).toEqual([]);
  });

  it.each([
    ['w out', [{ kind: 'write', argument: 'out' }]],
    ['/x/w /etc/y', [{ kind: 'write', argument: '/etc/y' }]],
    ['s/a/b/w out', [{ kind: 'write', argument: 'out' }]],
    ['s/a/b/e', [{ kind: 'execute', argument: '' }]],
    ['s/a/b/ge;p', [{ kind: 'execute', argument: '' }]],
    ['1e reboot', [{ kind: 'execute', argument: 'reboot' }]],
    ['p;1!e ls', [{ kind: 'execute', argument: 'ls' }]],
    ['{e ls\n}', [{ kind: 'execute', argument: 'ls' }]],
    ['W f\np', [{ kind: 'write', argument: 'f' }]],
  ])('finds the effects of %j', (program, expected) => {
    expect(judgeSedCommands(program)).toEqual(expected);
  });

  it('takes a program that is too long for one that executes', () => {
    expect(judgeSedCommands('p'.repeat(SED_PROGRAM_MAX))).toEqual([]);
    expect(judgeSedCommands('p'.repeat(SED_PROGRAM_MAX + 1))).toEqual([{ kind: 'execute', argument: '' }]);
  });
});
