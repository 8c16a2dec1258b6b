import { errorCode } from '@praxis/core';
import type { FactStore } from '@praxis/facts';
import type { AuditSink } from '@praxis/gate';

/** How often what was recorded in the fact store is sealed, in milliseconds. */
export const SEAL_EVERY_MS = 60_000;

export interface Sealing {
  /** Seals what is still open, and stops. */
  stop(): Promise<void>;
}

/**
 * Seals the fact store from time to time and keeps the head of its chain in the ledger, whose checkpoints cover it:
 * a database file that is changed behind praxis no longer leads to that head.
 */
export function keepSealing(facts: FactStore, audit: AuditSink, log: (line: string) => void): Sealing {
  let running = Promise.resolve();
  const seal = (): void => {
    running = running
      .then(() => sealOnce(facts, audit))
      .catch((error: unknown) => {
        log(`praxis: sealing the facts failed: ${errorCode(error)}`);
      });
  };
  const timer = setInterval(seal, SEAL_EVERY_MS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      seal();
      await running;
    },
  };
}

async function sealOnce(facts: FactStore, audit: AuditSink): Promise<void> {
  const head = await facts.seal();
  if (head === null) return;
  await audit.append({
    kind: 'control',
    decision: 'allowed',
    reason: 'allowed',
    tool: 'facts.seal',
    tier: 'T0',
    principal: 'server:praxis',
    args: { seal_id: head.sealId, rows_sealed: head.rowsSealed, hash: head.hash },
  });
}
