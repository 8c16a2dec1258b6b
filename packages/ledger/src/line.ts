import { hash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { isJsonObject, parseInstant, formatInstant } from '@praxis/core';
import { encodeStored } from './encode-record.ts';
import { RECORD_VERSION, type StoredMembers, type StoredRecord, withNulls } from './record.ts';
import { ENTRY_HASH_MEMBER, HASH_CHARS } from './seal-lines.ts';

/** The longest line of a ledger, in bytes without its newline. */
export const LINE_BYTES_MAX = 1_048_576;

/** How a line begins, whichever of the first members it has. */
const STARTS = ['{"action_id":"', '{"approval_id":"', '{"approver":"', '{"args":'];
const START_CHARS_MAX = Math.max(...STARTS.map((start) => start.length));
/** How many bytes `,"entry_hash":"…"}` takes at the end of every line. */
export const TAIL_BYTES: number = ENTRY_HASH_MEMBER.length + HASH_CHARS + 2;
const CLOSE_BRACE = 0x7d;

/** Why a line is not the next record of a chain. */
export type LineFault =
  | 'bad_json'
  | 'not_canonical'
  | 'unknown_version'
  | 'prev_hash_mismatch'
  | 'seq_gap'
  | 'entry_hash_mismatch'
  | 'origin_mismatch'
  | 'line_too_long';

/** The stored line for canonical bytes and their digest: `entry_hash` is spliced in as the last member. */
export function spliceEntryHash(canonical: string, entryHash: string): string {
  return `${canonical.slice(0, -1)}${ENTRY_HASH_MEMBER}${entryHash}"}`;
}

/** The digest that a stored line claims, or null when it does not end as every complete record does. */
export function claimedHash(line: Buffer): string | null {
  const at = line.length - TAIL_BYTES;
  if (at < 1 || line.toString('latin1', at, at + ENTRY_HASH_MEMBER.length) !== ENTRY_HASH_MEMBER) return null;
  if (line.toString('latin1', line.length - 2) !== '"}') return null;
  return line.toString('latin1', at + ENTRY_HASH_MEMBER.length, line.length - 2);
}

/** The digest that a stored line ends with. Only of use for a line that is known to be a record. */
export function entryHashOf(line: string): string {
  return line.slice(-HASH_CHARS - 2, -2);
}

/** Whether bytes can be the beginning of a record whose writing was cut short, or a hole a crash left. */
export function looksTorn(line: Buffer): boolean {
  if (claimedHash(line) !== null) return false;
  if (line[0] === 0) return line.every((byte) => byte === 0);
  const start = line.toString('latin1', 0, START_CHARS_MAX);
  return STARTS.some((known) => start.startsWith(known) || known.startsWith(start));
}

/** SHA-256 of a stored line without its `entry_hash` member. `line` must end as `claimedHash` demands. */
export function hashOfLine(line: Buffer): string {
  const at = line.length - TAIL_BYTES;
  // The comma before the member gives way to the brace that closed the canonical bytes.
  const comma = line[at] ?? 0;
  line[at] = CLOSE_BRACE;
  const digest = hash('sha256', line.subarray(0, at + 1), 'hex');
  line[at] = comma;
  return digest;
}

/** The record in a line, or the fault that keeps the line from being a well-formed record. */
export function parseLine(line: Buffer): StoredRecord | LineFault {
  if (line.length > LINE_BYTES_MAX) return 'line_too_long';
  if (!isUtf8(line)) return 'bad_json';
  const text = line.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'bad_json';
  }
  if (!isJsonObject(value)) return 'bad_json';
  if (typeof value['v'] === 'number' && value['v'] !== RECORD_VERSION) return 'unknown_version';
  const record = value as Partial<StoredRecord> & { readonly entry_hash?: unknown };
  const entryHash = typeof record.entry_hash === 'string' ? record.entry_hash : '';
  if (spliceEntryHash(encodeStored(record), entryHash) !== text) return 'not_canonical';
  return isComplete(record) ? withNulls(record) : 'not_canonical';
}

/** The members that every record has, beyond what re-encoding already proves about their types. */
function isComplete(record: Partial<StoredRecord>): record is StoredMembers {
  return (
    typeof record.seq === 'number' &&
    typeof record.prev_hash === 'string' &&
    typeof record.origin_id === 'string' &&
    typeof record.kind === 'string' &&
    typeof record.decision === 'string' &&
    typeof record.reason === 'string' &&
    typeof record.ts === 'string' &&
    isInstant(record.ts)
  );
}

function isInstant(ts: string): boolean {
  try {
    return formatInstant(parseInstant(ts)) === ts;
  } catch {
    return false;
  }
}
