import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpAddress } from './address.ts';

describe('parseIpAddress', () => {
  it('accepts exactly what node:net accepts, without zones', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '.', 'G', '2'), maxLength: 40 }),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        expect(parseIpAddress(candidate) !== null).toBe(isIPv4(candidate) || isIPv6(candidate));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads the words of every way to write one address', () => {
    const words = [0x2001, 0xdb8, 0, 0, 0, 0, 0x102, 0x304];
    for (const text of ['2001:db8::102:304', '2001:0DB8:0:0:0:0:0102:0304', '2001:db8::1.2.3.4']) {
      expect(parseIpAddress(text)).toEqual({ family: 6, words });
    }
  });

  it('refuses zones, brackets, leading zeros and other spellings', () => {
    for (const text of [
      'fe80::1%eth0',
      '[::1]',
      '01.2.3.4',
      '0x1.2.3.4',
      '1.2.3',
      '1.2.3.4.',
      '1:2:3:4:5:6:7::8:9',
      '::1::',
      ':1',
      '1.2.3.4::',
    ]) {
      expect(parseIpAddress(text)).toBeNull();
    }
  });
});
