import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Hex, systemClock } from '@praxis/core';
import {
  evidenceEntry,
  fileWitnessStore,
  Ledger,
  originLine,
  type StampVerifier,
  verifierKey,
  type Voucher,
  Witness,
  witnessedNotesIn,
  witnessVoucher,
} from '../src/index.ts';
import { parseCheckpoint } from '../src/evidence/checkpoint.ts';
import { anEntry, SESSION } from './a-ledger.ts';

/** One state of everything that an auditor looks at. */
export interface World {
  readonly log: string;
  readonly evidence: string;
  readonly anchor: string;
  readonly witness: readonly string[];
}

/** A ledger as it is, and as an attacker would like it to have been. */
export interface Worlds {
  readonly truth: World;
  /** Cut off in the middle of the last session. */
  readonly truncation: World;
  /** As it was when an earlier session had ended. */
  readonly rollback: World;
  /** Grown differently from there, with the ledger's own key. */
  fork(reach: Reach): World;
  /** Another ledger of the same name, with a key of its own. */
  replacement(reach: Reach): World;
  readonly key: string;
  readonly witnessKey: string;
  readonly stampVerifiers: Readonly<Record<string, StampVerifier>>;
}

/** What, besides the machine, the attacker commands while making up a history. */
export interface Reach {
  readonly witness: boolean;
  readonly stamps: boolean;
}

const witnessPair = generateKeyPairSync('ed25519');
const stampPair = generateKeyPairSync('ed25519');
const WITNESS_KEY = verifierKey('witness', witnessPair.publicKey, 'cosignature');
const ORIGIN = 'attacked';

/** A time-stamping authority for tests: an Ed25519 signature over the time and the note. */
const stamper: Voucher = {
  name: 'stamps',
  vouch: (note) => {
    const time = new Date(systemClock.now() / 1_000).toISOString();
    const signature = sign(null, Buffer.from(`${time}\n${note}`), stampPair.privateKey).toString('base64');
    const token_base64 = Buffer.from(JSON.stringify({ time, signature })).toString('base64');
    return Promise.resolve(
      evidenceEntry('stamp', { note_sha256: sha256Hex(note), stamper: 'test', token_base64 }),
    );
  },
};

const checkStamp: StampVerifier = (token, note) => {
  const { time, signature } = JSON.parse(Buffer.from(token).toString()) as {
    time: string;
    signature: string;
  };
  const good = verify(
    null,
    Buffer.from(`${time}\n${note}`),
    stampPair.publicKey,
    Buffer.from(signature, 'base64'),
  );
  return good ? Promise.resolve({ time }) : Promise.reject(new Error('no good stamp'));
};

/** Where one version of the story is kept. */
interface Site {
  readonly path: string;
  readonly anchor: string;
  readonly witnessDir: string;
}

let sites = 0;

function aSite(base: string): Site {
  sites += 1;
  const directory = join(base, `site-${sites}`);
  return {
    path: join(directory, 'ledger', 'ledger.jsonl'),
    anchor: join(directory, 'anchor', 'anchor'),
    witnessDir: join(directory, 'witness'),
  };
}

function copyOf(site: Site): Site {
  const copy = aSite(join(siteRoot(site), '..'));
  for (const part of [join(site.path, '..'), join(site.anchor, '..'), site.witnessDir])
    if (existsSync(part)) cpSync(part, part.replace(siteRoot(site), siteRoot(copy)), { recursive: true });
  return copy;
}

function siteRoot(site: Site): string {
  return join(site.witnessDir, '..');
}

interface Story {
  readonly records: number;
  readonly text: string;
  readonly vouched: Reach;
}

/** One session: records, a checkpoint after each, vouched for by whoever can be reached. Answers the log's key. */
async function session(site: Site, logKeys: string[], story: Story): Promise<string> {
  const witness = new Witness({
    name: 'witness',
    privateKey: witnessPair.privateKey,
    logKeys,
    store: fileWitnessStore(site.witnessDir),
    clock: systemClock,
  });
  const post = (_url: string, body: string): Promise<{ status: number; text: string }> => {
    const { status, body: text } = witness.addCheckpoint(body);
    return Promise.resolve({ status, text });
  };
  const { path } = site;
  const vouchers = [
    ...(story.vouched.witness
      ? [witnessVoucher({ url: 'http://w', verifierKey: WITNESS_KEY, path, post })]
      : []),
    ...(story.vouched.stamps ? [stamper] : []),
  ];
  const ledger = await Ledger.open({
    path,
    clock: systemClock,
    originId: ORIGIN,
    session: SESSION,
    evidence: { anchorPath: site.anchor, vouchers },
  });
  logKeys.push(ledger.verifierKey ?? '');
  for (let i = 0; i < story.records; i += 1) {
    await ledger.append(anEntry({ args: { [story.text]: i } }));
    await ledger.checkpoint();
    await sleep(10);
  }
  await ledger.close();
  return ledger.verifierKey ?? '';
}

function worldAt({ path, anchor, witnessDir }: Site): World {
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  return {
    log: read(path),
    evidence: read(path.replace('.jsonl', '.evidence.jsonl')),
    anchor: read(anchor),
    witness: existsSync(witnessDir) ? witnessedNotesIn(witnessDir) : [],
  };
}

/** The truth without what came after its first `size` records, cut as cleanly as it can be. */
function cutTo(size: number, { log, evidence, anchor }: World): World {
  const sizeOf = (note: string): number => parseCheckpoint(note)?.checkpoint.size ?? -1;
  const noteIn = (line: string): string => (JSON.parse(line) as { args: { note?: string } }).args.note ?? '';
  const lines = evidence.split('\n').slice(0, -1);
  const beyond = lines.findIndex((line) => sizeOf(noteIn(line)) > size);
  const notes = lines
    .slice(0, beyond)
    .map(noteIn)
    .filter((note) => note !== '');
  const anchored = anchor
    .split('\n')
    .filter((line) => line !== '' && sizeOf(JSON.parse(line) as string) <= size);
  return {
    log: log
      .split('\n')
      .slice(0, size)
      .map((line) => `${line}\n`)
      .join(''),
    evidence: lines
      .slice(0, beyond)
      .map((line) => `${line}\n`)
      .join(''),
    anchor: anchored.map((line) => `${line}\n`).join(''),
    witness: notes.slice(-1),
  };
}

/** Makes them all, in a directory that the caller removes. */
export async function makeWorlds(base: string): Promise<Worlds> {
  const site = aSite(base);
  const logKeys: string[] = [];
  const all: Reach = { witness: true, stamps: true };
  const key = await session(site, logKeys, { records: 2, text: 'early', vouched: all });
  // The witness had not heard of the key when the first session opened; from here on it has cosigned everything.
  await session(site, logKeys, { records: 2, text: 'middle', vouched: all });
  const early = copyOf(site);
  await session(site, logKeys, { records: 4, text: 'late', vouched: all });
  const truth = worldAt(site);
  const earlySize = worldAt(early).log.split('\n').length - 1;

  const made = new Map<string, World>();
  for (const reach of REACHES) {
    const fork = copyOf(early);
    if (!reach.witness) copyWitness(site, fork);
    await session(fork, [...logKeys], {
      records: 9,
      text: 'forked',
      vouched: { ...all, stamps: reach.stamps },
    });
    made.set(nameOf('fork', reach), worldAt(fork));
    const other = aSite(base);
    if (!reach.witness) copyWitness(site, other);
    const keys = reach.witness ? [] : [...logKeys];
    for (const records of [1, 14])
      await session(other, keys, { records, text: 'other', vouched: { ...all, stamps: reach.stamps } });
    made.set(nameOf('replacement', reach), worldAt(other));
  }
  const pick = (what: string, reach: Reach): World => {
    const world = made.get(nameOf(what, reach));
    if (world === undefined) throw new Error(`no world ${nameOf(what, reach)}`);
    return world;
  };
  return {
    truth,
    truncation: cutTo(earlySize + 3, truth),
    rollback: worldAt(early),
    fork: (reach) => pick('fork', reach),
    replacement: (reach) => pick('replacement', reach),
    key,
    witnessKey: WITNESS_KEY,
    stampVerifiers: { test: checkStamp },
  };
}

const REACHES: readonly Reach[] = [true, false].flatMap((witness) =>
  [true, false].map((stamps) => ({ witness, stamps })),
);

function nameOf(what: string, { witness, stamps }: Reach): string {
  return `${what}-${witness}-${stamps}`;
}

function copyWitness(from: Site, to: Site): void {
  cpSync(from.witnessDir, to.witnessDir, { recursive: true });
}

/** Puts a world on the disk, at `directory`, as an auditor finds it. */
export function layOut(directory: string, world: World): { path: string; anchorPath: string } {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'ledger.jsonl');
  const anchorPath = join(directory, 'anchor');
  writeFileSync(path, world.log);
  writeFileSync(join(directory, 'ledger.evidence.jsonl'), world.evidence);
  writeFileSync(anchorPath, world.anchor);
  return { path, anchorPath };
}

/** What the auditor's witness says: nothing, when the witness knows no such ledger. */
export function notesOf(world: World): readonly string[] {
  return world.witness.filter((note) => note.startsWith(`${originLine(ORIGIN)}\n`));
}
