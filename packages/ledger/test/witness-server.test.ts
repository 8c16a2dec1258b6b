import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  askWitness,
  fileWitnessStore,
  originLine,
  serveWitness,
  verifierKey,
  Witness,
  WITNESS_BODY_BYTES_MAX,
  type WitnessStore,
} from '../src/index.ts';
import { cosignatureTime, verifyCosignature } from '../src/evidence/cosignature.ts';
import { parseVerifierKey, signNote } from '../src/evidence/note.ts';
import { checkpointText } from '../src/evidence/checkpoint.ts';
import { nodeFromHex } from '../src/tree/node-hash.ts';
import { MerkleTree } from '../src/tree/tree.ts';
import { scratch } from './a-ledger.ts';

const NAME = 'witness.example/w1';
const ORIGIN = originLine('a-log');

/** A log that is nothing but a tree and a key: it signs whatever it is asked to. */
const logPair = generateKeyPairSync('ed25519');
const LOG_KEY = verifierKey(ORIGIN, logPair.publicKey);

function treeOf(leaves: readonly string[]): MerkleTree {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.append(nodeFromHex(leaf.padStart(64, '0')));
  return tree;
}

function noteOf(tree: MerkleTree): string {
  const text = checkpointText({ origin: ORIGIN, size: tree.size, root: tree.root(), extensions: [] });
  return signNote(text, ORIGIN, logPair.privateKey);
}

interface Serving {
  readonly url: string;
  readonly key: string;
  readonly said: string[];
  readonly directory: string;
}

async function aServer(over: { store?: WitnessStore; directory?: string } = {}): Promise<Serving> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const directory = over.directory ?? scratch();
  const store = over.store ?? fileWitnessStore(directory);
  const witness = new Witness({ name: NAME, privateKey, logKeys: [LOG_KEY], store, clock: systemClock });
  const said: string[] = [];
  const running = await serveWitness(witness, { host: '127.0.0.1', port: 0, log: (line) => said.push(line) });
  onTestFinished(() => running.close());
  return { url: running.url, key: verifierKey(NAME, publicKey, 'cosignature'), said, directory };
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  };
}

describe('a witness that is served', () => {
  it('cosigns what it is shown, so that the cosignature verifies', async () => {
    const { url, key } = await aServer();
    const note = noteOf(treeOf(['a', 'b']));
    const { status, text } = await post(url, `old 0\n\n${note}`);
    const witness = parseVerifierKey(key);
    if (witness === null) throw new Error('no key');
    expect(status).toBe(200);
    expect(verifyCosignature(note.slice(0, note.indexOf('\n\n') + 1), text, witness)).toBe('valid');
    expect(await post(`${url}/behind/a/prefix`, `old 2\n\n${note}`)).toMatchObject({ status: 200 });
  });

  it('answers what is no request with 400, an unknown log with 404, a bad signature with 403', async () => {
    const { url } = await aServer();
    const note = noteOf(treeOf(['a']));
    for (const body of [
      '',
      'old 0\n',
      `old 00\n\n${note}`,
      `old -1\n\n${note}`,
      `old 0\n\n${note.trimEnd()}`,
      `old 0\nAAAA\n\n${note}`,
      `old 0\n${'A'.repeat(43)}=\n`.repeat(2),
      `old 0\n${`${'A'.repeat(43)}=\n`.repeat(64)}\n${note}`,
      `old 2\n\n${note}`,
      Buffer.from([0xff, 0x0a, 0x0a]),
    ]) {
      expect((await post(url, body)).status).toBe(400);
    }
    expect((await post(url, `old 0\n\n${note.replaceAll(ORIGIN, 'other')}`)).status).toBe(404);
    expect((await post(url, `old 0\n\n${note.replace('\n1\n', '\n2\n')}`)).status).toBe(403);
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const forged = signNote(note.slice(0, note.indexOf('\n\n') + 1), ORIGIN, stranger);
    expect((await post(url, `old 0\n\n${forged}`)).status).toBe(403);
  });

  it('tells the size that it saw last with 409, and cosigns no rollback, fork or replay of an old size', async () => {
    const { url, said } = await aServer();
    const four = treeOf(['a', 'b', 'c', 'd']);
    expect((await post(url, `old 0\n\n${noteOf(four)}`)).status).toBe(200);
    const two = noteOf(treeOf(['a', 'b']));
    const told = { status: 409, type: 'text/x.tlog.size', text: '4\n' };
    expect(await post(url, `old 0\n\n${two}`)).toEqual(told);
    expect(await post(url, `old 2\n\n${two}`)).toEqual(told);
    expect((await post(url, `old 4\n\n${two}`)).status).toBe(400);
    expect(said).toEqual([]);
    expect(await post(url, `old 4\n\n${noteOf(treeOf(['a', 'b', 'c', 'e']))}`)).toEqual(told);
    const forked = noteOf(treeOf(['a', 'b', 'c', 'e', 'f']));
    expect((await post(url, `old 4\n${'A'.repeat(43)}=\n\n${forked}`)).status).toBe(422);
    expect((await post(url, `old 4\n\n${forked}`)).status).toBe(422);
    expect(said).toHaveLength(3);
    expect(said[0]).toContain('inconsistent');
  });

  it('keeps what it saw over a restart, and cosigns nothing when it cannot read it any more', async () => {
    const { url, directory } = await aServer();
    expect((await post(url, `old 0\n\n${noteOf(treeOf(['a', 'b']))}`)).status).toBe(200);
    const again = await aServer({ directory });
    expect(await post(again.url, `old 0\n\n${noteOf(treeOf(['e']))}`)).toMatchObject({ status: 409 });
    writeFileSync(join(directory, readdirSync(directory)[0] ?? ''), '{"size":0');
    expect(await post(again.url, `old 0\n\n${noteOf(treeOf(['e']))}`)).toMatchObject({ status: 500 });
    expect(again.said[0]).toContain('LEDGER_CORRUPT');
  });

  it('cosigns nothing that it could not remember', async () => {
    const store: WitnessStore = {
      get: () => null,
      put: () => {
        throw new Error('no space left');
      },
    };
    const { url } = await aServer({ store });
    expect(await post(url, `old 0\n\n${noteOf(treeOf(['a']))}`)).toMatchObject({ status: 500 });
  });

  it('cosigns one of several different futures that are shown at the same time', async () => {
    const { url } = await aServer();
    const base = treeOf(['a']);
    await post(url, `old 0\n\n${noteOf(base)}`);
    const proof = (leaf: string): string =>
      `${Buffer.from(leaf.padStart(64, '0'), 'hex').toString('base64')}\n`;
    const futures = Array.from({ length: 24 }, (_, i) => (i + 16).toString(16));
    const answers = await Promise.all(
      futures.map((leaf) => post(url, `old 1\n${proof(leaf)}\n${noteOf(treeOf(['a', leaf]))}`)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(futures.length - 1);
  });

  it('reads bodies up to its bound, and no further', async () => {
    const { url } = await aServer();
    expect((await post(url, 'x'.repeat(WITNESS_BODY_BYTES_MAX))).status).toBe(400);
    expect((await post(url, 'x'.repeat(WITNESS_BODY_BYTES_MAX + 1))).status).toBe(413);
    const chunked = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 40; i += 1) controller.enqueue(new Uint8Array(8_192));
        controller.close();
      },
    });
    const init = { method: 'POST', body: chunked, duplex: 'half' } as RequestInit;
    const status = await fetch(`${url}/add-checkpoint`, init).then(
      (response) => response.status,
      () => 413,
    );
    expect(status).toBe(413);
  });

  it('answers other methods and places, and closes while a client holds a connection open', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const store = fileWitnessStore(scratch());
    const witness = new Witness({ name: NAME, privateKey, logKeys: [LOG_KEY], store, clock: systemClock });
    const running = await serveWitness(witness, { host: '127.0.0.1', port: 0 });
    expect((await fetch(`${running.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${running.url}/`)).status).toBe(404);
    expect((await fetch(`${running.url}/latest/%ff`)).status).toBe(404);
    expect((await fetch(`${running.url}/latest/x`, { method: 'POST' })).status).toBe(405);
    const idle = connect(Number(new URL(running.url).port), '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    idle.on('error', () => undefined);
    await running.close();
    idle.destroy();
  });

  it('does not wait for a request that never ends', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const store = fileWitnessStore(scratch());
    const witness = new Witness({ name: NAME, privateKey, logKeys: [LOG_KEY], store, clock: systemClock });
    const running = await serveWitness(witness, { host: '127.0.0.1', port: 0, requestMs: 100 });
    onTestFinished(() => running.close());
    const slow = connect(Number(new URL(running.url).port), '127.0.0.1');
    let answer = '';
    slow.on('data', (chunk) => (answer += chunk.toString()));
    slow.write('POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 100\r\n\r\nold 0');
    await new Promise((resolve) => slow.once('close', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('says that it cannot listen where another listens', async () => {
    const { url } = await aServer();
    const { privateKey } = generateKeyPairSync('ed25519');
    const store = fileWitnessStore(scratch());
    const witness = new Witness({ name: NAME, privateKey, logKeys: [], store, clock: systemClock });
    const taken = serveWitness(witness, { host: '127.0.0.1', port: Number(new URL(url).port) });
    await expect(taken).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });
});

describe('asking a witness', () => {
  it('gets the latest checkpoint with a cosignature of now, and believes nobody else', async () => {
    const { url, key } = await aServer();
    expect(await askWitness(url, 'a-log', [key])).toBeNull();
    const note = noteOf(treeOf(['a', 'b']));
    await post(url, `old 0\n\n${note}`);
    const told = (await askWitness(url, 'a-log', [key])) ?? '';
    expect(told.startsWith(note)).toBe(true);
    const witness = parseVerifierKey(key);
    const seconds =
      witness === null
        ? null
        : cosignatureTime(note.slice(0, note.indexOf('\n\n') + 1), told.slice(note.length), witness);
    expect(Math.abs((seconds ?? 0) - systemClock.now() / 1_000_000)).toBeLessThan(60);
    const other = verifierKey(NAME, generateKeyPairSync('ed25519').publicKey, 'cosignature');
    await expect(askWitness(url, 'a-log', [other])).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
    await expect(askWitness('http://127.0.0.1:9', 'a-log', [key])).rejects.toMatchObject({
      code: 'LEDGER_UNREADABLE',
    });
  });

  it('is not told an old answer as a new one', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const old = { now: () => systemClock.now() - 3_600_000_000, monotonicMs: () => 0 };
    const store = fileWitnessStore(scratch());
    const witness = new Witness({ name: NAME, privateKey, logKeys: [LOG_KEY], store, clock: old });
    const running = await serveWitness(witness, { host: '127.0.0.1', port: 0 });
    onTestFinished(() => running.close());
    await post(running.url, `old 0\n\n${noteOf(treeOf(['a']))}`);
    const key = verifierKey(NAME, publicKey, 'cosignature');
    await expect(askWitness(running.url, 'a-log', [key])).rejects.toMatchObject({
      code: 'LEDGER_UNREADABLE',
    });
  });
});
