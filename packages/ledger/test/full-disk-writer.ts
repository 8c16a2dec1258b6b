// Appends until the disk is full, waits to be told that it has room again, and appends once more.
import { once } from 'node:events';
import { systemClock } from '@praxis/core';
import { Ledger } from '@praxis/ledger';

const [path = ''] = process.argv.slice(2);
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
const append = async (): Promise<string> => {
  try {
    const { seq, entryHash } = await ledger.append({
      kind: 'intent',
      decision: 'allowed',
      reason: 'allowed',
      tool: 'run_action',
    });
    return `acknowledged ${seq} ${entryHash}`;
  } catch (error) {
    return `refused ${(error as { code?: string }).code}`;
  }
};
const say = (text: string): void => void process.stdout.write(`${text}\n`);
let answer = await append();
for (; answer.startsWith('acknowledged'); answer = await append()) say(answer);
say(answer);
say(await append());
say('full');
await once(process.stdin, 'data');
say(await append());
await ledger.close();
process.exit(0);
