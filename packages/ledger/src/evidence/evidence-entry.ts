import { isJsonObject, type JsonObject } from '@praxis/core';
import { isWhole, type WalkedRecord } from '../chain-walk.ts';
import type { LedgerEntry } from '../record.ts';

/** What a line of evidence is. The evidence is a log of the same format, beside the log it speaks for. */
export const EVIDENCE_REASONS = ['checkpoint', 'stamp', 'cosignature'] as const;
/** One of `EVIDENCE_REASONS`: the `reason` of the record. */
export type EvidenceReason = (typeof EVIDENCE_REASONS)[number];

/** A checkpoint was signed. */
export interface CheckpointArgs {
  readonly note: string;
}

/** A time-stamping authority vouched for a checkpoint. */
export interface StampArgs {
  /** SHA-256 of the note that was stamped. */
  readonly note_sha256: string;
  /** Which kind of stamp, for example `rfc3161`. */
  readonly stamper: string;
  readonly token_base64: string;
}

/** A witness cosigned a checkpoint. */
export interface CosignatureArgs {
  readonly note_sha256: string;
  /** The witness's signature lines, each ending in a newline. */
  readonly lines: string;
}

/** The entry that files a checkpoint, a stamp or a cosignature in the evidence. */
export function evidenceEntry(
  reason: EvidenceReason,
  args: CheckpointArgs | StampArgs | CosignatureArgs,
): LedgerEntry {
  return { kind: 'control', decision: 'session', reason, tool: 'praxis', tier: 'T0', args };
}

/** The arguments of an evidence record when it is of this kind and they are all texts, else null. */
export function evidenceArgs(
  record: WalkedRecord,
  reason: EvidenceReason,
  keys: readonly string[],
): Readonly<Record<string, string>> | null {
  if (!isWhole(record) || record.kind !== 'control' || record.reason !== reason || !isJsonObject(record.args))
    return null;
  const args: JsonObject = record.args;
  return keys.every((key) => typeof args[key] === 'string')
    ? (args as Readonly<Record<string, string>>)
    : null;
}
