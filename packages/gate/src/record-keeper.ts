import type { LedgerEntry, RecordKind } from '@praxis/ledger';
import type { AuditSink } from './audit.ts';

/**
 * Keeps count of the records that could not be written, by kind, and records that count as soon as the ledger
 * takes records again: what is missing is never missing silently.
 */
export class RecordKeeper implements AuditSink {
  readonly #sink: AuditSink;
  #missed = new Map<RecordKind, number>();

  constructor(sink: AuditSink) {
    this.#sink = sink;
  }

  /** How many records are missing at the moment. */
  get missed(): number {
    return [...this.#missed.values()].reduce((sum, count) => sum + count, 0);
  }

  async append(entry: LedgerEntry): Promise<{ readonly seq: number }> {
    let written: { readonly seq: number };
    try {
      written = await this.#sink.append(entry);
    } catch (error) {
      this.#miss(entry.kind, 1);
      throw error;
    }
    if (this.#missed.size > 0) await this.#confess();
    return written;
  }

  #miss(kind: RecordKind, count: number): void {
    this.#missed.set(kind, (this.#missed.get(kind) ?? 0) + count);
  }

  async #confess(): Promise<void> {
    const owed = this.#missed;
    this.#missed = new Map();
    try {
      await this.#sink.append({
        kind: 'control',
        decision: 'error',
        reason: 'records_missed',
        tool: 'ledger',
        tier: 'T0',
        principal: 'server:praxis',
        args: Object.fromEntries(owed),
      });
    } catch {
      // Still owed: the caller's own record is durable, and the next one brings us back here.
      for (const [kind, count] of owed) this.#miss(kind, count);
    }
  }
}
