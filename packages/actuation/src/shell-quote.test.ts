import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellQuote } from './shell-quote.ts';

describe('shellQuote', () => {
  it('gives a shell every text back unchanged', () => {
    // Everything in one call of bash: one process, not one for each example.
    const hostile = fc.string({
      unit: fc.constantFrom(...'\'"\\$`!*?~#;&|<>(){}[] \t\n\r=%é❤\u0001\u0081\u007fa'.split('')),
    });
    const texts = fc.sample(fc.oneof(hostile, fc.string({ unit: 'grapheme' })), { numRuns: 500, seed: 7 });
    const usable = texts.filter((text) => !text.includes('\0') && text.isWellFormed());
    const script = `printf '%s\\0' ${usable.map(shellQuote).join(' ')}`;
    for (const shell of ['bash', 'sh']) {
      const back = execFileSync(shell, ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
      expect(back).toEqual(usable);
    }
    expect(usable.length).toBeGreaterThan(300);
  });
});
