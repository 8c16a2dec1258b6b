import { hash } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { type Durability, Ledger, type LedgerEntry } from '@praxis/ledger';
import { makeTempDir } from '@praxis/testkit';

const SESSION = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:bench',
};
/**
 * What a server records of reads that several callers make of several hosts, no two alike. Parsed, because what
 * a server records comes from a parser.
 */
export const ENTRIES: readonly LedgerEntry[] = Array.from(
  { length: 1_024 },
  (_, i) =>
    JSON.parse(
      JSON.stringify({
        kind: 'read',
        decision: 'allowed',
        reason: 'allowed',
        tool: ['query_facts', 'list_hosts', 'read_journal', 'list_drift'][i % 4],
        target: `web${i % 61}`,
        host: `web${i % 61}`,
        hostType: 'linux',
        tier: 'T0',
        mode: 'guarded',
        principal: `agent:bench${i % 5}`,
        clientId: 'bench-client',
        sessionId: `0f8fad5b-d9cb-469f-a165-7086772895${10 + (i % 7)}`,
        requestId: String(i),
        decisionId: hash('sha256', `decision ${i}`).slice(0, 16),
        patternsVersion: 'd'.repeat(64),
        policyVersion: 'e'.repeat(64),
        args: { predicate: 'os.version', subject: `host:web${i % 61}` },
        argsSha256: hash('sha256', `arguments ${i}`),
        argsLen: 60 + (i % 10),
        outputSha256: hash('sha256', `output ${i}`),
        outputLen: 512 + i,
        durationUs: 420 + i,
      }),
    ) as LedgerEntry,
);

/** One of them; they come round again. */
export function entry(index: number): LedgerEntry {
  const one = ENTRIES[index % ENTRIES.length];
  if (one === undefined) throw new Error('there are entries');
  return one;
}

/** Opens a new ledger in a directory. */
export function openLedger(directory: string, durability: Durability): Promise<Ledger> {
  const path = join(directory, 'ledger.jsonl');
  return Ledger.open({ path, clock: systemClock, session: SESSION, durability });
}

/** Does some work with a ledger that is removed afterwards. */
export async function withLedger<T>(
  durability: Durability,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  using directory = makeTempDir();
  const ledger = await openLedger(directory.path, durability);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** Records per second with so many callers, each waiting for its record before the next. */
export async function appendRate(ledger: Ledger, callers: number, records: number): Promise<number> {
  const each = Math.ceil(records / callers);
  const from = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let i = 0; i < each; i += 1) await ledger.append(entry(caller * 16 + i));
    }),
  );
  return (each * callers) / ((performance.now() - from) / 1000);
}
