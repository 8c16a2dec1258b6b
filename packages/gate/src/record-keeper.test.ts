import type { LedgerEntry } from '@praxis/ledger';
import { describe, expect, it } from 'vitest';
import { RecordKeeper } from './record-keeper.ts';

const read: LedgerEntry = { kind: 'read', decision: 'allowed', reason: 'allowed' };
const refusal: LedgerEntry = { kind: 'refusal', decision: 'denied', reason: 'kill_switch' };

/** A sink whose disk can be full. */
function aSink(): {
  full: boolean;
  entries: LedgerEntry[];
  append(entry: LedgerEntry): Promise<{ seq: number }>;
} {
  return {
    full: false,
    entries: [],
    append(entry) {
      if (this.full) return Promise.reject(new Error('no space'));
      return Promise.resolve({ seq: this.entries.push(entry) - 1 });
    },
  };
}

describe('RecordKeeper', () => {
  it('records how many records are missing, by kind, once records can be written again', async () => {
    const sink = aSink();
    const keeper = new RecordKeeper(sink);
    sink.full = true;
    for (const entry of [read, read, refusal]) await expect(keeper.append(entry)).rejects.toThrow('no space');
    expect(keeper.missed).toBe(3);
    sink.full = false;
    await keeper.append(read);
    expect(sink.entries).toMatchObject([
      { kind: 'read' },
      { kind: 'control', reason: 'records_missed', args: { read: 2, refusal: 1 } },
    ]);
    expect(keeper.missed).toBe(0);
    await keeper.append(read);
    expect(sink.entries).toHaveLength(3);
  });

  it('keeps owing the count while it cannot be written', async () => {
    const sink = aSink();
    const keeper = new RecordKeeper({
      append: (entry) =>
        entry.reason === 'records_missed' ? Promise.reject(new Error('no space')) : sink.append(entry),
    });
    sink.full = true;
    await expect(keeper.append(read)).rejects.toThrow('no space');
    sink.full = false;
    await expect(keeper.append(refusal)).resolves.toEqual({ seq: 0 });
    expect(keeper.missed).toBe(1);
  });
});
