import { canonicalJson, formatInstant, INSTANT_MAX, INSTANT_MIN, sha256Hex, systemClock } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeEntry,
  encodeStored,
  ID_CHARS_MAX,
  layOutLine,
  RECORD_BYTES_MAX,
  TEXT_CHARS_MAX,
} from './encode-record.ts';
import { spliceEntryHash } from './line.ts';
import {
  type LedgerEntry,
  RECORD_DECISIONS,
  RECORD_KINDS,
  type StoredMembers,
  type StoredRecord,
  withNulls,
} from './record.ts';
import { MARKS_PER_LINE, sealedHash, sealLines } from './seal-lines.ts';

const HASH = 'a'.repeat(64);
const text = fc.option(fc.string({ unit: 'binary', maxLength: 200 }));
const length = fc.option(fc.nat());
const entries: fc.Arbitrary<LedgerEntry> = fc.record(
  {
    kind: fc.constantFrom(...RECORD_KINDS),
    decision: fc.constantFrom(...RECORD_DECISIONS),
    reason: fc.string({ unit: 'binary' }),
    tool: text,
    target: text,
    tier: fc.constantFrom('T0', 'T1', 'T2', 'T3', null),
    args: fc.anything({ stringUnit: 'binary' }),
    argsSha256: text,
    argsLen: length,
    rawArgs: fc.string({ unit: 'binary' }),
    outputSha256: text,
    outputLen: length,
    error: fc.option(
      fc.record({ code: fc.string(), message: fc.string({ unit: 'binary', maxLength: 3000 }) }),
    ),
    requestId: text,
    clientId: text,
    traceId: text,
    sessionId: text,
    decisionId: text,
    actionId: text,
    principal: text,
    mode: text,
    patternsVersion: text,
    policyVersion: text,
    host: text,
    hostType: text,
    approvalId: text,
    approver: text,
    durationUs: length,
    intentSeq: length,
    dryRun: fc.option(fc.boolean()),
  },
  { requiredKeys: ['kind', 'decision', 'reason'] },
);
const BARE: LedgerEntry = { kind: 'read', decision: 'allowed', reason: 'r' };
const FRAME = { seq: 7, ts: 1_700_000_000_123_456, originId: 'o', prevHash: '0'.repeat(64) };

describe('encodeEntry', () => {
  it('gives byte for byte what the general canonical encoder gives', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (entry, seq) => {
        const encoded = encodeEntry(entry, { ...FRAME, seq });
        const record = JSON.parse(encoded) as StoredRecord;
        expect(canonicalJson(record)).toBe(encoded);
        expect(encodeStored(record)).toBe(encoded);
      }),
    );
  });

  it('leaves out a member only when it is one of those that may be, and null', () => {
    const bare = Object.keys(JSON.parse(encodeEntry(BARE, FRAME)) as object);
    expect(bare).toEqual([
      'args',
      'client_id',
      'decision',
      'error',
      'kind',
      'origin_id',
      'output_len',
      'output_sha256',
      'patterns_version',
      'prev_hash',
      'principal',
      'reason',
      'request_id',
      'seq',
      'target',
      'tier',
      'tool',
      'ts',
      'v',
    ]);
    fc.assert(
      fc.property(entries, (entry) => {
        const members = JSON.parse(encodeEntry(entry, FRAME)) as StoredMembers;
        const all = withNulls(members);
        expect(Object.keys(all)).toHaveLength(34);
        for (const [name, value] of Object.entries(members))
          if (!bare.includes(name)) expect(value).not.toBeNull();
        expect(encodeStored(all)).toBe(encodeEntry(entry, FRAME));
      }),
    );
  });

  it('writes the instant as it is written everywhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: INSTANT_MIN, max: INSTANT_MAX }), fc.nat(3_000_000), (base, step) => {
        for (const ts of [base, Math.min(base + step, INSTANT_MAX)]) {
          const record = JSON.parse(
            encodeEntry({ kind: 'read', decision: 'allowed', reason: 'r' }, { ...FRAME, ts }),
          ) as StoredRecord;
          expect(record.ts).toBe(formatInstant(ts));
        }
      }),
    );
  });

  it('lays out what makes a line of it, wherever it stands and whatever is in it', () => {
    const lines = {
      bytes: Buffer.alloc(2 * RECORD_BYTES_MAX, '?'),
      marks: new Int32Array(2 * MARKS_PER_LINE),
    };
    fc.assert(
      fc.property(entries, fc.nat(999), fc.nat(50), fc.nat(1e9), (entry, micros, start, seq) => {
        const frame = { ...FRAME, ts: micros, seq };
        layOutLine(lines, MARKS_PER_LINE, start, entry, frame);
        const digest = sealLines(lines, 1, 2, HASH);
        const canonical = encodeEntry(entry, { ...frame, prevHash: HASH });
        expect(digest).toBe(sha256Hex(canonical));
        const [from, , to] = lines.marks.subarray(MARKS_PER_LINE);
        expect(lines.bytes.toString('utf8', from, to)).toBe(`${spliceEntryHash(canonical, digest)}\n`);
        expect(sealedHash(lines, 1)).toBe(digest);
      }),
    );
  });

  it('finds the place of `prev_hash`, whoever has written one elsewhere', () => {
    const lies = [',"prev_hash":"', `,"prev_hash":"${'0'.repeat(64)}","principal":null`, '\\"prev_hash":"'];
    for (const lie of lies) {
      const texts = { tool: lie, target: lie, principal: lie, reason: lie, requestId: lie, mode: lie };
      for (const args of [
        lie,
        { prev_hash: HASH, principal: null },
        { [lie]: lie, prev_hash: { prev_hash: lie } },
      ]) {
        const encoded = encodeEntry({ ...BARE, ...texts, args }, { ...FRAME, prevHash: HASH });
        expect(canonicalJson(JSON.parse(encoded))).toBe(encoded);
        expect(JSON.parse(encoded)).toMatchObject({ prev_hash: HASH, principal: lie, target: lie });
      }
    }
  });

  it('has room for the largest record there can be', () => {
    const text = '\u0001'.repeat(5_000);
    const names = ['tool', 'target', 'host', 'hostType', 'principal', 'approver', 'actionId', 'approvalId'];
    const more = [
      'argsSha256',
      'clientId',
      'decisionId',
      'mode',
      'outputSha256',
      'patternsVersion',
      'traceId',
    ];
    const texts = Object.fromEntries(
      [...names, ...more, 'policyVersion', 'requestId'].map((name) => [name, text]),
    );
    const many = Array.from({ length: 19_990 }, () => new Uint8Array(0));
    const wide = Array.from({ length: 20 }, () => '\u2028'.repeat(3_000));
    for (const args of [many, wide, { a: many, b: '\u2028'.repeat(60_000) }]) {
      const entry = { ...BARE, ...texts, reason: text, args, error: { code: text, message: text } };
      const encoded = encodeEntry(entry, FRAME);
      expect(Buffer.byteLength(encoded)).toBeLessThan(RECORD_BYTES_MAX);
      expect(canonicalJson(JSON.parse(encoded))).toBe(encoded);
    }
  });

  it('writes what the general encoder writes, whoever has taught objects to encode themselves', () => {
    const entry: LedgerEntry = { ...BARE, args: { a: 'x' }, error: { code: 'c', message: 'm' } };
    const before = encodeEntry(entry, FRAME);
    Reflect.defineProperty(Object.prototype, 'toJSON', { value: () => 'no', configurable: true });
    try {
      expect(encodeEntry({ ...entry, args: null }, FRAME)).toBe(encodeEntry({ ...entry, args: null }, FRAME));
      expect(encodeEntry(entry, FRAME)).toContain('"error":{"code":"c","message":"m"}');
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON');
    }
    expect(encodeEntry(entry, FRAME)).toBe(before);
  });

  it('reads arguments once, so that a getter cannot say two things', () => {
    let reads = 0;
    const args = {
      get a(): unknown {
        reads += 1;
        return reads === 1 ? 'plain' : { z: 1, a: '\ud800' };
      },
    };
    const encoded = encodeEntry({ ...BARE, args }, FRAME);
    expect(canonicalJson(JSON.parse(encoded))).toBe(encoded);
    expect(reads).toBe(1);
  });

  it('trims identifiers and texts to their bounds', () => {
    const encoded = encodeEntry(
      {
        kind: 'read',
        decision: 'allowed',
        reason: 'r',
        clientId: 'c'.repeat(ID_CHARS_MAX + 1),
        requestId: 'r'.repeat(ID_CHARS_MAX),
        target: 't'.repeat(TEXT_CHARS_MAX + 1),
      },
      FRAME,
    );
    const record = JSON.parse(encoded) as StoredRecord;
    expect(record.client_id).toBe('c'.repeat(128));
    expect(record.request_id).toBe('r'.repeat(128));
    expect(record.target).toHaveLength(TEXT_CHARS_MAX);
  });

  it('counts and digests raw arguments without storing them', () => {
    const entry: LedgerEntry = { kind: 'read', decision: 'allowed', reason: 'r', rawArgs: 'geheim é' };
    const record = JSON.parse(encodeEntry(entry, FRAME)) as StoredRecord;
    expect(record.args_len).toBe(9);
    expect(record.args_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(record)).not.toContain('geheim');
  });
});

describe('encodeStored', () => {
  it('does not give back a record with another member, type or spelling', () => {
    const line = encodeEntry(
      { kind: 'read', decision: 'allowed', reason: 'r' },
      { ...FRAME, ts: systemClock.now() },
    );
    const record = JSON.parse(line) as StoredRecord;
    for (const change of [
      { extra: 1 },
      { seq: '7' },
      { seq: -1 },
      { dry_run: 0 },
      { kind: 'other' },
      { action_id: null },
      { host: null },
      { client_id: undefined },
      { error: [] },
    ]) {
      const changed = { ...record, ...change };
      expect(encodeStored(changed as unknown as StoredRecord)).not.toBe(canonicalJson(changed));
    }
    expect(INSTANT_MAX).toBeGreaterThan(record.seq);
  });
});
