import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntry } from '../encode-record.ts';
import { spliceEntryHash } from '../line.ts';
import type { LedgerEntry } from '../record.ts';
import { endScanAt, type ScanBytes, scanBytes } from '../scan-bytes.ts';
import { nodeFromHex } from '../tree/node-hash.ts';
import { LINES_BYTES } from './layout.ts';
import { PlainLine } from './plain-line.ts';

const HASH = 'a'.repeat(64);
const TS = 1_772_150_400_000_000;
const ORIGIN = 'o-1';
const plainEntry: LedgerEntry = { kind: 'read', decision: 'allowed', reason: 'r', args: { a: 1, b: 'x' } };

function lineOf(entry: LedgerEntry, seq: number, originId = ORIGIN): string {
  return spliceEntryHash(encodeEntry(entry, { seq, ts: TS, originId, prevHash: HASH }), HASH);
}

function scanOf(text: string): ScanBytes {
  const scan = scanBytes(Buffer.byteLength(text));
  endScanAt(scan, scan.bytes.write(text));
  return scan;
}

function aPlainLine(prevHash = HASH, originId = ORIGIN): PlainLine {
  const plain = new PlainLine(prevHash);
  plain.expect(prevHash, originId);
  return plain;
}

describe('PlainLine, of lines that follow one another', () => {
  it('reads a line anew when the bytes were changed since the one before', () => {
    const good = Buffer.from(`${lineOf(plainEntry, 11)}\n`);
    const bad = Buffer.from(good.toString('latin1').replace('"x"', '"\x01"'), 'latin1');
    const scan = scanBytes(2 * good.length);
    const plain = aPlainLine();
    good.copy(scan.bytes);
    endScanAt(scan, good.length);
    expect(plain.read(scan, 0, good.length)).toBe(good.length);
    Buffer.concat([bad, bad]).copy(scan.bytes);
    endScanAt(scan, 2 * good.length);
    expect(plain.read(scan, good.length, 2 * good.length)).toBe(-1);
  });

  it('reads only what has the prev_hash and the origin_id that it was told', () => {
    const line = `${lineOf(plainEntry, 11)}\n`;
    const scan = scanOf(line);
    const reads = (plain: PlainLine): boolean => plain.read(scan, 0, line.length) === line.length;
    expect(reads(aPlainLine())).toBe(true);
    expect(reads(new PlainLine(HASH))).toBe(false);
    for (const hash of ['b'.repeat(64), `${HASH.slice(0, 63)}b`, `b${HASH.slice(1)}`, 'a', ''])
      expect(reads(aPlainLine(hash))).toBe(false);
    for (const origin of ['', 'o', 'o-', 'o-2', 'p-1', 'o-1x', 'o-1","x', `o-1${'x'.repeat(130)}`])
      expect(reads(aPlainLine(HASH, origin))).toBe(false);
  });

  it('reads whatever origin an identifier can be, and none that it cannot be', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('', 'x'.repeat(128)),
    );
    fc.assert(
      fc.property(texts, (origin) => {
        const line = `${lineOf(plainEntry, 11, origin)}\n`;
        const scan = scanOf(line);
        const next = aPlainLine(HASH, origin).read(scan, 0, Buffer.byteLength(line));
        if (origin.isWellFormed()) expect(next).toBe(Buffer.byteLength(line));
        else expect(next).toBe(-1);
      }),
    );
    for (const origin of ['x'.repeat(129), '\ud800', 'é'.repeat(65)]) {
      const line = lineOf(plainEntry, 11).replace('"o-1"', JSON.stringify(origin));
      const scan = scanOf(`${line}\n`);
      expect(aPlainLine(HASH, origin).read(scan, 0, Buffer.byteLength(line) + 1)).toBe(-1);
    }
  });

  it('goes on from the line that was sealed with its own digest, and from no other', () => {
    const digest = 'b'.repeat(64);
    const first = `${lineOf(plainEntry, 11).slice(0, -66)}${digest}"}\n`;
    const second = `${lineOf(plainEntry, 12).replace(`"prev_hash":"${HASH}"`, `"prev_hash":"${digest}"`)}\n`;
    const text = first + second;
    const scan = scanOf(text);
    const plain = aPlainLine();
    expect(plain.read(scan, 0, text.length)).toBe(first.length);
    for (const other of ['c'.repeat(64), `${digest.slice(0, 63)}c`, `c${digest.slice(1)}`])
      expect(plain.seal(nodeFromHex(other))).toBe(false);
    expect(plain.seal('')).toBe(false);
    expect(plain.prevHash).toBe(HASH);
    expect(plain.read(scan, first.length, text.length)).toBe(-1);
    expect(plain.read(scan, 0, text.length)).toBe(first.length);
    expect(plain.seal(nodeFromHex(digest))).toBe(true);
    expect([plain.prev_hash, plain.prevHash]).toEqual([HASH, digest]);
    expect(plain.read(scan, first.length, text.length)).toBe(text.length);
    expect(plain.prev_hash).toBe(digest);
  });

  it('seals no line that has its digest in upper case or any character of it changed', () => {
    const digest = '0123456789abcdef'.repeat(4);
    const line = `${lineOf(plainEntry, 11).slice(0, -66)}${digest}"}\n`;
    const sealed = (text: string): boolean => {
      const plain = aPlainLine();
      expect(plain.read(scanOf(text), 0, text.length)).toBe(text.length);
      return plain.seal(nodeFromHex(digest));
    };
    expect(sealed(line)).toBe(true);
    expect(sealed(line.replace(digest, digest.toUpperCase()))).toBe(false);
    for (let i = 0; i < 64; i += 1) {
      const other = digest[i] === '0' ? '1' : '0';
      expect(sealed(line.replace(digest, digest.slice(0, i) + other + digest.slice(i + 1)))).toBe(false);
    }
  });

  it('reads lines of two logs in turn, each as its own', () => {
    const [one, two] = [lineOf(plainEntry, 11), lineOf({ ...plainEntry, args: [2] }, 5, 'o-2')];
    const logs = [one, two].map((line, i) => {
      const text = `${line}\n${line}\n`;
      return { text, scan: scanOf(text), plain: aPlainLine(HASH, `o-${i + 1}`), at: 0 };
    });
    for (let turn = 0; turn < 2; turn += 1) {
      for (const log of logs) {
        log.at = log.plain.read(log.scan, log.at, log.text.length);
        expect(log.at).toBe(((turn + 1) * log.text.length) / 2);
      }
    }
  });

  it('reads nothing of more bytes than it has room for', () => {
    const line = `${lineOf(plainEntry, 11)}\n`;
    const scan = scanBytes(LINES_BYTES + 1);
    scan.bytes.write(line);
    endScanAt(scan, LINES_BYTES + 1);
    expect(aPlainLine().read(scan, 0, LINES_BYTES + 1)).toBe(-1);
    endScanAt(scan, LINES_BYTES);
    expect(aPlainLine().read(scan, 0, LINES_BYTES)).toBe(line.length);
  });
});
