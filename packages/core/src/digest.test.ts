import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, sha256Hex } from './digest.ts';

describe('sha256', () => {
  // FIPS 180-4 and the test vectors that NIST publishes with it.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j is what the standard says', (text, digest) => {
    expect(sha256Hex(text)).toBe(digest);
    expect(sha256(text).toString('hex')).toBe(digest);
  });

  it('of a text is that of its UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(sha256Hex(text)).toBe(createHash('sha256').update(bytes).digest('hex'));
        expect(sha256Hex(bytes)).toBe(sha256Hex(text));
      }),
    );
  });
});
