import { readFileSync, writeFileSync } from 'node:fs';
import { sha256Hex } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LedgerEntry, type VerifyReport, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, aPath } from './a-ledger.ts';

async function aLog(entries: readonly Partial<LedgerEntry>[]): Promise<Buffer> {
  const ledger = await aLedger({ evidence: false });
  for (const entry of entries) await ledger.append(anEntry(entry));
  await ledger.close();
  return readFileSync(ledger.path);
}

function lineStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) starts.push(at + 1);
  return starts;
}

async function verifyBytes(bytes: Uint8Array | string): Promise<VerifyReport> {
  const path = aPath();
  writeFileSync(path, bytes);
  return verifyLedger(path);
}

/** Rebuilds a line's `entry_hash`, as an attacker without a checkpoint to fear could. */
function resealed(body: string): string {
  return `${body.slice(0, -1)},"entry_hash":"${sha256Hex(body)}"}`;
}

describe('verifyLedger', () => {
  it('fails at the record that holds a flipped byte, wherever the byte is', async () => {
    const whole = await aLog([
      { args: { text: 'é\u2028"\\', n: 1.5 } },
      {},
      { kind: 'refusal', decision: 'denied' },
    ]);
    const starts = lineStarts(whole);
    const path = aPath();
    for (let at = 0; at < whole.length; at += 1) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const { ok, first_bad } = await verifyLedger(path);
      const expected = starts.findLast((start) => start <= at);
      expect({ ok, at, offset: first_bad?.offset }).toEqual({ ok: false, at, offset: expected });
    }
  });

  it('fails on any mutation of its lines', async () => {
    const whole = await aLog(Array.from({ length: 12 }, (_, i) => ({ args: { i } })));
    const lines = whole.toString('utf8').split('\n').slice(0, -1);
    const path = aPath();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(lines.length - 2),
        fc.nat(lines.length - 1),
        fc.constantFrom('drop', 'swap', 'repeat'),
        async (a, b, what) => {
          fc.pre(what !== 'swap' || a !== b);
          const mutated = [...lines];
          if (what === 'drop') mutated.splice(a, 1);
          if (what === 'repeat') mutated.splice(b, 0, lines[a] ?? '');
          if (what === 'swap') [mutated[a], mutated[b]] = [mutated[b] ?? '', mutated[a] ?? ''];
          writeFileSync(path, `${mutated.join('\n')}\n`);
          expect((await verifyLedger(path)).ok).toBe(false);
        },
      ),
    );
  });

  it('fails on lines that hash well and are not canonical', async () => {
    const [line = ''] = (await aLog([])).toString('utf8').split('\n');
    const body = `${line.slice(0, line.lastIndexOf(',"entry_hash"'))}}`;
    expect(await verifyBytes(`${resealed(body)}\n`)).toMatchObject({ ok: true });
    const spellings = [
      body.replace('"seq":0', '"seq":0.0'),
      body.replace('"seq":0', '"seq": 0'),
      body.replace('"seq":0', '"seq":0,"seq":0'),
      body.replace('"tool":"praxis"', '"tool":"pr\\u0061xis"'),
      body.replace(/("tier":"T0"),("tool":"praxis")/, '$2,$1'),
      body.replace('"tool":"praxis"', '"tool":"praxis","tool2":1'),
      body.replace('"client_id":null,', ''),
      body.replace('"kind":', '"host":null,"kind":'),
      body.replace('{"args":', '{"action_id":null,"args":'),
      body.replace(',"error":', ',"dry_run":null,"error":'),
      body.replace(',"error":', ',"dry_run":"no","error":'),
      body.replace(',"error":', ',"duration_us":-1,"error":'),
      body.replace(/"ts":"[^"]*"/, '"ts":"yesterday"'),
    ];
    for (const spelling of spellings) {
      expect(spelling).not.toBe(body);
      expect(await verifyBytes(`${resealed(spelling)}\n`)).toMatchObject({
        first_bad: { offset: 0, seq: 0, code: 'not_canonical' },
      });
    }
    expect(await verifyBytes(`${resealed(body.replace('"v":1', '"v":2'))}\n`)).toMatchObject({
      first_bad: { code: 'unknown_version' },
    });
  });

  it('names what is wrong', async () => {
    const whole = await aLog([{}, {}, {}]);
    const lines = whole.toString('utf8').split('\n').slice(0, -1);
    const log = (...kept: string[]): string => kept.map((line) => `${line}\n`).join('');
    const [one = '', two = '', three = ''] = lines;
    expect(await verifyBytes(log(one, three))).toMatchObject({
      first_bad: { offset: one.length + 1, seq: 1, code: 'prev_hash_mismatch' },
    });
    expect(await verifyBytes(log(one, '{"no'))).toMatchObject({ first_bad: { code: 'bad_json' } });
    expect(await verifyBytes(Buffer.from([0xff, 0x0a]))).toMatchObject({ first_bad: { code: 'bad_json' } });
    expect(await verifyBytes(log(one) + two.slice(0, 100))).toMatchObject({
      first_bad: { code: 'torn_tail' },
    });
    expect(await verifyBytes(`${' '.repeat(3_000_000)}\n${log(one)}`)).toMatchObject({
      first_bad: { offset: 0, code: 'line_too_long' },
    });
    expect(await verifyBytes(log(one, two.replace('query', 'Query')))).toMatchObject({
      first_bad: { code: 'entry_hash_mismatch' },
    });
    expect(await verifyLedger('/no/such/ledger')).toMatchObject({
      ok: false,
      first_bad: { code: 'unreadable' },
    });
  });

  it('says of an empty log that nothing is wrong with it', async () => {
    expect(await verifyBytes('')).toMatchObject({ ok: true, records: 0, first_bad: null });
  });

  it('counts the records that no checkpoint covers', async () => {
    const whole = await aLog([{}, {}]);
    expect((await verifyBytes(whole)).unanchored_tail).toBe(4);
  });
});

describe('verifying a ledger that is being written', () => {
  it('finds nothing wrong with it', async () => {
    const anchorPath = aPath();
    const ledger = await aLedger({
      evidence: { everyRecords: 1, anchorPath },
      durability: 'os',
      segmentBytesMax: 400_000,
    });
    const stop = new AbortController();
    const writer = async (): Promise<void> => {
      for (let i = 0; !stop.signal.aborted; i += 1) {
        await ledger.append(anEntry({ args: { i } }));
        if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const writers = [writer(), writer(), writer(), writer()];
    for (let i = 0; i < 15; i += 1) {
      const { ok, first_bad, detail } = await verifyLedger(ledger.path, { anchorPath });
      expect({ i, ok, first_bad, detail }).toMatchObject({ ok: true });
    }
    stop.abort();
    await Promise.all(writers);
  });
});
