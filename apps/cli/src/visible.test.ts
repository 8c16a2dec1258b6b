import { describe, expect, it } from 'vitest';
import { visible } from './visible.ts';

describe('visible', () => {
  it.each([
    ['\u001b[2J', '\\u001b[2J'],
    ['a\r\nb', 'a\\u000d\\u000ab'],
    ['\u202eabc', '\\u202eabc'],
    ['a\u200bb', 'a\\u200bb'],
    ['rm\u00a0-rf', 'rm\\u00a0-rf'],
    ['a\u3000b\u2028c', 'a\\u3000b\\u2028c'],
  ])('shows %j as %s', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('leaves plain text, also in other scripts, as it is', () => {
    expect(visible('echo größer 你好 | cat')).toBe('echo größer 你好 | cat');
  });
});
