import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, scratch } from './a-ledger.ts';

/** A log whose second segment has its header only after what crashes left of two others. */
async function aLogWithATornHeader(): Promise<{ path: string; segment: string }> {
  const ledger = await aLedger({ evidence: false });
  await ledger.append(anEntry());
  await ledger.close();
  const { path } = ledger;
  const torn = path.replace('.jsonl', '.000000000000003.jsonl');
  writeFileSync(torn, '{"args":{"edge":["', { mode: 0o600 });
  const first = await aLedger({ path, evidence: false });
  await first.append(anEntry());
  await first.close();
  return { path, segment: torn };
}

describe('a segment whose header was torn', () => {
  it('verifies alone, from the header that came after, and together with the others', async () => {
    const { path, segment } = await aLogWithATornHeader();
    const lines = readFileSync(segment, 'utf8').split('\n');
    expect(lines[1]).toContain('"kind":"recovery"');
    expect(lines[2]).toContain('"kind":"segment"');
    expect(await verifyLedger(path)).toMatchObject({ ok: true, segments: 2 });
    expect(await verifyLedger(segment)).toMatchObject({
      ok: true,
      recovered: [{ offset: 0, length: 19, seq: 3 }],
      records: lines.length - 3,
    });
  });

  it('may be the oldest that is left: the writer goes on', async () => {
    const { path } = await aLogWithATornHeader();
    renameSync(path, `${scratch()}/archived`);
    const ledger = await aLedger({ path, evidence: false });
    await ledger.append(anEntry());
    await ledger.rotate();
    await ledger.append(anEntry());
    await ledger.close();
    expect(await verifyLedger(path, { archived: true })).toMatchObject({ ok: true, segments: 2 });
  });

  it('does not verify when what stands before the header is not what was committed to', async () => {
    const { segment } = await aLogWithATornHeader();
    const good = readFileSync(segment, 'utf8');
    const header = good.split('\n')[2] ?? '';
    const bad = [
      good.replace('"edge":["\n', '"edge":[" \n'),
      good.replace('"torn_tail"', '"torn_tai1"'),
      good.slice(good.indexOf('\n') + 1),
      good.slice(good.indexOf('{"args":{"code"')),
      good.replace(`${header}\n`, ''),
      good.replace(`${header}\n`, `${header}\n${header}\n`),
      `x\n${good}`,
      good.split('\n').slice(0, 2).join('\n'),
    ];
    for (const text of bad) {
      writeFileSync(segment, text);
      expect(await verifyLedger(segment)).toMatchObject({ ok: false });
    }
    const { path } = await aLedger({ evidence: false });
    const noise = path.replace('.jsonl', '.000000000000009.jsonl');
    for (const text of ['\n'.repeat(3_000), `${'x'.repeat(1_000_000)}\n`.repeat(6)]) {
      writeFileSync(noise, text);
      expect(await verifyLedger(noise)).toMatchObject({
        ok: false,
        first_bad: { code: 'bad_json', offset: 0 },
      });
    }
    appendFileSync(segment, 'x');
    truncateSync(segment, 5);
    expect(await verifyLedger(segment)).toMatchObject({ ok: false, first_bad: { code: 'torn_tail' } });
    rmSync(segment);
  });
});
