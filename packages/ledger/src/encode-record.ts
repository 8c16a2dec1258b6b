import { formatInstant, type Instant, sha256Hex } from '@praxis/core';
import { encodeArgs, simpleArgs } from './encode-args.ts';
import {
  type LedgerEntry,
  RECORD_DECISIONS,
  RECORD_KINDS,
  RECORD_VERSION,
  type RecordError,
  type StoredRecord,
} from './record.ts';
import { encodeMembers, encodePlain } from './encode-members.ts';
import { flatText } from './flat-text.ts';

/** The longest identifier kept (request, client, trace, session, … ids and digests), in UTF-16 code units. */
export const ID_CHARS_MAX = 128;
/** The longest name, target, host, reason or principal kept, in UTF-16 code units. */
export const TEXT_CHARS_MAX = 1024;
/** The longest error message kept, in UTF-16 code units. */
export const ERROR_CHARS_MAX = 2048;

/** What the ledger itself adds to an entry. */
export interface RecordFrame {
  readonly seq: number;
  readonly ts: Instant;
  readonly originId: string;
  readonly prevHash: string;
}

/**
 * Writes the canonical bytes (RFC 8785) that are hashed for one entry, and answers where they end. Byte for
 * byte what `canonicalJson` gives for the same record; behind them `sealLine` can make a line of them. It runs
 * once per call of every tool, and so leaves nearly all of a record to one call of the engine's own encoder.
 * `bytes` must have room for `RECORD_BYTES_MAX`, and for the rest of the line.
 */
export function writeEntry(bytes: Buffer, start: number, entry: LedgerEntry, frame: RecordFrame): number {
  const args = simpleArgs(entry.args);
  const members = membersOfEntry(entry, frame, args);
  const encoded = args === undefined ? null : encodePlain(members);
  const at = start + bytes.write(encoded ?? encodeAround(encodeArgs(entry.args), members), start) - 1;
  return writeEnd(bytes, at, frame.ts);
}

/** The members with arguments that are encoded already. */
function encodeAround(args: string, members: Members): string {
  const { action_id: actionId, approval_id: approvalId, approver, args: _, ...after } = members;
  return `${beforeArgs(actionId, approvalId, approver)}${args},${encodeMembers(after).slice(1)}`;
}

/** The same as a text. */
export function encodeEntry(entry: LedgerEntry, frame: RecordFrame): string {
  const bytes = Buffer.allocUnsafe(RECORD_BYTES_MAX + UNSEALED.length);
  return bytes.toString('utf8', 0, writeEntry(bytes, 0, entry, frame));
}

/**
 * The same bytes for a record read back. A record is well formed exactly when this gives the bytes
 * it was read from: unknown, missing, repeated or reordered members, a null that must be left out, other
 * number spellings, white space, values of another type and texts beyond their bounds all come out different.
 */
export function encodeStored(record: Partial<StoredRecord>): string {
  const members = encodeMembers(membersOfRecord(record));
  return (
    beforeArgs(record.action_id, record.approval_id, record.approver) +
    `${encodeArgs(record.args)},${members.slice(1, -1)}` +
    `,"ts":${JSON.stringify(id(record.ts)?.toWellFormed() ?? null)}${END}`
  );
}

const END = `,"v":${RECORD_VERSION}}`;
/** What is laid out behind the canonical bytes: all that `entry_hash` adds but its comma and its digits. */
const UNSEALED = `"entry_hash":"${'0'.repeat(64)}"}\n`;
/** More than the canonical bytes of any record: arguments and texts are bounded. */
export const RECORD_BYTES_MAX = 1_000_000;

/** The members that come before `args`, and its name. */
function beforeArgs(actionId: unknown, approvalId: unknown, approver: unknown): string {
  if (typeof actionId !== 'string' && typeof approvalId !== 'string' && typeof approver !== 'string')
    return '{"args":';
  const members = encodeMembers({
    action_id: id(actionId) ?? undefined,
    approval_id: id(approvalId) ?? undefined,
    approver: text(approver) ?? undefined,
  });
  return `${members.slice(0, -1)},"args":`;
}

type Members = Record<string, unknown>;

/** The members up to `ts`, in the order of their names. */
function membersOfEntry(entry: LedgerEntry, frame: RecordFrame, args: object | null | undefined): Members {
  const raw = entry.rawArgs;
  const argsSha256 = entry.argsSha256 ?? (raw === undefined ? null : sha256Hex(raw));
  const argsLen = entry.argsLen ?? (raw === undefined ? null : Buffer.byteLength(raw));
  return {
    action_id: id(entry.actionId) ?? undefined,
    approval_id: id(entry.approvalId) ?? undefined,
    approver: text(entry.approver) ?? undefined,
    args,
    args_len: count(argsLen) ?? undefined,
    args_sha256: id(argsSha256) ?? undefined,
    client_id: id(entry.clientId),
    decision: entry.decision,
    decision_id: id(entry.decisionId) ?? undefined,
    dry_run: flag(entry.dryRun),
    duration_us: count(entry.durationUs) ?? undefined,
    error: failure(entry.error),
    host: text(entry.host) ?? undefined,
    host_type: text(entry.hostType) ?? undefined,
    intent_seq: count(entry.intentSeq) ?? undefined,
    kind: entry.kind,
    mode: id(entry.mode) ?? undefined,
    origin_id: frame.originId,
    output_len: count(entry.outputLen),
    output_sha256: id(entry.outputSha256),
    patterns_version: id(entry.patternsVersion),
    policy_version: id(entry.policyVersion) ?? undefined,
    prev_hash: frame.prevHash,
    principal: text(entry.principal),
    reason: text(entry.reason),
    request_id: id(entry.requestId),
    seq: frame.seq,
    session_id: id(entry.sessionId) ?? undefined,
    target: text(entry.target),
    tier: id(entry.tier),
    tool: text(entry.tool),
    trace_id: id(entry.traceId) ?? undefined,
  };
}

function membersOfRecord(record: Partial<StoredRecord>): object {
  return {
    args_len: count(record.args_len) ?? undefined,
    args_sha256: id(record.args_sha256) ?? undefined,
    client_id: id(record.client_id),
    decision: oneOf(record.decision, RECORD_DECISIONS),
    decision_id: id(record.decision_id) ?? undefined,
    dry_run: flag(record.dry_run),
    duration_us: count(record.duration_us) ?? undefined,
    error: failure(record.error),
    host: text(record.host) ?? undefined,
    host_type: text(record.host_type) ?? undefined,
    intent_seq: count(record.intent_seq) ?? undefined,
    kind: oneOf(record.kind, RECORD_KINDS),
    mode: id(record.mode) ?? undefined,
    origin_id: id(record.origin_id),
    output_len: count(record.output_len),
    output_sha256: id(record.output_sha256),
    patterns_version: id(record.patterns_version),
    policy_version: id(record.policy_version) ?? undefined,
    prev_hash: id(record.prev_hash),
    principal: text(record.principal),
    reason: text(record.reason),
    request_id: id(record.request_id),
    seq: count(record.seq),
    session_id: id(record.session_id) ?? undefined,
    target: text(record.target),
    tier: id(record.tier),
    tool: text(record.tool),
    trace_id: id(record.trace_id) ?? undefined,
  };
}

const MICROS_PER_SECOND = 1_000_000;
const ZERO = 0x30;
let textSecond = Number.NaN;
let textOfSecond = '';

/**
 * Writes `,"ts":"…","v":1}`, the instant as `formatInstant` gives it, and what `sealLine` expects behind; the
 * part down to the second is kept, because most records share it with the one before.
 */
function writeEnd(bytes: Buffer, start: number, instant: Instant): number {
  const second = Math.floor(instant / MICROS_PER_SECOND);
  if (second !== textSecond) {
    const untilSecond = formatInstant(second * MICROS_PER_SECOND).slice(0, 20);
    textOfSecond = flatText(`,"ts":"${untilSecond}000000Z"${END}${UNSEALED}`);
    textSecond = second;
  }
  const end = start + bytes.write(textOfSecond, start, 'latin1') - UNSEALED.length;
  let at = end - END.length - 2;
  // As an integer of 32 bits: the digits of a double take ten times as long.
  for (let micros = (instant - second * MICROS_PER_SECOND) | 0; micros > 0; micros = (micros / 10) | 0) {
    at -= 1;
    bytes[at] = ZERO + (micros % 10);
  }
  return end;
}

function id(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return value.length > ID_CHARS_MAX ? value.slice(0, ID_CHARS_MAX) : value;
}

function text(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return value.length > TEXT_CHARS_MAX ? value.slice(0, TEXT_CHARS_MAX) : value;
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function oneOf(value: unknown, allowed: readonly string[]): string | null {
  return typeof value === 'string' && allowed.includes(value) ? value : null;
}

function failure(value: RecordError | null | undefined): object | null {
  if (typeof value !== 'object' || value === null) return null;
  const { code, message } = value;
  return { code: id(code), message: typeof message === 'string' ? message.slice(0, ERROR_CHARS_MAX) : null };
}
