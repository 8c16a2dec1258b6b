import { readFileSync, writeFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { sha256Hex } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { type LedgerEntry, type VerifyReport, verifyLedger } from '../src/index.ts';
import { encodeEntry } from '../src/encode-record.ts';
import { spliceEntryHash } from '../src/line.ts';
import { GENESIS_HASH } from '../src/record.ts';
import { leafHash, nodeToHex } from '../src/tree/node-hash.ts';
import { MerkleTree } from '../src/tree/tree.ts';
import { aPath } from './a-ledger.ts';

const TS = 1_772_150_400_000_000;
const ENTRY: LedgerEntry = {
  kind: 'read',
  decision: 'allowed',
  reason: 'allowed',
  tool: 'query_facts',
  target: 'host:web1',
  host: 'web1',
  args: { seq: 1, text: 'x', z: { kind: 'read' } },
  argsLen: 12,
  requestId: '7',
};

/** A chain of bodies, each sealed as a writer who knows the format would; `change` is what it does to a body. */
function chainOf(
  entries: readonly LedgerEntry[],
  change: (body: string, seq: number) => string = (body) => body,
): { text: string; starts: number[]; root: string } {
  let prevHash = GENESIS_HASH;
  const lines: string[] = [];
  const starts: number[] = [];
  let at = 0;
  const tree = new MerkleTree();
  for (const [seq, entry] of entries.entries()) {
    const body = change(encodeEntry(entry, { seq, ts: TS + seq, originId: 'o', prevHash }), seq);
    prevHash = sha256Hex(body);
    const line = `${spliceEntryHash(body, prevHash)}\n`;
    lines.push(line);
    starts.push(at);
    at += Buffer.byteLength(line);
    tree.append(leafHash(prevHash));
  }
  return { text: lines.join(''), starts, root: nodeToHex(tree.root()) };
}

async function verifyText(text: string | Uint8Array): Promise<VerifyReport> {
  const path = aPath();
  writeFileSync(path, text);
  return verifyLedger(path);
}

const reads = (count: number): LedgerEntry[] => Array.from({ length: count }, () => ENTRY);

describe('verifying records that need no parsing', () => {
  it('finds every one of them, and the root over all', async () => {
    const kinds = ['read', 'refusal', 'intent', 'outcome'] as const;
    const entries = Array.from({ length: 9_000 }, (_, i): LedgerEntry => {
      const kind = kinds[i % 4] ?? 'read';
      const args = i % 7 === 0 ? { text: `é "${i}"\n`, share: i / 3 } : { i };
      return { ...ENTRY, kind, args, ...(kind === 'outcome' ? { intentSeq: i - 1 } : {}) };
    });
    const { text, root } = chainOf(entries);
    expect(await verifyText(text)).toMatchObject({ ok: true, records: 9_000, root, interrupted_count: 0 });
  });

  it('lists the intents among them that have no outcome, as they were recorded', async () => {
    const intent: LedgerEntry = {
      ...ENTRY,
      kind: 'intent',
      actionId: 'a-é"',
      tier: 'T2',
      principal: 'agent:x',
    };
    const closed: LedgerEntry = { ...ENTRY, kind: 'outcome', intentSeq: 1 };
    const long: LedgerEntry = { ...intent, args: { text: 'x'.repeat(5_000) } };
    const { text } = chainOf([ENTRY, intent, intent, closed, long, { ...ENTRY, intentSeq: 4 }]);
    const { interrupted, ok } = await verifyText(text);
    expect(ok).toBe(true);
    expect(interrupted).toMatchObject([
      {
        seq: 2,
        action_id: 'a-é"',
        tier: 'T2',
        principal: 'agent:x',
        host: 'web1',
        session_id: null,
        closed_by: null,
      },
      { seq: 4, action_id: 'a-é"' },
    ]);
  });

  it('finds lines among them that hash well and are not canonical, or no record', async () => {
    const changes: Readonly<Record<string, readonly ((body: string) => string)[]>> = {
      not_canonical: [
        (body) => body.replace('"seq":3,', '"seq":3.0,'),
        (body) => body.replace('"seq":3,', '"seq": 3,'),
        (body) => body.replace('"seq":3,', '"seq":3,"seq":3,'),
        (body) => body.replace('"tool":"query', '"tool":"\\u0071uery'),
        (body) => body.replace('"tool":"query', '"tool":"\\/uery'),
        (body) => body.replace('"tool":"query_facts","ts"', '"ts":"x","tool"'),
        (body) => body.replace('"tool":"query_facts",', '"tool":"query_facts","tool2":1,'),
        (body) => body.replace('"host":"web1",', '"host":null,'),
        (body) => body.replace('"error":null,', '"dry_run":null,"error":null,'),
        (body) => body.replace('"client_id":null,', ''),
        (body) => body.replace(/"ts":"[^"]*"/, '"ts":"2026-02-30T00:00:00.000000Z"'),
        (body) => body.replace('"args":{"seq":1,"text":"x"', '"args":{"text":"x","seq":1'),
        (body) => body.replace('"args":{"seq":1,', '"args":{"seq":1,"seq":1,'),
        (body) => body.replace('"args":{"seq":1,', '"args":{"seq":01e0,').replace('01e0', '1e0'),
        (body) => body.replace('"text":"x"', '"text":"\\u0078"'),
        (body) => body.replace('"text":"x"', `"text":"${'x'.repeat(70_000)}"`),
        (body) => body.replace('"target":"host:web1"', `"target":"${'x'.repeat(1_025)}"`),
        (body) => body.replace('"decision":"allowed"', '"decision":"maybe"'),
      ],
      bad_json: [
        (body) => body.replace('"args":{"seq":1,', '"args":{"seq":01,'),
        (body) => body.replace('"text":"x"', '"text":"\t"'),
        (body) => body.replace('"text":"x"', '"text":"\\x"'),
        (body) => body.replace('"args":{', '"args":{{'),
        (body) => body.replace('}},"args_len"', '}]},"args_len"'),
      ],
      unknown_version: [(body) => body.replace('"v":1', '"v":2')],
      seq_gap: [(body) => body.replace('"seq":3,', '"seq":4,')],
      prev_hash_mismatch: [
        (body) => body.replace(/"prev_hash":"[0-9a-f]{64}"/, `"prev_hash":"${'0'.repeat(64)}"`),
      ],
      origin_mismatch: [(body) => body.replace('"origin_id":"o"', '"origin_id":"p"')],
    };
    for (const [code, list] of Object.entries(changes)) {
      for (const change of list) {
        const { text, starts } = chainOf(reads(6), (body, seq) => {
          const changed = seq === 3 ? change(body) : body;
          expect(changed === body).toBe(seq !== 3);
          return changed;
        });
        const { ok, first_bad, records, detail } = await verifyText(text);
        expect({ code, ok, records, first_bad }).toMatchObject({
          ok: false,
          records: 3,
          first_bad: { code, seq: 3, offset: starts[3] },
        });
        expect(detail).toMatch(/^expected /);
      }
    }
  });

  it('finds every changed byte of a record that is as the one before, at the record', async () => {
    const { text, starts } = chainOf(reads(3));
    const whole = Buffer.from(text);
    for (let at = starts[1] ?? 0; at < (starts[2] ?? 0); at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const { ok, first_bad } = await verifyText(bytes);
      expect({ at, ok, offset: first_bad?.offset }).toEqual({ at, ok: false, offset: starts[1] });
    }
  });

  it('finds a record that claims another digest than its own, in upper case, or twice', async () => {
    const { text, starts } = chainOf(reads(3));
    const lines = text.split('\n');
    const hash = /"entry_hash":"([0-9a-f]{64})"/.exec(lines[1] ?? '')?.[1] ?? '';
    const replaced = (by: string): string =>
      text.replaceAll(`"entry_hash":"${hash}"`, `"entry_hash":"${by}"`);
    expect(await verifyText(replaced(hash.toUpperCase()))).toMatchObject({
      first_bad: { code: 'entry_hash_mismatch', offset: starts[1] },
    });
    expect(await verifyText([lines[0], lines[1], lines[1], lines[2], ''].join('\n'))).toMatchObject({
      first_bad: { code: 'prev_hash_mismatch', offset: starts[2] },
    });
  });

  it('takes the same memory for many records as for few', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const path = aPath();
    writeFileSync(path, chainOf(reads(60_000)).text);
    const held: number[] = [];
    let pieces = 0;
    const report = await verifyLedger(path, {
      onProgress: () => {
        pieces += 1;
        // Collecting takes longer than verifying a piece.
        if (pieces % 4 !== 0) return;
        collect();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        held.push(heapUsed + arrayBuffers);
      },
    });
    expect(report).toMatchObject({ ok: true, records: 60_000 });
    expect(held.length).toBeGreaterThan(5);
    // After the first pieces, when everything is in place. A hundred bytes a record would be five million.
    expect(Math.max(...held.slice(2)) - (held[1] ?? 0)).toBeLessThan(1_000_000);
    expect(readFileSync(path).length).toBeGreaterThan(20_000_000);
  });
});
