import { describe, expect, it } from 'vitest';
import { splitString } from './split-string.ts';

describe('splitString', () => {
  it.each([
    ['rm -rf  /srv', ['rm', '-rf', '/srv']],
    ['bash -c "rm -rf /srv/data"', ['bash', '-c', 'rm -rf /srv/data']],
    [`sh -c 'rm "a b"'`, ['sh', '-c', 'rm "a b"']],
    [`a'b c'"d"`, ['ab cd']],
    ['a "" b', ['a', '', 'b']],
    ['rm\\_-rf\\_/srv "a\\_b"', ['rm', '-rf', '/srv', 'a b']],
    [`'a\\'b\\n'`, [`a'b\\n`]],
    ['a # b', ['a']],
    ['a#b', ['a#b']],
    ['a \\c b', ['a']],
    ['a\\tb \\$x', ['a\tb', '$x']],
    ['x${HOME} y', [null, 'y']],
    [`'$x' "$x"`, ['$x', null]],
    ['a"b', ['ab']],
    ['', []],
  ])('reads %j', (text, words) => {
    expect(splitString(text)).toEqual(words);
  });

  it('is linear in the text', () => {
    const text = `"'\\_ `.repeat(32 * 1024);
    const startedAt = performance.now();
    splitString(text);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
