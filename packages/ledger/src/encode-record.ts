import { formatInstant, type Instant, sha256Hex } from '@praxis/core';
import {
  type LedgerEntry,
  RECORD_DECISIONS,
  RECORD_KINDS,
  RECORD_VERSION,
  type RecordError,
  type StoredRecord,
} from './record.ts';
import { jsonString, safeCanonicalJson } from './safe-json.ts';

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
 * The canonical bytes (RFC 8785) that are hashed for one entry. Byte for byte what `canonicalJson`
 * gives for the same record; written by hand because it runs once per call of every tool.
 */
export function encodeEntry(entry: LedgerEntry, frame: RecordFrame): string {
  const raw = entry.rawArgs;
  const argsSha256 = entry.argsSha256 ?? (raw === undefined ? null : sha256Hex(raw));
  const argsLen = entry.argsLen ?? (raw === undefined ? null : Buffer.byteLength(raw));
  return (
    `{${first('"action_id":', id(entry.actionId))}${first('"approval_id":', id(entry.approvalId))}` +
    `${first('"approver":', text(entry.approver))}"args":${safeCanonicalJson(entry.args)}` +
    `${optional(',"args_len":', count(argsLen))}${optional(',"args_sha256":', id(argsSha256))}` +
    `,"client_id":${id(entry.clientId)},"decision":${oneOf(entry.decision, RECORD_DECISIONS)}` +
    `${optional(',"decision_id":', id(entry.decisionId))}${optional(',"dry_run":', flag(entry.dryRun))}` +
    `${optional(',"duration_us":', count(entry.durationUs))},"error":${failure(entry.error)}` +
    `${optional(',"host":', text(entry.host))}${optional(',"host_type":', text(entry.hostType))}` +
    `${optional(',"intent_seq":', count(entry.intentSeq))},"kind":${oneOf(entry.kind, RECORD_KINDS)}` +
    `${optional(',"mode":', id(entry.mode))},"origin_id":${id(frame.originId)}` +
    `,"output_len":${count(entry.outputLen)},"output_sha256":${id(entry.outputSha256)}` +
    `,"patterns_version":${id(entry.patternsVersion)}` +
    `${optional(',"policy_version":', id(entry.policyVersion))},"prev_hash":${id(frame.prevHash)}` +
    `,"principal":${text(entry.principal)},"reason":${text(entry.reason)}` +
    `,"request_id":${id(entry.requestId)},"seq":${count(frame.seq)}` +
    `${optional(',"session_id":', id(entry.sessionId))},"target":${text(entry.target)}` +
    `,"tier":${id(entry.tier)},"tool":${text(entry.tool)}${optional(',"trace_id":', id(entry.traceId))}` +
    `,"ts":"${instantText(frame.ts)}","v":${RECORD_VERSION}}`
  );
}

/**
 * The same bytes for a record read back. A record is well formed exactly when this gives the bytes
 * it was read from: unknown, missing, repeated or reordered members, a null that must be left out, other
 * number spellings, white space, values of another type and texts beyond their bounds all come out different.
 */
export function encodeStored(record: Partial<StoredRecord>): string {
  return (
    `{${first('"action_id":', id(record.action_id))}${first('"approval_id":', id(record.approval_id))}` +
    `${first('"approver":', text(record.approver))}"args":${safeCanonicalJson(record.args)}` +
    `${optional(',"args_len":', count(record.args_len))}${optional(',"args_sha256":', id(record.args_sha256))}` +
    `,"client_id":${id(record.client_id)},"decision":${oneOf(record.decision, RECORD_DECISIONS)}` +
    `${optional(',"decision_id":', id(record.decision_id))}${optional(',"dry_run":', flag(record.dry_run))}` +
    `${optional(',"duration_us":', count(record.duration_us))},"error":${failure(record.error)}` +
    `${optional(',"host":', text(record.host))}${optional(',"host_type":', text(record.host_type))}` +
    `${optional(',"intent_seq":', count(record.intent_seq))},"kind":${oneOf(record.kind, RECORD_KINDS)}` +
    `${optional(',"mode":', id(record.mode))},"origin_id":${id(record.origin_id)}` +
    `,"output_len":${count(record.output_len)},"output_sha256":${id(record.output_sha256)}` +
    `,"patterns_version":${id(record.patterns_version)}` +
    `${optional(',"policy_version":', id(record.policy_version))},"prev_hash":${id(record.prev_hash)}` +
    `,"principal":${text(record.principal)},"reason":${text(record.reason)}` +
    `,"request_id":${id(record.request_id)},"seq":${count(record.seq)}` +
    `${optional(',"session_id":', id(record.session_id))},"target":${text(record.target)}` +
    `,"tier":${id(record.tier)},"tool":${text(record.tool)}${optional(',"trace_id":', id(record.trace_id))}` +
    `,"ts":${id(record.ts)},"v":${RECORD_VERSION}}`
  );
}

/** A member that is left out when it is null; `first` for those that no member precedes. */
function optional(name: string, value: string): string {
  return value === 'null' ? '' : name + value;
}

function first(name: string, value: string): string {
  return value === 'null' ? '' : `${name}${value},`;
}

const MICROS_PER_SECOND = 1_000_000;
let textSecond = Number.NaN;
let textOfSecond = '';

/** What `formatInstant` gives; the part down to the second is kept, because most records share it with the one before. */
function instantText(instant: Instant): string {
  const second = Math.floor(instant / MICROS_PER_SECOND);
  if (second !== textSecond) {
    textOfSecond = formatInstant(second * MICROS_PER_SECOND).slice(0, 20);
    textSecond = second;
  }
  return `${textOfSecond}${String(instant - second * MICROS_PER_SECOND).padStart(6, '0')}Z`;
}

function id(value: unknown): string {
  return typeof value === 'string' ? bounded(value, ID_CHARS_MAX) : 'null';
}

function text(value: unknown): string {
  return typeof value === 'string' ? bounded(value, TEXT_CHARS_MAX) : 'null';
}

function bounded(value: string, charsMax: number): string {
  return jsonString(value.length > charsMax ? value.slice(0, charsMax) : value);
}

function count(value: unknown): string {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? String(value) : 'null';
}

function flag(value: unknown): string {
  return typeof value === 'boolean' ? String(value) : 'null';
}

function oneOf(value: unknown, allowed: readonly string[]): string {
  return typeof value === 'string' && allowed.includes(value) ? `"${value}"` : 'null';
}

function failure(value: RecordError | null | undefined): string {
  if (typeof value !== 'object' || value === null) return 'null';
  const message = typeof value.message === 'string' ? bounded(value.message, ERROR_CHARS_MAX) : 'null';
  return `{"code":${id(value.code)},"message":${message}}`;
}
