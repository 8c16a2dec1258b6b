import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type VerifyOptions, type VerifyReport, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, scratch } from './a-ledger.ts';

/** A ledger, its evidence and its anchor, as they were early and as they are late. */
interface Scene {
  readonly log: string;
  readonly evidence: string;
  readonly anchor: string;
  readonly early: string;
  readonly key: string;
}

async function aScene(): Promise<Scene> {
  const directory = scratch();
  const elsewhere = join(scratch(), 'anchor.jsonl');
  const log = join(directory, 'ledger.jsonl');
  const ledger = await aLedger({ path: log, evidence: { anchorPath: elsewhere, everyRecords: 1 } });
  for (let i = 0; i < 5; i += 1) await ledger.append(anEntry({ args: { i } }));
  await ledger.checkpoint();
  const early = scratch();
  for (const name of readdirSync(directory))
    if (name.endsWith('.jsonl')) copyFileSync(join(directory, name), join(early, name));
  for (let i = 5; i < 9; i += 1) await ledger.append(anEntry({ args: { i } }));
  await ledger.close();
  return {
    log,
    evidence: join(directory, 'ledger.evidence.jsonl'),
    anchor: elsewhere,
    early,
    key: ledger.verifierKey ?? '',
  };
}

/** Another ledger with another key, in the place of the first. */
async function replacement(scene: Scene): Promise<void> {
  const directory = join(scene.log, '..');
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  const forged = await aLedger({ path: scene.log });
  for (let i = 0; i < 12; i += 1) await forged.append(anEntry({ args: { forged: i } }));
  await forged.close();
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

function write(path: string, kept: readonly string[]): void {
  writeFileSync(path, kept.map((line) => `${line}\n`).join(''));
}

const withAnchor = (scene: Scene): VerifyOptions => ({ anchorPath: scene.anchor });
const withKey = (scene: Scene): VerifyOptions => ({ publicKeys: [scene.key] });

async function verdict(scene: Scene, options: VerifyOptions = {}): Promise<string> {
  const report: VerifyReport = await verifyLedger(scene.log, options);
  return report.ok ? 'ok' : (report.first_bad?.code ?? '?');
}

// One test per row of the table "which attacker each setting stops" in docs/reference/ledger-format.md.
describe('a ledger with evidence and an anchor', () => {
  it('is whole when nobody touched it, and every record is covered', async () => {
    const scene = await aScene();
    const options = { ...withAnchor(scene), ...withKey(scene) };
    const report = await verifyLedger(scene.log, options);
    expect(report).toMatchObject({
      ok: true,
      records: 11,
      unanchored_tail: 0,
      evidence: { present: true, covered: 11, anchored: 11 },
    });
  });

  it('shows a log cut at a record boundary, by its evidence', async () => {
    const scene = await aScene();
    write(scene.log, lines(scene.log).slice(0, -1));
    expect(await verdict(scene)).toBe('truncated');
    write(scene.log, lines(scene.log).slice(0, 3));
    expect(await verdict(scene)).toBe('truncated');
  });

  it('shows removed evidence, by the log', async () => {
    const scene = await aScene();
    rmSync(scene.evidence);
    expect(await verdict(scene)).toBe('evidence_missing');
  });

  it('shows cut evidence, by the log', async () => {
    const scene = await aScene();
    write(scene.evidence, lines(scene.evidence).slice(0, -1));
    expect(await verdict(scene)).toBe('evidence_truncated');
    writeFileSync(scene.evidence, '');
    expect(await verdict(scene)).toBe('evidence_truncated');
  });

  it('shows evidence cut below what it was when the session began, although the session did not end', async () => {
    const scene = await aScene();
    const again = await aLedger({ path: scene.log, evidence: { anchorPath: scene.anchor } });
    await again.append(anEntry());
    expect(await verdict(scene)).toBe('ok');
    write(scene.evidence, lines(scene.evidence).slice(0, 2));
    expect(await verdict(scene)).toBe('evidence_truncated');
  });

  it('shows log and evidence rolled back together, by the anchor', async () => {
    const scene = await aScene();
    cpSync(scene.early, join(scene.log, '..'), { recursive: true });
    expect(await verdict(scene)).toBe('ok');
    expect(await verdict(scene, withAnchor(scene))).toBe('truncated');
  });

  it('shows a record rewritten with the chain after it, by the evidence', async () => {
    const scene = await aScene();
    const other = await aLedger();
    for (let i = 0; i < 9; i += 1) await other.append(anEntry({ args: { i: i === 3 ? 'other' : i } }));
    await other.close();
    write(scene.log, lines(other.path));
    expect(await verdict(scene)).toBe('root_mismatch');
  });

  it('shows a ledger replaced as a whole, by the key or the anchor', async () => {
    const scene = await aScene();
    await replacement(scene);
    expect(await verdict(scene)).toBe('ok');
    expect(await verdict(scene, withKey(scene))).toBe('untrusted_key');
    // The anchor knows nothing of the ledger that stands there now.
    expect(await verdict(scene, withAnchor(scene))).toBe('anchor_missing');
  });

  it('shows a fork: another tail grown on the same beginning', async () => {
    const scene = await aScene();
    cpSync(scene.early, join(scene.log, '..'), { recursive: true });
    const fork = await aLedger({ path: scene.log });
    for (let i = 0; i < 12; i += 1) await fork.append(anEntry({ args: { fork: i } }));
    await fork.close();
    expect(await verdict(scene, withKey(scene))).toBe('ok');
    expect(await verdict(scene, withAnchor(scene))).toBe('anchor_mismatch');
  });

  it('shows a removed anchor, and one of another ledger', async () => {
    const scene = await aScene();
    const other = await aScene();
    expect(await verdict(scene, withAnchor(other))).toBe('anchor_missing');
    rmSync(scene.anchor);
    expect(await verdict(scene, withAnchor(scene))).toBe('anchor_missing');
    writeFileSync(scene.anchor, '');
    expect(await verdict(scene, withAnchor(scene))).toBe('anchor_missing');
  });

  it('shows a flipped byte anywhere in the evidence', async () => {
    const scene = await aScene();
    const whole = readFileSync(scene.evidence);
    for (let at = 0; at < whole.length; at += 7) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      writeFileSync(scene.evidence, flipped);
      expect({ at, verdict: await verdict(scene) }).not.toEqual({ at, verdict: 'ok' });
    }
  });

  it('shows evidence signed with another key', async () => {
    const scene = await aScene();
    const other = await aScene();
    copyFileSync(other.evidence, scene.evidence);
    expect(await verdict(scene)).not.toBe('ok');
    copyFileSync(other.log, scene.log);
    expect(await verdict(scene)).toBe('ok');
    expect(await verdict(scene, withKey(scene))).toBe('untrusted_key');
  });

  it('refuses to go on in a log that falls short of its evidence', async () => {
    const scene = await aScene();
    write(scene.log, lines(scene.log).slice(0, 3));
    await expect(aLedger({ path: scene.log })).rejects.toMatchObject({
      code: 'LEDGER_CORRUPT',
      fields: { reason: 'truncated' },
    });
    rmSync(scene.log);
    await expect(aLedger({ path: scene.log })).rejects.toMatchObject({
      code: 'LEDGER_CORRUPT',
      fields: { reason: 'truncated' },
    });
  });

  it('follows a key that was rotated, also from the key before', async () => {
    const scene = await aScene();
    const again = await aLedger({ path: scene.log, evidence: { anchorPath: scene.anchor } });
    const next = await again.rotateKey();
    await again.append(anEntry());
    await again.close();
    expect(next).not.toBe(scene.key);
    const report = await verifyLedger(scene.log, withKey(scene));
    expect(report).toMatchObject({
      ok: true,
      evidence: { keys: [{ endorsed: false }, { endorsed: true, verifier_key: next }] },
    });
    expect(await verdict(scene, { publicKeys: [next] })).toBe('ok');
  });

  it('does not follow a key that was merely replaced', async () => {
    const scene = await aScene();
    rmSync(scene.log.replace('.jsonl', '.key'));
    const again = await aLedger({ path: scene.log, evidence: { anchorPath: scene.anchor } });
    await again.close();
    expect(await verdict(scene, withKey(scene))).toBe('untrusted_key');
    expect(await verdict(scene)).toBe('ok');
  });

  it('keeps its key to its owner', async () => {
    const scene = await aScene();
    const key = scene.log.replace('.jsonl', '.key');
    expect(existsSync(key)).toBe(true);
    appendFileSync(key, '');
    expect(readFileSync(`${key}.pub`, 'utf8').trim()).toBe(scene.key);
  });
});
