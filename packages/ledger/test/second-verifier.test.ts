import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endorse, loadOrCreateKey } from '../src/evidence/signing-key.ts';
import { type StoredRecord, verifyLedger, type VerifyReport } from '../src/index.ts';
import { KEYS_MAX, KeyRing } from '../src/verify/key-ring.ts';
import { layOut, makeWorlds, notesOf, type World, type Worlds } from './attack-worlds.ts';
import { aLedger, anEntry, scratch } from './a-ledger.ts';

const PROGRAM = join(import.meta.dirname, '../../../tools/verify_ledger.py');
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.1,
  1e21,
  1e-7,
  123456789012345680000,
  5e-324,
  1.7976931348623157e308,
  0.000001,
  1e20,
  -1.5e-9,
  100,
  2 ** 53,
];

interface Seconds {
  readonly ok: boolean;
  readonly records: number;
  readonly root: string;
  readonly unanchored_tail: number;
  readonly interrupted_count: number;
  readonly first_bad: { readonly offset: number; readonly seq: number; readonly code: string } | null;
}

interface Checks {
  readonly checked: readonly string[];
  readonly not_checked: readonly string[];
}

function second(log: string, extra: readonly string[] = []): Promise<Seconds & Checks> {
  return new Promise((resolve, reject) => {
    execFile('python3', [PROGRAM, log, '--json', ...extra], (_error, stdout, stderr) => {
      if (stderr !== '') reject(new Error(stderr));
      else resolve(JSON.parse(stdout) as Seconds & Checks);
    });
  });
}

function essence({
  ok,
  records,
  root,
  unanchored_tail,
  interrupted_count,
  first_bad: bad,
}: Seconds | VerifyReport): object {
  return {
    ok,
    records,
    root,
    unanchored_tail,
    interrupted_count,
    bad: bad === null ? null : { offset: bad.offset, seq: bad.seq, code: bad.code },
  };
}

async function aVariedLedger(): Promise<{ log: string; anchor: string; key: string }> {
  const log = join(scratch(), 'ledger.jsonl');
  const anchor = join(scratch(), 'anchor');
  const evidence = { anchorPath: anchor };
  const first = await aLedger({ path: log, evidence: false });
  await first.append(
    anEntry({ args: { numbers: NUMBERS, '\u{1f600}': 1, '\uffff': 2, a: 'é\u2028"\\\u0001\u007f', '': [] } }),
  );
  await first.append(anEntry({ kind: 'intent', target: 'web1' }));
  await first.close();
  truncateSync(log, statSync(log).size - 30);
  const ledger = await aLedger({ path: log, evidence });
  await ledger.append(
    anEntry({
      kind: 'refusal',
      decision: 'denied',
      error: { code: 'x', message: 'm'.repeat(3000) },
      durationUs: 5,
      dryRun: true,
    }),
  );
  await ledger.append(anEntry({ kind: 'intent', target: 'web2' }));
  await ledger.rotate();
  await ledger.rotateKey();
  await ledger.append(anEntry());
  await ledger.close();
  return { log, anchor, key: ledger.verifierKey ?? '' };
}

describe('the second verifier', () => {
  it('agrees on a whole ledger with everything in it', async () => {
    const { log, anchor, key } = await aVariedLedger();
    const mine = await verifyLedger(log, { publicKeys: [key], anchorPath: anchor });
    expect(mine).toMatchObject({ ok: true, recovered: [{}], segments: 2 });
    expect(essence(await second(log, ['--key', key, '--anchor', anchor]))).toEqual(essence(mine));
    const window = log.replace(
      '.jsonl',
      `.${
        readdirSync(join(log, '..'))
          .find((name) => /\d{15}/.test(name))
          ?.slice(7) ?? ''
      }`,
    );
    expect(essence(await second(window))).toEqual(essence(await verifyLedger(window)));
  });

  it('agrees on what is wrong, and where', async () => {
    const { log, anchor } = await aVariedLedger();
    const directory = join(log, '..');
    const names = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
    const work = scratch();
    cpSync(directory, work, { recursive: true });
    for (let i = 0; i < 12; i += 1) {
      const name = names[i % names.length] ?? '';
      const bytes = readFileSync(join(directory, name));
      const at = Math.floor(bytes.length * ((i * 0.618) % 1));
      const damaged = Buffer.from(bytes);
      if (i % 5 === 4) writeFileSync(join(work, name), bytes.subarray(0, at));
      else {
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (i % 8));
        writeFileSync(join(work, name), damaged);
      }
      const copy = join(work, 'ledger.jsonl');
      const [mine, theirs] = [
        await verifyLedger(copy, { anchorPath: anchor }),
        await second(copy, ['--anchor', anchor]),
      ];
      expect({ i, ...essence(theirs) }).toEqual({ i, ...essence(mine) });
      expect(mine.ok).toBe(false);
      writeFileSync(join(work, name), bytes);
    }
  });
});

describe('the second verifier, on what others vouch for', () => {
  let base: string;
  let worlds: Worlds;

  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'praxis-second-'));
    worlds = await makeWorlds(base);
  }, 60_000);
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  /** What both say of a ledger of which an attacker reached some parts. */
  async function both(forged: World, reached: readonly (keyof World)[]): Promise<[object, object, Checks]> {
    const { truth, key, witnessKey } = worlds;
    const pick = (part: keyof World): World => (reached.includes(part) ? forged : truth);
    const found = {
      log: pick('log').log,
      evidence: pick('evidence').evidence,
      anchor: pick('anchor').anchor,
      witness: [],
    };
    const { path, anchorPath } = layOut(join(base, 'audited'), found);
    const witnessedNotes = notesOf(pick('witness'));
    const witnessed = join(base, 'witnessed');
    writeFileSync(witnessed, witnessedNotes.map((note) => `${JSON.stringify(note)}\n`).join(''));
    const options = { publicKeys: [key], witnessKeys: [witnessKey], anchorPath, witnessedNotes };
    const keys = ['--key', key, '--witness-key', witnessKey];
    const theirs = await second(path, [...keys, '--anchor', anchorPath, '--witnessed', witnessed]);
    return [essence(await verifyLedger(path, options)), essence(theirs), theirs];
  }

  it('checks cosignatures, and says how many', async () => {
    const [mine, theirs, { checked, not_checked }] = await both(worlds.truth, []);
    expect(theirs).toEqual(mine);
    expect(mine).toMatchObject({ ok: true });
    expect(checked).toEqual([expect.stringMatching(/^(\d+) of \1 cosignatures/)]);
    expect(not_checked).toEqual([expect.stringContaining('stamps')]);
  });

  it('agrees on every kind of attack', async () => {
    const reach = { witness: true, stamps: true };
    const forgeries = [
      worlds.truncation,
      worlds.rollback,
      worlds.fork(reach),
      worlds.replacement(reach),
    ] as const;
    const reached = [
      ['log', 'evidence'],
      ['anchor'],
      ['witness'],
      ['log', 'evidence', 'anchor', 'witness'],
    ] as const;
    for (const [attack, forged] of forgeries.entries()) {
      for (const parts of reached) {
        const [mine, theirs] = await both(forged, parts);
        expect({ attack, parts, ...theirs }).toEqual({ attack, parts, ...mine });
      }
    }
  }, 30_000);

  it('finds a cosignature that was exchanged', async () => {
    const { truth, witnessKey } = worlds;
    const { path } = layOut(join(base, 'exchanged'), truth);
    const evidence = path.replace('.jsonl', '.evidence.jsonl');
    const signature = /\u2014 witness ([A-Za-z0-9+/]+=*)/.exec(readFileSync(evidence, 'utf8'))?.[1] ?? '';
    const bytes = Buffer.from(signature, 'base64');
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    // As whoever has the machine would: the evidence is written anew, with a chain and signatures that hold.
    expect(signature).not.toBe('');
    const forged = truth.evidence.replace(signature, bytes.toString('base64'));
    writeFileSync(evidence, forged);
    const [mine, theirs] = [
      await verifyLedger(path, { witnessKeys: [witnessKey] }),
      await second(path, ['--witness-key', witnessKey]),
    ];
    expect(mine.ok).toBe(false);
    expect(essence(theirs)).toEqual(essence(mine));
  });

  it('names what it did not check', async () => {
    const { path } = layOut(join(base, 'unchecked'), worlds.truth);
    const { ok, checked, not_checked } = await second(path);
    expect(ok).toBe(true);
    expect(checked).toEqual([]);
    const about = ['cosignatures', 'stamps', 'the key', 'rolled back'];
    expect(not_checked).toEqual(about.map((word) => expect.stringContaining(word)));
  });
});

describe('the second verifier, on archived segments', () => {
  it('agrees on a log without its oldest one, whole and cut', async () => {
    const { log, key, anchor } = await aVariedLedger();
    rmSync(log);
    const last = join(
      log,
      '..',
      readdirSync(join(log, '..')).find((name) => /\d{15}\.jsonl/.test(name)) ?? '',
    );
    const extra = ['--key', key, '--anchor', anchor, '--archived'];
    const options = { publicKeys: [key], anchorPath: anchor, archived: true };
    expect(essence(await second(log, extra))).toEqual(essence(await verifyLedger(log, options)));
    const lines = readFileSync(last, 'utf8').split('\n');
    writeFileSync(last, `${lines.slice(0, -2).join('\n')}\n`);
    const mine = await verifyLedger(log, options);
    expect(mine.first_bad?.code).toBe('truncated');
    expect(essence(await second(log, extra))).toEqual(essence(mine));
  });
});

describe('the second verifier, on a log that names many keys', () => {
  const FORGETS = `import json, sys
sys.path.insert(0, sys.argv[1])
import verify_ledger
given = json.load(sys.stdin)
keys = verify_ledger.Keys(given["pinned"])
for record in given["records"]:
    keys.record(record)
followed = [key for key in keys.named if key in keys.trusted]
json.dump({"named": keys.named, "followed": followed, "names": keys.names_what_counts}, sys.stdout)`;

  function secondRing(given: { pinned: readonly string[]; records: readonly unknown[] }): unknown {
    const run = spawnSync('python3', ['-c', FORGETS, dirname(PROGRAM)], { input: JSON.stringify(given) });
    expect(run.stderr.toString()).toBe('');
    return JSON.parse(run.stdout.toString()) as unknown;
  }

  it.each([KEYS_MAX - 2, KEYS_MAX - 1, KEYS_MAX])('forgets the same ones, with %i after two', (others) => {
    const [own, next] = [loadOrCreateKey(join(scratch(), 'own.key'), 'praxis/a'), 'praxis/a+next'];
    const header = (key: string): object => ({
      kind: 'session',
      seq: 0,
      args: { evidence: { verifier_key: key } },
    });
    const args = { verifier_key: next, endorsement: endorse(own, next) };
    const records = [
      header(own.verifierKey),
      { kind: 'control', reason: 'evidence_key_rotated', seq: 1, args },
      ...Array.from({ length: others }, (_, n) => header(`praxis/a+${n}`)),
      header(next),
    ];
    const pinned = [own.verifierKey];
    const ring = new KeyRing(pinned);
    for (const record of records) ring.record(record as unknown as StoredRecord);
    expect(secondRing({ pinned, records })).toEqual({
      named: ring.changes.map((change) => change.verifier_key),
      followed: ring.followed,
      names: ring.namesWhatCounts,
    });
    expect(ring.followed.includes(next)).toBe(others < KEYS_MAX);
  });
});
