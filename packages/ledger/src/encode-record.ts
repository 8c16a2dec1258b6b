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
import { type LaidOutLines, MARK_END, MARK_PREV_HASH, MARK_START, MARKS_PER_LINE } from './seal-lines.ts';

/** Stands for a digest until it is known. */
const UNKNOWN_HASH = flatText('0'.repeat(64));

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
}

/**
 * Lays out a line for one entry: the canonical bytes (RFC 8785) that are hashed, byte for byte what `canonicalJson`
 * gives for the same record, with 64 zeros for its `prev_hash`, and behind them all that `sealLines` needs to make a
 * stored line of them. Marks where the line begins and ends and where its `prev_hash` goes, for `sealLines`, from
 * `mark` on. It runs once per call of every tool, and so leaves nearly all of a record to one call of the engine's
 * own encoder. `bytes` must have room for a line of `LINE_BYTES_MAX`.
 */
export function layOutLine(
  { bytes, marks }: LaidOutLines,
  mark: number,
  start: number,
  entry: LedgerEntry,
  frame: RecordFrame,
): void {
  const args = simpleArgs(entry.args);
  const members = membersOfEntry(entry, frame, args);
  const encoded =
    (args === undefined ? null : encodePlain(members)) ?? encodeAround(encodeArgs(entry.args), members);
  const hole = prevHashIn(encoded, members);
  const written = bytes.write(encoded, start);
  const before = written === encoded.length ? hole : Buffer.byteLength(encoded.slice(0, hole));
  marks[mark + MARK_START] = start;
  marks[mark + MARK_PREV_HASH] = start + before;
  marks[mark + MARK_END] = writeEnd(bytes, start + written - 1, frame.ts);
}

const BEFORE_PREV_HASH = ',"prev_hash":"';
/** What stands behind it in every record, but for the values. */
const AFTER_PREV_HASH =
  `${UNKNOWN_HASH}","principal":,"reason":,"request_id":,"seq":,"target":,"tier":,"tool":}`.length;

/**
 * Where in a record its `prev_hash` is. No value behind that member holds this text: a quotation mark in a value has
 * a backslash before it, not a comma. So the last one is the right one, and when nothing behind it needs more
 * characters than it has, it is where the lengths of the values say; when something does, that is behind it.
 */
function prevHashIn(encoded: string, members: Members): number {
  const { principal, reason, request_id, seq, session_id, target, tier, tool, trace_id } = members;
  const behind =
    AFTER_PREV_HASH +
    plainLength(principal) +
    plainLength(reason) +
    plainLength(request_id) +
    digitsOf(seq) +
    (session_id === undefined ? 0 : ',"session_id":'.length + plainLength(session_id)) +
    plainLength(target) +
    plainLength(tier) +
    plainLength(tool) +
    (trace_id === undefined ? 0 : ',"trace_id":'.length + plainLength(trace_id));
  const at = encoded.length - behind;
  if (encoded.startsWith(BEFORE_PREV_HASH, at - BEFORE_PREV_HASH.length)) return at;
  return encoded.lastIndexOf(BEFORE_PREV_HASH) + BEFORE_PREV_HASH.length;
}

/** How many characters a text takes at least, or a null. */
function plainLength(value: string | null | undefined): number {
  return typeof value === 'string' ? value.length + 2 : 4;
}

function digitsOf(seq: number): number {
  let digits = 1;
  for (let power = 10; power <= seq; power *= 10) digits += 1;
  return digits;
}

/** The members with arguments that are encoded already. */
function encodeAround(args: string, members: Members): string {
  const { action_id: actionId, approval_id: approvalId, approver, args: _, ...after } = members;
  return `${beforeArgs(actionId, approvalId, approver)}${args},${encodeMembers(after).slice(1)}`;
}

/** The canonical bytes of a record as a text. */
export function encodeEntry(entry: LedgerEntry, frame: RecordFrame & { readonly prevHash: string }): string {
  const bytes = Buffer.allocUnsafe(RECORD_BYTES_MAX + UNSEALED.length);
  const marks = new Int32Array(MARKS_PER_LINE);
  layOutLine({ bytes, marks }, 0, 0, entry, frame);
  bytes.write(frame.prevHash, marks[MARK_PREV_HASH] ?? 0, 'latin1');
  return bytes.toString('utf8', 0, (marks[MARK_END] ?? 0) - UNSEALED.length);
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
const UNSEALED = `"entry_hash":"${UNKNOWN_HASH}"}\n`;
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

type Members = ReturnType<typeof membersOfEntry>;

/** The members up to `ts`, in the order of their names. */
// The engine knows best what shape these have.
function membersOfEntry(entry: LedgerEntry, frame: RecordFrame, args: object | null | undefined) {
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
    prev_hash: UNKNOWN_HASH,
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
 * Writes `,"ts":"…","v":1}`, the instant as `formatInstant` gives it, and what `sealLines` expects behind; the
 * part down to the second is kept, because most records share it with the one before. Answers where all that ends.
 */
function writeEnd(bytes: Buffer, start: number, instant: Instant): number {
  const second = Math.floor(instant / MICROS_PER_SECOND);
  if (second !== textSecond) {
    const untilSecond = formatInstant(second * MICROS_PER_SECOND).slice(0, 20);
    textOfSecond = flatText(`,"ts":"${untilSecond}000000Z"${END}${UNSEALED}`);
    textSecond = second;
  }
  const end = start + bytes.write(textOfSecond, start, 'latin1');
  let at = end - UNSEALED.length - END.length - 2;
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
