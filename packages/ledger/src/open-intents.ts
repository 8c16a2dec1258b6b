import { parseLine } from './line.ts';
import type { RecordKind, StoredRecord } from './record.ts';

/** An intent with no outcome so far. */
export interface OpenIntent {
  readonly seq: number;
  readonly ts: string;
  readonly action_id: string | null;
  readonly tool: string | null;
  readonly target: string | null;
  readonly tier: string | null;
  readonly host: string | null;
  readonly host_type: string | null;
  readonly session_id: string | null;
  readonly principal: string | null;
}

/** An intent whose outcome is unknown for good; `closed_by` is the record that says so. */
export interface InterruptedIntent extends OpenIntent {
  readonly closed_by: number;
}

/** How many interrupted intents are kept for a report. */
export const INTERRUPTED_MAX = 1_000;

/** The intents of a log that have no outcome so far, and those whose outcome is unknown for good. */
export class OpenIntents {
  /** Intents that a record closed with "outcome unknown"; at most `INTERRUPTED_MAX` are kept. */
  readonly interrupted: InterruptedIntent[] = [];
  interruptedCount = 0;
  /** A line, as a text of one character per byte, is only parsed when somebody asks: most intents are closed soon. */
  readonly #open = new Map<number, OpenIntent | string>();

  add(intent: OpenIntent): void {
    this.#open.set(intent.seq, intent);
  }

  /** Takes an intent as the line it stands in, one character per byte, which `parseLine` must accept. */
  addLine(seq: number, line: string): void {
    this.#open.set(seq, line);
  }

  /** Takes the outcome of an intent. */
  close(seq: number): void {
    this.#open.delete(seq);
  }

  /** Takes the record `closedBy`, which says that the outcome of an intent is unknown. */
  interrupt(seq: number, closedBy: number): void {
    const intent = this.#open.get(seq);
    this.#open.delete(seq);
    if (intent === undefined) return;
    this.interruptedCount += 1;
    if (this.interrupted.length < INTERRUPTED_MAX)
      this.interrupted.push({ ...intentOf(intent), closed_by: closedBy });
  }

  get size(): number {
    return this.#open.size;
  }

  /** In the order in which they were recorded. */
  *[Symbol.iterator](): Generator<[number, OpenIntent]> {
    for (const [seq, intent] of this.#open) yield [seq, intentOf(intent)];
  }

  *values(): Generator<OpenIntent> {
    for (const [, intent] of this) yield intent;
  }
}

function intentOf(intent: OpenIntent | string): OpenIntent {
  if (typeof intent !== 'string') return intent;
  const record = parseLine(Buffer.from(intent, 'latin1'));
  if (typeof record === 'string') throw new TypeError(`an intent that was accepted is not one: ${record}`);
  return openIntentOf(record);
}

/** Whether a record of this kind ends the intent it names. */
export function closesIntent(kind: RecordKind): boolean {
  return kind === 'outcome' || kind === 'interrupted';
}

/** What is remembered of an intent until its outcome is recorded. */
export function openIntentOf(record: StoredRecord): OpenIntent {
  const { seq, ts, action_id, tool, target, tier, host, host_type, session_id, principal } = record;
  return { seq, ts, action_id, tool, target, tier, host, host_type, session_id, principal };
}
