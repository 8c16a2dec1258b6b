import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, truncateSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyLedger, type VerifyReport } from '../src/index.ts';
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

function second(log: string, extra: readonly string[] = []): Promise<Seconds> {
  return new Promise((resolve, reject) => {
    execFile('python3', [PROGRAM, log, '--json', ...extra], (_error, stdout, stderr) => {
      if (stderr !== '') reject(new Error(stderr));
      else resolve(JSON.parse(stdout) as Seconds);
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
