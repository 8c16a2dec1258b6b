import { describe, expect, it } from 'vitest';
import { filterText } from './text-filters.ts';

describe('filterText', () => {
  it.each<[string, string[], string | null, string | null]>([
    ['echo', ['a', 'b'], null, 'a b\n'],
    ['echo', ['-n', 'a'], null, 'a'],
    ['echo', ['-e', '\\x41\\101'], null, 'AA\n'],
    ['echo', ['\\x41'], null, '\\x41\n'],
    ['/bin/echo', ['a'], null, 'a\n'],
    ['printf', ['%s-%s\n', 'a', 'b', 'c'], null, 'a-b\nc-\n'],
    ['printf', ['\\x25s', 'a'], null, '%s'],
    ['printf', ['%d%%', '7'], null, '7%'],
    ['printf', ['%03o', '65'], null, '101'],
    ['printf', ['%b', '\\101'], null, 'A'],
    ['printf', ['%q', 'a b'], null, null],
    ['printf', ['-v', 'x', 'a'], null, null],
    ['cat', [], 'text', 'text'],
    ['cat', ['file'], 'text', null],
    ['base64', ['-d'], 'cm0=', 'rm'],
    ['base64', ['--decode'], 'cm0=\n', 'rm'],
    ['xxd', ['-r', '-p'], '726d', 'rm'],
    ['rev', [], 'mr\n', 'rm\n'],
    ['tr', ['a-z', 'A-Z'], 'rm', 'RM'],
    ['tr', ['-d', 'x'], 'rxm', 'rm'],
    ['tr', ['[:upper:]', '[:lower:]'], 'RM', 'rm'],
    ['cut', ['-c2-'], 'xrm\n', 'rm\n'],
    ['grep', ['x'], 'x', null],
    ['cat', [], null, null],
  ])('%s %j of %j is %j', (name, args, input, expected) => {
    expect(filterText(name, args, input)).toBe(expected);
  });
});
