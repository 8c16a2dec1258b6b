import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { Ledger } from '@praxis/ledger';
import { describe, expect, it } from 'vitest';
import { A_SESSION, aSite, type Site } from './a-runtime.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
/** What the doctor says of the ledger. */
function doctor(site: Site): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...site.env };
    execFile(
      process.execPath,
      ['--conditions=praxis-source', MAIN, 'doctor', '--json'],
      { env },
      (_error, stdout) => {
        const { findings } = JSON.parse(stdout) as { findings: { what: string; says: string }[] };
        const found = findings.find(({ what }) => what === 'ledger');
        if (found === undefined) reject(new Error(stdout));
        else resolve(found.says);
      },
    );
  });
}

describe('an action whose outcome nobody recorded', () => {
  it('is reported by the doctor, and closed by a record at the next start', async () => {
    const site = aSite();
    await (await site.start()).close();
    const ledger = await Ledger.open({ path: site.ledger, clock: systemClock, session: A_SESSION });
    const running = { kind: 'intent', decision: 'allowed', reason: 'allowed', tool: 'run_action' } as const;
    const { seq } = await ledger.append({ ...running, target: 'web1', tier: 'T2' });
    await ledger.close();
    expect(await doctor(site)).toContain('1 interrupted: outcome unknown');
    await (await site.start()).close();
    expect(site.records().find(({ kind }) => kind === 'interrupted')).toMatchObject({
      intent_seq: seq,
      target: 'web1',
      reason: 'outcome_unknown',
    });
    expect(await doctor(site)).toContain('1 interrupted: outcome unknown');
  });
});
