import { isAscii } from 'node:buffer';
import { safeCanonicalJson } from './safe-json.ts';
import { TAIL_BYTES } from './line.ts';
import type { RecordKind } from './record.ts';

/**
 * A record as far as a chain needs it, read without parsing the whole line. Only the kinds that carry
 * nothing else a chain must know are read this way.
 */
export interface PlainRecord {
  readonly kind: RecordKind;
  readonly seq: number;
  readonly prev_hash: string;
  readonly origin_id: string;
  readonly reason: string;
  readonly intent_seq: number | null;
}

const OPTIONAL_ID = '"[^"]{0,128}"';
const OPTIONAL_TEXT = '"[^"]{0,1024}"';
const OPTIONAL_COUNT = '(?:0|[1-9][0-9]{0,14})';
const ID = `(?:null|${OPTIONAL_ID})`;
const TEXT = `(?:null|${OPTIONAL_TEXT})`;
const COUNT = `(?:null|${OPTIONAL_COUNT})`;
const FLAG = '(?:true|false)';

// Each alternative of each member begins with another character, so that nothing is ever tried twice, and
// each member that may be missing is told from the next one by its name.
const HEAD = new RegExp(
  `^\\{(?:"action_id":${OPTIONAL_ID},)?(?:"approval_id":${OPTIONAL_ID},)?(?:"approver":${OPTIONAL_TEXT},)?"args":`,
);
const REST = new RegExp(
  `(?:,"args_len":${OPTIONAL_COUNT})?(?:,"args_sha256":${OPTIONAL_ID})?,"client_id":${ID}` +
    `,"decision":"(?:allowed|denied|error)"(?:,"decision_id":${OPTIONAL_ID})?(?:,"dry_run":${FLAG})?` +
    `(?:,"duration_us":${OPTIONAL_COUNT})?` +
    `,"error":(?:null|\\{"code":${ID},"message":(?:null|"[^"]{0,2048}")\\})` +
    `(?:,"host":${OPTIONAL_TEXT})?(?:,"host_type":${OPTIONAL_TEXT})?(?:,"intent_seq":(${OPTIONAL_COUNT}))?` +
    `,"kind":"(read|refusal|outcome)"(?:,"mode":${OPTIONAL_ID})?,"origin_id":"([^"]{0,128})"` +
    `,"output_len":${COUNT},"output_sha256":${ID},"patterns_version":${ID}` +
    `(?:,"policy_version":${OPTIONAL_ID})?,"prev_hash":"([^"]{64})","principal":${TEXT},"reason":"([^"]{0,1024})"` +
    `,"request_id":${ID},"seq":(0|[1-9][0-9]{0,14})(?:,"session_id":${OPTIONAL_ID})?,"target":${TEXT},"tier":${ID}` +
    `,"tool":${TEXT}(?:,"trace_id":${OPTIONAL_ID})?` +
    `,"ts":"((?:1[7-9]|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z"` +
    `,"v":1,"entry_hash":"$`,
  'y',
);
/** Of ASCII text: control characters and the backslash. */
const CONTROL_OR_BACKSLASH = /[^\x20-\x5b\x5d-\x7f]/;
const ARGS_LEN = ',"args_len":';
const ARGS_SHA256 = ',"args_sha256":"';
const CLIENT_ID = ',"client_id":';
const DIGITS = /^[0-9]+$/;
const HASH_CHARS = 64;

/**
 * Reads a line whose every text is plain ASCII without escapes. Gives null for every other line, good or
 * bad: those are for `parseLine`, which says what is wrong. What this accepts, `parseLine` accepts too,
 * with the same members; it exists because verifying millions of records is mostly reading such lines.
 */
export function readPlainLine(line: Buffer): PlainRecord | null {
  if (line.length < TAIL_BYTES || !isAscii(line)) return null;
  const text = line.toString('latin1', 0, line.length - HASH_CHARS - 2);
  if (CONTROL_OR_BACKSLASH.test(text)) return null;
  const head = HEAD.exec(text);
  const end = argsEnd(text);
  if (head === null || end < head[0].length) return null;
  REST.lastIndex = end;
  const rest = REST.exec(text);
  if (rest === null || !isCanonicalArgs(text.slice(head[0].length, end))) return null;
  const [, intentSeq, kind, originId = '', prevHash = '', reason = '', seq = '', day = ''] = rest;
  if (!isDay(day)) return null;
  return {
    kind: kind as RecordKind,
    seq: Number(seq),
    prev_hash: prevHash,
    origin_id: originId,
    reason,
    intent_seq: intentSeq === undefined ? null : Number(intentSeq),
  };
}

/**
 * Where `args` ends: before the first of the members that may follow it. No text of a plain line holds a
 * quote, so that the last place that looks like `client_id` is that member; what looks like one of the two
 * before it, but belongs to `args`, has a brace between.
 */
function argsEnd(text: string): number {
  const client = text.lastIndexOf(CLIENT_ID);
  const sha256 = text.lastIndexOf(ARGS_SHA256, client);
  const isMember = sha256 !== -1 && text.indexOf('"', sha256 + ARGS_SHA256.length) === client - 1;
  const end = isMember ? sha256 : client;
  const length = text.lastIndexOf(ARGS_LEN, end);
  return length !== -1 && DIGITS.test(text.slice(length + ARGS_LEN.length, end)) ? length : end;
}

let knownDay = '';

/** Whether a month has that day; most records are of the same day as the one before. */
function isDay(day: string): boolean {
  if (day === knownDay) return true;
  if (day.slice(8) > '28' && new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return false;
  knownDay = day;
  return true;
}

function isCanonicalArgs(text: string): boolean {
  if (text === 'null') return true;
  try {
    return safeCanonicalJson(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
