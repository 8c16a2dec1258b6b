import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { aLedger, anEntry, scratch } from './a-ledger.ts';

/** Whether files here can be made append-only: it takes root, and a file system that knows the flag. */
function canChattr(): boolean {
  const probe = join(scratch(), 'probe');
  writeFileSync(probe, '');
  const done = spawnSync('chattr', ['+a', probe]);
  if (done.status === 0) execFileSync('chattr', ['-a', probe]);
  return done.status === 0;
}

describe('a ledger whose files may only grow (chattr +a)', () => {
  it('is opened, written, rotated, recovered and verified all the same', async ({ skip }) => {
    if (!canChattr()) return skip('needs root and a file system that knows chattr +a');
    const directory = scratch();
    const path = join(directory, 'ledger.jsonl');
    const anchorPath = join(directory, 'anchor');
    const evidence = { anchorPath };
    const files = (): string[] =>
      readdirSync(directory)
        .filter((name) => name.endsWith('.jsonl') || name === 'anchor')
        .map((name) => join(directory, name));
    const flag = (sign: '+a' | '-a'): void => void execFileSync('chattr', [sign, ...files()]);
    onTestFinished(() => flag('-a'));
    await (await aLedger({ path, evidence })).close();
    flag('+a');
    expect(() => truncateSync(path, 1)).toThrow();
    const ledger = await aLedger({ path, evidence });
    await ledger.append(anEntry());
    await ledger.rotate();
    flag('+a');
    await ledger.append(anEntry());
    await ledger.close();
    const last = files().find((file) => /\d{15}\.jsonl$/.test(file)) ?? '';
    execFileSync('sh', ['-c', `printf '{"args":nu' >> '${last}'`]);
    const again = await aLedger({ path, evidence });
    await again.append(anEntry());
    await again.close();
    expect(await verifyLedger(path, { anchorPath })).toMatchObject({
      ok: true,
      segments: 2,
      recovered: [{}],
      unanchored_tail: 0,
    });
    expect(readFileSync(last, 'utf8')).toContain('{"args":nu\n');
  });
});
