import { describe, expect, it } from 'vitest';
import { encodeEntry } from '../encode-record.ts';
import { spliceEntryHash } from '../line.ts';
import { GENESIS_HASH, RECORD_DECISIONS, RECORD_KINDS } from '../record.ts';
import { RECORD_BYTES_MIN } from './evidence-check.ts';

describe('RECORD_BYTES_MIN', () => {
  it('is not more than the shortest record has, so that enough evidence is read ahead', () => {
    const frame = { seq: 0, ts: 0, originId: '', prevHash: GENESIS_HASH };
    const lengths = RECORD_KINDS.flatMap((kind) =>
      RECORD_DECISIONS.map((decision) => {
        const line = spliceEntryHash(encodeEntry({ kind, decision, reason: '' }, frame), GENESIS_HASH);
        // `prev_hash` may be shorter in a record that stands alone.
        return line.length - GENESIS_HASH.length;
      }),
    );
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(RECORD_BYTES_MIN);
  });
});
