import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../src/index.ts';
import { aPath } from './a-ledger.ts';

/** The largest file the writer may make at first, in KiB; the system refuses a write beyond it as on a full disk. */
const FILE_KIB_MAX = 40;

describe('a ledger on a disk that is full', () => {
  it('refuses, loses nothing it acknowledged, and resumes by itself when there is room', async () => {
    const path = aPath();
    const program = `ulimit -S -f ${FILE_KIB_MAX}; exec "$0" --conditions=praxis-source "$1" "$2"`;
    const child = spawn(
      'bash',
      ['-c', program, process.execPath, `${import.meta.dirname}/full-disk-writer.ts`, path],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
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
