import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntry } from './encode-record.ts';
import { parseLine, spliceEntryHash } from './line.ts';
import { readPlainLine } from './plain-line.ts';
import type { LedgerEntry } from './record.ts';

const text = fc.option(fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 8 })));
const entries: fc.Arbitrary<LedgerEntry> = fc.record(
  {
    kind: fc.constantFrom('read', 'refusal', 'outcome', 'intent', 'control', 'session'),
    decision: fc.constantFrom('allowed', 'denied', 'error', 'session'),
    reason: fc.string(),
    tool: text,
    target: text,
    args: fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('args_len', 'seq', 'a', 'b'), fc.integer())),
    requestId: text,
    error: fc.option(fc.record({ code: fc.string({ maxLength: 5 }), message: fc.string({ maxLength: 5 }) })),
    intentSeq: fc.option(fc.nat()),
    argsLen: fc.option(fc.nat()),
    dryRun: fc.option(fc.boolean()),
  },
  { requiredKeys: ['kind', 'decision', 'reason'] },
);
const hex = 'a'.repeat(64);

function lineOf(entry: LedgerEntry, seq: number, ts: number): string {
  return spliceEntryHash(encodeEntry(entry, { seq, ts, originId: 'o', prevHash: hex }), hex);
}

describe('readPlainLine', () => {
  it('reads what parseLine reads, or nothing', () => {
    let read = 0;
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 0, max: 4e15 }), (entry, seq, ts) => {
        const line = Buffer.from(lineOf(entry, seq, ts));
        const plain = readPlainLine(line);
        if (plain === null) return;
        read += 1;
        expect(parseLine(line)).toMatchObject({ ...plain });
      }),
      { numRuns: 500 },
    );
    expect(read).toBeGreaterThan(20);
  });

  it('accepts no changed line that parseLine refuses', () => {
    const whole = lineOf(
      { kind: 'read', decision: 'allowed', reason: 'r', args: { a: 1, b: 'x', c: [1.5] }, argsLen: 7 },
      12,
      1_700_000_000_000_000,
    );
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 0, max: 127 }),
        fc.constantFrom(0, 1),
        (at, byte, removed) => {
          const line = Buffer.from(
            `${whole.slice(0, at)}${String.fromCharCode(byte)}${whole.slice(at + removed)}`,
          );
          const plain = readPlainLine(line);
          const parsed = parseLine(line);
          // What stands in the last member is for the hash to judge.
          if (plain !== null && at < whole.length - 66) expect(parsed).toMatchObject({ ...plain });
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('takes no null where a member must be left out, and no member of the arguments for one of the record', () => {
    const entry: LedgerEntry = { kind: 'read', decision: 'allowed', reason: 'r', args: { args_sha256: '' } };
    const line = lineOf(entry, 1, 1_772_150_400_000_000);
    expect(readPlainLine(Buffer.from(line))).not.toBeNull();
    for (const name of ['host', 'mode', 'dry_run', 'args_len', 'args_sha256', 'session_id', 'trace_id']) {
      const next = {
        host: 'kind',
        mode: 'origin_id',
        dry_run: 'error',
        session_id: 'target',
        trace_id: 'ts',
      };
      const before = `,"${(next as Record<string, string>)[name] ?? 'client_id'}":`;
      const changed = Buffer.from(line.replace(before, `,"${name}":null${before}`));
      expect(changed.length).toBeGreaterThan(line.length);
      expect(readPlainLine(changed)).toBeNull();
      expect(parseLine(changed)).toBe('not_canonical');
    }
    for (const args of [
      { args_len: 1 },
      { a: [{ args_len: 7 }], args_sha256: 'x' },
      7,
      'x',
      [],
      { client_id: '' },
    ]) {
      for (const own of [{}, { argsLen: 3 }, { argsSha256: 'y' }, { argsLen: 3, argsSha256: 'y' }]) {
        const whole = Buffer.from(lineOf({ ...entry, args, ...own }, 1, 1_772_150_400_000_000));
        expect(readPlainLine(whole)).not.toBeNull();
      }
    }
  });

  it('leaves years that an instant may not have to the parser', () => {
    const line = lineOf({ kind: 'read', decision: 'allowed', reason: 'r' }, 1, 1_772_150_400_000_000);
    for (const year of ['0000', '0023', '1683', '2256', '9999']) {
      expect(readPlainLine(Buffer.from(line.replace('"ts":"2026', `"ts":"${year}`)))).toBeNull();
    }
  });

  it('does not take a day that no month has', () => {
    const line = lineOf({ kind: 'read', decision: 'allowed', reason: 'r' }, 1, 1_772_150_400_000_000);
    expect(line).toContain('"ts":"2026-02-27');
    expect(readPlainLine(Buffer.from(line))).not.toBeNull();
    expect(readPlainLine(Buffer.from(line.replace('2026-02-27', '2026-02-30')))).toBeNull();
    expect(readPlainLine(Buffer.from(line.replace('2026-02-27', '2026-03-30')))).not.toBeNull();
  });

  it('takes linear time on lines made to be slow', () => {
    for (const piece of ['"', ',"args_len":', '{"a":', '0', 'a']) {
      const line = Buffer.from(
        `{"action_id":null,"approval_id":null,"approver":null,"args":${piece.repeat(200_000)}${' '.repeat(100)}`,
      );
      const from = performance.now();
      expect(readPlainLine(line)).toBeNull();
      expect(performance.now() - from).toBeLessThan(500);
    }
  });
});
