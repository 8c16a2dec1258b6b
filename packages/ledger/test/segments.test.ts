import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@praxis/core';
import { describe, expect, it, vi } from 'vitest';
import { listSegments, type StoredRecord, verifyDirectory, verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, aPath, scratch } from './a-ledger.ts';

async function aLogOfThree(): Promise<{ path: string; segments: string[] }> {
  const ledger = await aLedger();
  for (let round = 0; round < 3; round += 1) {
    if (round > 0) await ledger.rotate();
    for (let i = 0; i < 4; i += 1) await ledger.append(anEntry({ args: { round, i } }));
  }
  await ledger.close();
  return { path: ledger.path, segments: listSegments(ledger.path).map((segment) => segment.path) };
}

function records(path: string): StoredRecord[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as StoredRecord);
}

describe('rotation', () => {
  it('goes on in a new segment whose header commits to all that came before', async () => {
    const { path, segments } = await aLogOfThree();
    expect(segments).toHaveLength(3);
    const [header] = records(segments[1] ?? '');
    expect(header).toMatchObject({
      kind: 'segment',
      seq: 5,
      args: { size: 5, last_hash: header?.prev_hash },
    });
    expect(await verifyLedger(path)).toMatchObject({
      ok: true,
      segments: 3,
      records: 16,
      unanchored_tail: 0,
    });
  });

  it('loses no record of callers that append meanwhile', async () => {
    const ledger = await aLedger();
    const appends: Promise<unknown>[] = [];
    for (let i = 0; i < 300; i += 1) {
      appends.push(ledger.append(anEntry({ args: { i } })));
      if (i % 100 === 50) appends.push(ledger.rotate());
      if (i % 10 === 0) await Promise.resolve();
    }
    await Promise.all(appends);
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true });
    const all = listSegments(ledger.path).flatMap((segment) => records(segment.path));
    expect(
      all.filter((record) => record.kind === 'read').map((record) => (record.args as { i: number }).i),
    ).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('happens by itself when a segment is large', async () => {
    const ledger = await aLedger({ segmentBytesMax: 5_000 });
    for (let i = 0; i < 40; i += 1) await ledger.append(anEntry());
    await ledger.close();
    expect(listSegments(ledger.path).length).toBeGreaterThan(3);
    expect(await verifyLedger(ledger.path)).toMatchObject({ ok: true, unanchored_tail: 0 });
  });

  it('happens by itself when a segment is old, counted from its first record, and not while it is empty', async () => {
    const path = aPath();
    const old = {
      now: () => systemClock.now() - 3_600_000_000,
      monotonicMs: () => systemClock.monotonicMs(),
    };
    await (await aLedger({ path, clock: old })).close();
    const ledger = await aLedger({ path, segmentAgeMsMax: 1_800_000 });
    await vi.waitFor(() => expect(listSegments(path)).toHaveLength(2), 5_000);
    await ledger.close();
    const quick = await aLedger({ segmentAgeMsMax: 40 });
    await quick.append(anEntry());
    await vi.waitFor(() => expect(listSegments(quick.path)).toHaveLength(2), 5_000);
    await sleep(150);
    expect(listSegments(quick.path)).toHaveLength(2);
    await quick.append(anEntry());
    await vi.waitFor(() => expect(listSegments(quick.path)).toHaveLength(3), 5_000);
    await quick.close();
    expect(await verifyLedger(quick.path)).toMatchObject({ ok: true, segments: 3, unanchored_tail: 0 });
  });

  it('carries open intents over, and closes them after a crash', async () => {
    const ledger = await aLedger();
    const { seq } = await ledger.append(anEntry({ kind: 'intent', target: 'web1' }));
    await ledger.rotate();
    await ledger.close();
    const next = await aLedger({ path: ledger.path });
    await next.close();
    expect(await verifyLedger(ledger.path)).toMatchObject({
      ok: true,
      interrupted: [{ seq, target: 'web1' }],
    });
    const last = listSegments(ledger.path).at(-1)?.path ?? '';
    expect(records(last).filter((record) => record.kind === 'interrupted')).toMatchObject([
      { intent_seq: seq, target: 'web1' },
    ]);
    expect(await verifyLedger(last)).toMatchObject({ ok: true });
  });

  it('goes on in the last segment after a restart, also when a crash left that one empty or torn', async () => {
    for (const left of ['', '{"args":{"edge":["0']) {
      const { path } = await aLogOfThree();
      const empty = path.replace('.jsonl', '.000000000000016.jsonl');
      writeFileSync(empty, left, { mode: 0o600 });
      const again = await aLedger({ path });
      await again.append(anEntry());
      await again.close();
      expect(await verifyLedger(path)).toMatchObject({ ok: true, segments: 4 });
      expect(readFileSync(empty, 'utf8')).toContain('"kind":"segment"');
    }
  });
});

describe('archived segments', () => {
  it('verify alone', async () => {
    const { segments } = await aLogOfThree();
    for (const segment of segments) expect(await verifyLedger(segment)).toMatchObject({ ok: true });
    expect(await verifyLedger(segments[1] ?? '')).toMatchObject({ records: 5, segments: 1 });
  });

  it('verify together when the oldest were moved away', async () => {
    const { path, segments } = await aLogOfThree();
    renameSync(segments[0] ?? '', aPath());
    expect(await verifyLedger(path, { archived: true })).toMatchObject({
      ok: true,
      segments: 2,
      records: 11,
    });
    expect(await verifyLedger(path)).toMatchObject({ ok: false, first_bad: { code: 'segment_missing' } });
  });

  it('do not hide that the end of the log was cut off, nor the end of its evidence', async () => {
    const { path, segments } = await aLogOfThree();
    renameSync(segments[0] ?? '', aPath());
    const code = async (): Promise<string | undefined> =>
      (await verifyLedger(path, { archived: true })).first_bad?.code;
    for (const [file, lines, expected] of [
      [segments[2] ?? '', 1, 'truncated'],
      [segments[2] ?? '', 3, 'truncated'],
      [path.replace('.jsonl', '.evidence.jsonl'), 1, 'evidence_truncated'],
    ] as const) {
      const bytes = readFileSync(file);
      const kept = bytes
        .toString()
        .split('\n')
        .slice(0, -1 - lines);
      writeFileSync(file, kept.map((line) => `${line}\n`).join(''));
      expect(await code()).toBe(expected);
      writeFileSync(file, bytes);
    }
    expect(await code()).toBeUndefined();
  });

  it('are not missed by the writer, which goes on in the last one', async () => {
    const { path, segments } = await aLogOfThree();
    renameSync(segments[0] ?? '', aPath());
    const again = await aLedger({ path });
    await again.append(anEntry());
    await again.close();
    expect(existsSync(path)).toBe(false);
    expect(await verifyLedger(path, { archived: true })).toMatchObject({
      ok: true,
      segments: 2,
      unanchored_tail: 0,
    });
  });

  it('may be all but the last: the writer goes on in that one', async () => {
    const { path, segments } = await aLogOfThree();
    for (const segment of segments.slice(0, -1)) renameSync(segment, aPath());
    const again = await aLedger({ path });
    await again.append(anEntry());
    await again.rotate();
    await again.append(anEntry());
    await again.close();
    expect(await verifyLedger(path, { archived: true })).toMatchObject({
      ok: true,
      segments: 2,
      unanchored_tail: 0,
    });
    renameSync(segments[2] ?? '', aPath());
    await (await aLedger({ path })).close();
    expect(await verifyLedger(path, { archived: true })).toMatchObject({ ok: true, segments: 1 });
  });

  it('do not verify when one in between is missing, or two are exchanged', async () => {
    const { path, segments } = await aLogOfThree();
    const [, second = '', third = ''] = segments;
    const bytes = readFileSync(second);
    rmSync(second);
    expect(await verifyLedger(path)).toMatchObject({
      ok: false,
      first_bad: { code: 'prev_hash_mismatch', path: third },
    });
    writeFileSync(second, readFileSync(third));
    writeFileSync(third, bytes);
    expect(await verifyLedger(path)).toMatchObject({ ok: false });
  });

  it('do not verify against the segments of another ledger', async () => {
    const one = await aLogOfThree();
    const other = await aLogOfThree();
    writeFileSync(one.segments[1] ?? '', readFileSync(other.segments[1] ?? ''));
    expect(await verifyLedger(one.path)).toMatchObject({ ok: false });
  });

  it('do not verify with a changed byte in any of them', async () => {
    const { path, segments } = await aLogOfThree();
    for (const segment of segments) {
      const bytes = readFileSync(segment);
      appendFileSync(segment, 'x');
      expect(await verifyLedger(path)).toMatchObject({
        ok: false,
        first_bad: { path: segment, offset: bytes.length },
      });
      writeFileSync(segment, bytes);
    }
    expect(await verifyLedger(path)).toMatchObject({ ok: true });
  });
});

describe('verifyDirectory', () => {
  it('verifies every ledger in a directory, each with its segments and evidence', async () => {
    const directory = scratch();
    for (const name of ['one', 'two']) {
      const ledger = await aLedger({ path: `${directory}/${name}.jsonl`, originId: name });
      await ledger.append(anEntry());
      if (name === 'two') await ledger.rotate();
      await ledger.close();
    }
    const result = await verifyDirectory(directory);
    expect(result.ok).toBe(true);
    expect(result.ledgers.map(({ path, report }) => [path, report.origin_id, report.segments])).toEqual([
      [`${directory}/one.jsonl`, 'one', 1],
      [`${directory}/two.jsonl`, 'two', 2],
    ]);
    appendFileSync(`${directory}/one.jsonl`, 'x');
    expect((await verifyDirectory(directory)).ok).toBe(false);
  });

  it('misses a ledger that the anchor speaks for, unless the anchor is shared with other places', async () => {
    const directory = scratch();
    const anchorPath = `${scratch()}/anchor`;
    for (const name of ['one', 'two']) {
      const path = `${directory}/${name}.jsonl`;
      const ledger = await aLedger({ path, originId: name, evidence: { anchorPath } });
      await ledger.append(anEntry());
      await ledger.close();
    }
    expect(await verifyDirectory(directory, { anchorPath })).toMatchObject({ ok: true, missing_origins: [] });
    for (const { path } of (await verifyDirectory(directory)).ledgers.filter((one) =>
      one.path.includes('two'),
    ))
      rmSync(path);
    rmSync(`${directory}/two.evidence.jsonl`, { force: true });
    expect(await verifyDirectory(directory)).toMatchObject({ ok: true, missing_origins: [] });
    expect(await verifyDirectory(directory, { anchorPath })).toMatchObject({
      ok: false,
      ledgers: [{ report: { ok: true } }],
      missing_origins: ['praxis/two'],
    });
    expect(await verifyDirectory(directory, { anchorPath, anchorShared: true })).toMatchObject({ ok: true });
    rmSync(`${directory}/one.jsonl`);
    expect(await verifyDirectory(directory, { anchorPath, anchorShared: true })).toMatchObject({ ok: false });
    expect(await verifyDirectory(scratch(), { anchorPath })).toMatchObject({
      ok: false,
      missing_origins: ['praxis/one', 'praxis/two'],
    });
  });

  it('is not satisfied by a directory without a ledger, nor by two ledgers of one origin', async () => {
    const directory = scratch();
    expect(await verifyDirectory(directory)).toMatchObject({ ok: false, ledgers: [] });
    for (const name of ['one', 'two'])
      await (await aLedger({ path: `${directory}/${name}.jsonl`, originId: 'same' })).close();
    expect(await verifyDirectory(directory)).toMatchObject({ ok: false, repeated_origins: ['same'] });
  });
});
