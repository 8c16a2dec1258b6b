import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@praxis/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeEntry } from '../encode-record.ts';
import { spliceEntryHash } from '../line.ts';
import { GENESIS_HASH } from '../record.ts';
import { EvidenceCursor, HASHES_REMEMBERED_MAX } from './evidence-cursor.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'praxis-cursor-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Writes a chain of so many records and gives their hashes. */
function aChain(path: string, records: number): string[] {
  const hashes: string[] = [];
  const lines: string[] = [];
  for (let seq = 0; seq < records; seq += 1) {
    const frame = {
      seq,
      ts: 1_772_150_400_000_000 + seq,
      originId: 'o',
      prevHash: hashes.at(-1) ?? GENESIS_HASH,
    };
    const body = encodeEntry({ kind: 'control', decision: 'session', reason: 'r' }, frame);
    hashes.push(sha256Hex(body));
    lines.push(`${spliceEntryHash(body, hashes.at(-1) ?? '')}\n`);
  }
  writeFileSync(path, lines.join(''));
  return hashes;
}

describe('EvidenceCursor', () => {
  it('remembers the hashes of the last lines, so many and no more', async () => {
    const path = join(directory, 'evidence.jsonl');
    const records = HASHES_REMEMBERED_MAX + 100;
    const hashes = aChain(path, records);
    const cursor = new EvidenceCursor(path, () => Promise.resolve());
    expect(cursor.hashAfter(1)).toBeNull();
    await cursor.readPast(Number.MAX_SAFE_INTEGER);
    await cursor.close();
    const oldest = records - HASHES_REMEMBERED_MAX;
    for (const count of [oldest, oldest + 1, records - 1, records])
      expect(cursor.hashAfter(count)).toBe(hashes[count - 1]);
    for (const count of [1, oldest - 1, records + 1, 1.5, -1]) expect(cursor.hashAfter(count)).toBeNull();
  });
});
