import { endianness } from 'node:os';
import { canonicalAddress } from '../inventory/canonical-address.ts';

/**
 * Decodes an address of `/proc/net`: 32-bit words in the machine's byte order, in hexadecimal.
 * Null when the text is neither 8 nor 32 hexadecimal digits.
 */
export function decodeProcAddress(hex: string, order: 'LE' | 'BE' = endianness()): string | null {
  if (!/^(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})$/.test(hex)) return null;
  const bytes = Buffer.from(hex, 'hex');
  if (order === 'LE') bytes.swap32();
  if (bytes.length === 4) return [...bytes].join('.');
  const words: string[] = [];
  for (let index = 0; index < 16; index += 2) words.push(bytes.readUInt16BE(index).toString(16));
  const text = words.join(':');
  if (text === '0:0:0:0:0:0:0:1') return '::1';
  return canonicalAddress(text).replace(/^\[|\]$/g, '');
}
