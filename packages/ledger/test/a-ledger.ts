import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { onTestFinished } from 'vitest';
import { Ledger, type LedgerEntry, type LedgerOptions, type SessionHeaderFields } from '../src/index.ts';

export const SESSION: SessionHeaderFields = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:test',
};

/** A scratch directory that goes away with the test. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-ledger-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function aPath(): string {
  return join(scratch(), 'ledger.jsonl');
}

/** A ledger that is closed with the test, if the test has not closed it. */
export async function aLedger(options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  const ledger = await Ledger.open({ path: aPath(), clock: systemClock, session: SESSION, ...options });
  onTestFinished(() => ledger.close());
  return ledger;
}

export function anEntry(entry: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    kind: 'read',
    decision: 'allowed',
    reason: 'allowed',
    tool: 'query_facts',
    tier: 'T0',
    args: { subject: 'host:web1' },
    ...entry,
  };
}
