import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { aPath } from './a-ledger.ts';

/** The largest file the writer may make at first, in KiB; the system refuses a write beyond it as on a full disk. */
const FILE_KIB_MAX = 40;

/** Appends until the disk is full, waits to be told that it has room again, and appends once more. */
const WRITER = `import { once } from 'node:events';
import { systemClock } from '@praxis/core';
import { Ledger } from '@praxis/ledger';

const path = process.env.LEDGER;
const session = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:test',
};
const ledger = await Ledger.open({ path, clock: systemClock, session });
const append = async () => {
  try {
    const { seq, entryHash } = await ledger.append({
      kind: 'intent',
      decision: 'allowed',
      reason: 'allowed',
      tool: 'run_action',
    });
    return \`acknowledged \${seq} \${entryHash}\`;
  } catch (error) {
    return \`refused \${error.code}\`;
  }
};
const say = (text) => void process.stdout.write(\`\${text}\n\`);
let answer = await append();
for (; answer.startsWith('acknowledged'); answer = await append()) say(answer);
say(answer);
say(await append());
say('full');
await once(process.stdin, 'data');
say(await append());
await ledger.close();
process.exit(0);
`;

describe('a ledger on a disk that is full', () => {
  it('refuses, loses nothing it acknowledged, and resumes by itself when there is room', async () => {
    const path = aPath();
    const program = `ulimit -S -f ${FILE_KIB_MAX}; exec "$0" --conditions=praxis-source --input-type=module --eval "$1"`;
    const child = spawn('bash', ['-c', program, process.execPath, WRITER], {
      cwd: import.meta.dirname,
      env: { ...process.env, LEDGER: path },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line);
      if (line !== 'full') continue;
      execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited']);
      child.stdin.write('go on\n');
    }
    const full = said.indexOf('full');
    const acknowledged = said
      .filter((line) => line.startsWith('acknowledged'))
      .map((line) => line.split(' ')[2]);
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(said.slice(full - 2)).toEqual([
      'refused LEDGER_UNAVAILABLE',
      'refused LEDGER_UNAVAILABLE',
      'full',
      expect.stringMatching(/^acknowledged/),
    ]);
    const log = readFileSync(path, 'utf8');
    for (const hash of acknowledged) expect(log).toContain(`"entry_hash":"${hash}"`);
    expect(await verifyLedger(path)).toMatchObject({ ok: true, unanchored_tail: 0, recovered: [{}] });
  });
});
