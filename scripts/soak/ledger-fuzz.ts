// Damages ledgers in every way an editor of files could and expects each damage to show. The auditor has
// the public key and the anchor; everything else is fair game. `--full` makes 100,000 mutations.
import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import {
  fileWitnessStore,
  Ledger,
  listSegments,
  verifierKey,
  verifyLedger,
  Witness,
  witnessVoucher,
} from '@praxis/ledger';

const MUTATIONS = process.argv.includes('--full') ? 100_000 : 6_000;
const seedArgument = process.argv.find((argument) => argument.startsWith('--seed='));
const SEED = seedArgument === undefined ? 20_261_121 : Number(seedArgument.slice('--seed='.length));

/** A small generator with a seed, so that a failure can be had again (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const random = generator(SEED);
const scratch = mkdtempSync(join(tmpdir(), 'praxis-fuzz-'));

interface Made {
  readonly directory: string;
  readonly anchor: string;
  readonly key: string;
  readonly witnessKey: string;
}

async function make(name: string): Promise<Made> {
  const directory = join(scratch, name);
  const anchor = join(scratch, `${name}.anchor`);
  const session = {
    version: '0.1.0',
    buildDigest: 'b'.repeat(64),
    mode: 'guarded',
    configDigest: 'c'.repeat(64),
    auditRetentionDays: 365,
    evidenceRetentionDays: 365,
    operator: 'operator:fuzz',
  };
  const path = join(directory, 'ledger.jsonl');
  // The witness learns the ledger's key from the first session; only then can it vouch.
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const logKeys: string[] = [];
  const store = fileWitnessStore(join(scratch, `${name}.witness`));
  const witness = new Witness({ name: 'witness', privateKey, logKeys, store, clock: systemClock });
  const witnessKey = verifierKey('witness', publicKey, 'cosignature');
  const post = (_url: string, body: string): Promise<{ status: number; text: string }> => {
    const answer = witness.addCheckpoint(body);
    return Promise.resolve({ status: answer.status, text: answer.body });
  };
  const vouchers = [witnessVoucher({ url: 'http://witness', verifierKey: witnessKey, path, post })];
  const open = async (): Promise<Ledger> => {
    const opened = await Ledger.open({
      path,
      clock: systemClock,
      session,
      evidence: { anchorPath: anchor, vouchers },
    });
    logKeys.push(opened.verifierKey ?? '');
    return opened;
  };
  let ledger = await open();
  for (let i = 0; i < 12; i += 1) {
    if (i === 4) await ledger.rotate();
    if (i === 6) await ledger.rotateKey();
    if (i === 8) {
      await ledger.close();
      // What a crash in the middle of a write leaves.
      appendFileSync(listSegments(path).at(-1)?.path ?? path, '{"action_id":"a1","approval_id":"b2","appr');
      ledger = await open();
    }
    const intent = await ledger.append({
      kind: 'intent',
      decision: 'allowed',
      reason: 'allowed',
      tool: 'run_action',
      args: { i, text: 'é\u2028' },
    });
    if (i !== 7)
      await ledger.append({ kind: 'outcome', decision: 'allowed', reason: 'allowed', intentSeq: intent.seq });
    await ledger.checkpoint();
  }
  await ledger.close();
  return { directory, anchor, key: ledger.verifierKey ?? '', witnessKey };
}

type Mutation = (bytes: Buffer, other: Buffer) => Buffer;

function lines(bytes: Buffer): string[] {
  return bytes.toString('latin1').split('\n').slice(0, -1);
}

function joined(kept: readonly string[]): Buffer {
  return Buffer.from(kept.map((line) => `${line}\n`).join(''), 'latin1');
}

const MUTATIONS_OF_BYTES: Readonly<Record<string, Mutation>> = {
  flip: (bytes) => {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  },
  overwrite: (bytes) => {
    bytes[random(bytes.length)] = random(256);
    return bytes;
  },
  insert: (bytes) => {
    const at = random(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(random(256)), bytes.subarray(at)]);
  },
  remove: (bytes) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(40))]);
  },
  truncate: (bytes) => bytes.subarray(0, random(bytes.length)),
  dropLine: (bytes) => joined(lines(bytes).toSpliced(random(lines(bytes).length), 1)),
  dropTail: (bytes) => joined(lines(bytes).slice(0, random(lines(bytes).length))),
  repeatLine: (bytes) => {
    const all = lines(bytes);
    return joined(all.toSpliced(random(all.length + 1), 0, all[random(all.length)] ?? ''));
  },
  swapLines: (bytes) => {
    const all = lines(bytes);
    const [a, b] = [random(all.length), random(all.length)];
    [all[a], all[b]] = [all[b] ?? '', all[a] ?? ''];
    return joined(all);
  },
  foreignLine: (bytes, other) => {
    const all = lines(bytes);
    const foreign = lines(other);
    return joined(all.with(random(all.length), foreign[random(foreign.length)] ?? ''));
  },
  replace: (_bytes, other) => other,
  empty: () => Buffer.alloc(0),
};

async function run(): Promise<number> {
  const one = await make('one');
  const two = await make('two');
  const work = join(scratch, 'work');
  const files = readdirSync(one.directory).filter((name) => name.endsWith('.jsonl'));
  const names = Object.keys(MUTATIONS_OF_BYTES);
  const log = join(work, 'ledger.jsonl');
  const options = { publicKeys: [one.key], witnessKeys: [one.witnessKey], anchorPath: one.anchor };
  cpSync(one.directory, work, { recursive: true });
  const untouched = await verifyLedger(log, options);
  const complete =
    untouched.ok && untouched.recovered.length === 1 && (untouched.evidence.witnessed ?? 0) > 0;
  if (!complete) throw new Error(`the untouched ledger is not as it should be: ${JSON.stringify(untouched)}`);
  let accepted = 0;
  let same = 0;
  for (let i = 0; i - same < MUTATIONS; i += 1) {
    const file = files[random(files.length)] ?? '';
    const name = names[random(names.length)] ?? '';
    const donor =
      random(2) === 0 ? join(two.directory, file) : join(one.directory, files[random(files.length)] ?? '');
    const original = readFileSync(join(one.directory, file));
    const other = existsSync(donor) ? readFileSync(donor) : readFileSync(join(two.directory, 'ledger.jsonl'));
    const removed = random(400) === 0;
    const mutated = MUTATIONS_OF_BYTES[name]?.(Buffer.from(original), other) ?? original;
    if (!removed && mutated.equals(original)) {
      same += 1;
      continue;
    }
    if (removed) rmSync(join(work, file));
    else writeFileSync(join(work, file), mutated);
    if ((await verifyLedger(log, options)).ok) {
      accepted += 1;
      console.error(`ACCEPTED: mutation ${i} (${removed ? 'remove file' : name} of ${file}), seed ${SEED}`);
      cpSync(work, join(scratch, `accepted-${i}`), { recursive: true });
    }
    writeFileSync(join(work, file), original);
  }
  console.log(`${MUTATIONS} mutations, ${accepted} accepted (${same} changed nothing and were passed over)`);
  return accepted;
}

const accepted = await run();
if (accepted === 0) rmSync(scratch, { recursive: true });
process.exitCode = accepted === 0 ? 0 : 1;
