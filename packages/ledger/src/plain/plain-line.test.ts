import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntry } from '../encode-record.ts';
import { hashOfLine, parseLine, spliceEntryHash } from '../line.ts';
import type { LedgerEntry, StoredRecord } from '../record.ts';
import { endScanAt, type ScanBytes, scanBytes } from '../scan-bytes.ts';
import { nodeToHex } from '../tree/node-hash.ts';
import { PlainLine } from './plain-line.ts';

const HASH = 'a'.repeat(64);
const TS = 1_772_150_400_000_000;

interface Read {
  readonly next: number;
  readonly kind: string;
  readonly seq: number;
  readonly intent_seq: number | null;
  readonly prev_hash: string;
  readonly digest: string;
  readonly plain: PlainLine;
}

const ORIGIN = 'o-1';

function scanOf(text: string | Uint8Array): ScanBytes {
  const bytes = Buffer.from(text);
  const scan = scanBytes(bytes.length);
  bytes.copy(scan.bytes);
  endScanAt(scan, bytes.length);
  return scan;
}

function aPlainLine(): PlainLine {
  const plain = new PlainLine(HASH);
  plain.expect(HASH, ORIGIN);
  return plain;
}

/** Reads lines that stand one after another, as a log has them; null for each that is not read. */
function readLines(lines: readonly Buffer[], judge: (read: Read | null, line: Buffer) => void): void {
  const text = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  const scan = scanOf(text);
  const plain = aPlainLine();
  let start = 0;
  for (const line of lines) {
    const next = plain.read(scan, start, text.length);
    const { kind, seq, intent_seq, prev_hash } = plain;
    const digest = nodeToHex(plain.digest());
    judge(next === -1 ? null : { next: next - start, kind, seq, intent_seq, prev_hash, digest, plain }, line);
    start += line.length + 1;
  }
}

/** Whether the last of these lines is read. Every line that is must be one that `parseLine` reads alike. */
function isRead(...lines: (string | Uint8Array)[]): boolean {
  let last = false;
  readLines(
    lines.map((line) => Buffer.from(line)),
    (read, line) => {
      last = read !== null;
      if (read !== null) expectAlike(read, line);
    },
  );
  return last;
}

function expectAlike({ plain, next, ...read }: Read, line: Buffer): void {
  const parsed = parseLine(line) as StoredRecord;
  expect(parsed).toBeTypeOf('object');
  expect(next).toBe(line.length + 1);
  const { kind, seq, intent_seq, prev_hash } = parsed;
  expect(read).toEqual({
    kind,
    seq,
    intent_seq,
    prev_hash,
    digest: hashOfLine(line),
  });
  expect(parsed.origin_id).toBe(ORIGIN);
  expect(plain.hasReason('another reason')).toBe(parsed.reason === 'another reason');
  expect(plain.hasReason(parsed.reason)).toBe(true);
}

const text = fc.option(
  fc.oneof(
    { weight: 40, arbitrary: fc.string({ maxLength: 30 }) },
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom(
      'null',
      '","seq":7,"x":"',
      '\n\t\b\f\r"\\/',
      '\u0000',
      '\u007f',
      '\ud800',
      'é',
      '\u2028',
      '😀',
    ),
    fc.integer({ min: 120, max: 140 }).map((length) => 'x'.repeat(length)),
    fc.integer({ min: 1_020, max: 1_030 }).map((length) => 'é'.repeat(length)),
  ),
);
const NAMES = [
  'args_len',
  'args_sha256',
  'client_id',
  'seq',
  'prev_hash',
  'a',
  'b',
  '',
  'ab',
  'é',
  '\n',
  '10',
  '9',
  '__proto__',
];
const args = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(fc.integer(), fc.jsonValue(), text)),
  fc.constantFrom(
    -0,
    1e21,
    1.5,
    -7,
    999_999_999_999_999,
    1e15,
    9_007_199_254_740_991,
    [],
    {},
    [[{}]],
    'x',
    true,
  ),
);
const entries: fc.Arbitrary<LedgerEntry> = fc.record(
  {
    kind: fc.constantFrom('read', 'refusal', 'outcome', 'intent', 'control', 'session'),
    decision: fc.constantFrom('allowed', 'denied', 'error', 'session'),
    reason: fc.oneof(fc.string(), fc.constant('allowed')),
    tool: text,
    target: text,
    tier: fc.constantFrom('T0', 'T3', null),
    args,
    host: text,
    requestId: text,
    sessionId: text,
    principal: text,
    approver: text,
    actionId: text,
    error: fc.option(fc.record({ code: fc.string({ maxLength: 5 }), message: fc.string({ maxLength: 5 }) })),
    intentSeq: fc.option(fc.nat()),
    argsLen: fc.option(fc.maxSafeNat()),
    argsSha256: fc.option(fc.string({ maxLength: 5 })),
    outputLen: fc.option(fc.nat()),
    dryRun: fc.option(fc.boolean()),
  },
  { requiredKeys: ['kind', 'decision', 'reason'] },
);

function lineOf(entry: LedgerEntry, seq: number, ts: number = TS): string {
  return spliceEntryHash(encodeEntry(entry, { seq, ts, originId: ORIGIN, prevHash: HASH }), HASH);
}

const plainEntry: LedgerEntry = {
  kind: 'read',
  decision: 'allowed',
  reason: 'r',
  host: 'h',
  args: { a: 1, b: 'x', c: [true, null, { d: -3 }] },
  argsLen: 7,
};

describe('PlainLine', () => {
  it('reads what parseLine reads, or nothing, whatever stood before', () => {
    let read = 0;
    const time = fc.oneof(fc.integer({ min: 0, max: 4e15 }), fc.integer({ min: TS, max: TS + 1e8 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(entries, fc.nat(), time), { minLength: 1, maxLength: 6 }), (logged) => {
        const lines = logged.map(([entry, seq, ts]) => Buffer.from(lineOf(entry, seq, ts)));
        readLines(lines, (found, line) => {
          if (found === null) return;
          read += 1;
          expectAlike(found, line);
        });
      }),
      { numRuns: 800 },
    );
    expect(read).toBeGreaterThan(300);
  });

  it('reads every line of plain members', () => {
    const plainArgs = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,4}$/),
      fc.oneof(fc.stringMatching(/^[ -~é\n]*$/), fc.nat()),
    );
    fc.assert(
      fc.property(
        plainArgs,
        fc.nat(),
        fc.constantFrom('read', 'refusal', 'outcome', 'intent'),
        (given, seq, kind) => {
          const line = lineOf({ ...plainEntry, kind, args: given, intentSeq: seq }, seq);
          expect(isRead(line)).toBe(true);
          expect(isRead(lineOf(plainEntry, 3), line)).toBe(true);
        },
      ),
    );
    for (const kind of ['control', 'session', 'segment', 'recovery', 'interrupted'] as const)
      expect(isRead(lineOf({ ...plainEntry, kind }, 3))).toBe(false);
  });

  it('accepts no changed line that parseLine refuses, nor after the line it was made from', () => {
    const whole = lineOf({ ...plainEntry, args: { ...(plainEntry.args as object), d: 1.5, e: '\n' } }, 12);
    const other = lineOf(plainEntry, 11);
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"\\{}[],:0-.nt'))),
        fc.nat(3),
        fc.nat(2),
        (at, byte, removed, added) => {
          const bytes = Buffer.from(whole);
          const line = Buffer.concat([
            bytes.subarray(0, at),
            Buffer.alloc(added, byte),
            bytes.subarray(at + removed),
          ]);
          // What stands in the last member is for the hash to judge, and a newline would make two lines of it.
          if (line.includes(0x0a) || at + removed > whole.length - 66) return;
          isRead(line);
          isRead(whole, line);
          isRead(other, whole, line, whole);
        },
      ),
      { numRuns: 6_000 },
    );
  });

  it('accepts no member that is moved, repeated, dropped or taken from another place', () => {
    const members = lineOf({ ...plainEntry, error: { code: 'c', message: 'm' } }, 12)
      .slice(1, -1)
      .split(/,(?="[a-z0-9_]+":)/);
    const whole = `{${members.join(',')}}`;
    expect(isRead(whole)).toBe(true);
    for (let i = 0; i < members.length - 1; i += 1) {
      for (let j = 0; j < members.length - 1; j += 1) {
        const moved = members.toSpliced(i, 1).toSpliced(j, 0, members[i] ?? '');
        const repeated = members.toSpliced(j, 0, members[i] ?? '');
        for (const changed of [moved, repeated, members.toSpliced(i, 1)]) {
          const line = `{${changed.join(',')}}`;
          if (line === whole) continue;
          isRead(line);
          isRead(whole, line);
        }
      }
    }
  });

  it('takes nothing inside the arguments for a member of the record', () => {
    const inner = [
      { prev_hash: 'b'.repeat(64), seq: 99 },
      { kind: 'read', origin_id: 'other' },
      [{ args_len: 1, client_id: null }],
      ['","client_id":null,"decision":"allowed"'],
      { 'seq":1,"x': 1 },
      { entry_hash: HASH },
    ];
    for (const given of inner) {
      for (const own of [{}, { argsLen: 3 }, { argsSha256: 'y' }]) {
        const line = lineOf({ ...plainEntry, args: given, ...own }, 12);
        expect(isRead(line)).toBe(true);
        expect(isRead(lineOf(plainEntry, 11), line)).toBe(true);
      }
    }
  });

  it('takes no null where a member must be left out', () => {
    const line = lineOf({ kind: 'read', decision: 'allowed', reason: 'r' }, 1);
    const follows = { host: 'kind', mode: 'origin_id', dry_run: 'error', trace_id: 'ts' };
    for (const name of ['host', 'mode', 'dry_run', 'args_len', 'args_sha256', 'trace_id']) {
      const before = `,"${(follows as Record<string, string>)[name] ?? 'client_id'}":`;
      const changed = line.replace(before, `,"${name}":null${before}`);
      expect(changed.length).toBeGreaterThan(line.length);
      expect(isRead(changed)).toBe(false);
      expect(isRead(line, changed)).toBe(false);
      expect(parseLine(Buffer.from(changed))).toBe('not_canonical');
    }
  });

  it('does not take a year that no instant has, a day that no month has, or a time that no day has', () => {
    const line = lineOf(plainEntry, 1);
    expect(line).toContain('"ts":"2026-02-27T00:00:00.000000Z"');
    for (const year of ['0000', '0023', '1683', '2256', '9999'])
      expect(isRead(line.replace('"ts":"2026', `"ts":"${year}`))).toBe(false);
    const at = (ts: string): boolean => isRead(line.replace('2026-02-27T00:00:00.000000Z', ts));
    for (const good of [
      '2026-02-28T23:59:59.999999Z',
      '2024-02-29T00:00:00.000000Z',
      '2026-03-30T12:30:30.500000Z',
    ])
      expect(at(good)).toBe(true);
    for (const bad of [
      '2026-02-29',
      '2026-02-30',
      '2026-04-31',
      '2026-13-01',
      '2026-00-01',
      '2026-01-00',
      '2026-01-32',
    ])
      expect(at(`${bad}T00:00:00.000000Z`)).toBe(false);
    for (const bad of [
      '24:00:00.000000Z',
      '00:60:00.000000Z',
      '00:00:60.000000Z',
      '00:00:0/.000000Z',
      '00:00:00,000000Z',
    ])
      expect(at(`2026-02-27T${bad}`)).toBe(false);
    for (const bad of [
      '00:00:00.00000Z',
      '00:00:00.0000000Z',
      '00:00:00.000000z',
      '00:00:00.00000:Z',
      '00:00:00.000000Z ',
    ])
      expect(at(`2026-02-27T${bad}`)).toBe(false);
  });

  it('keeps the bounds of texts, counts and arguments', () => {
    const base = lineOf({ ...plainEntry, target: 'T', requestId: 'R', outputLen: 1 }, 1);
    const withTarget = (length: number): boolean =>
      isRead(base.replace('"target":"T"', `"target":"${'x'.repeat(length)}"`));
    const withRequest = (length: number): boolean =>
      isRead(base.replace('"request_id":"R"', `"request_id":"${'x'.repeat(length)}"`));
    const withLength = (count: string): boolean =>
      isRead(base.replace('"output_len":1', `"output_len":${count}`));
    expect([withTarget(1_024), withTarget(1_025), withRequest(128), withRequest(129)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(
      ['0', '999999999999999', '01', '1000000000000000', '-1', '1.0', '1e1', ''].map(withLength),
    ).toEqual([true, true, ...Array<boolean>(6).fill(false)]);
    const withArgs = (json: string): boolean =>
      isRead(base.replace(/"args":.*,"args_len"/, `"args":${json},"args_len"`));
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect([16, 17, 64, 65].map((depth) => withArgs(nested(depth)))).toEqual([true, true, true, false]);
    const zeros = (count: number): string => `[${Array(count).fill('0').join(',')}]`;
    expect([10_000, 19_999, 20_000].map((count) => withArgs(zeros(count)))).toEqual([true, true, false]);
    expect([32_000, 65_000, 65_535].map((length) => withArgs(`"${'x'.repeat(length)}"`))).toEqual([
      true,
      false,
      false,
    ]);
    expect([32_000, 65_000, 65_535].map((length) => withArgs(`["${'x'.repeat(length)}"]`))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('takes linear time on lines made to be slow', () => {
    const head = lineOf(plainEntry, 1).split('"args":')[0] ?? '';
    for (const piece of ['"', '\\"', '{"a":', '[', '0', 'a', '[0,', '"a",', '\\', 'é']) {
      for (const start of ['', '[', '"', '{"', '["']) {
        const line = Buffer.from(`${head}"args":${start}${piece.repeat(200_000)}${' '.repeat(100)}`);
        const from = performance.now();
        expect(isRead(line)).toBe(false);
        expect(performance.now() - from).toBeLessThan(500);
      }
    }
  });
});
