import { isUtf8 } from 'node:buffer';
import { ERROR_CHARS_MAX, ID_CHARS_MAX, TEXT_CHARS_MAX } from './encode-record.ts';
import type { EntryHash } from './entry-hash.ts';
import { LINE_BYTES_MAX } from './line.ts';
import { endOfArgs } from './plain-args.ts';
import { endOfText, sameBytes, type ScanBytes, type TextMarks, Token } from './plain-text.ts';
import { RECORD_DECISIONS, type RecordKind } from './record.ts';
import { jsonString } from './safe-json.ts';

/**
 * A record as far as a chain needs it, read without parsing the line. Only the kinds that carry
 * nothing else a chain must know are read this way.
 */
export interface PlainRecord {
  readonly kind: RecordKind;
  readonly seq: number;
  readonly prev_hash: string;
  readonly intent_seq: number | null;
  /** Whether this is its `reason`. */
  hasReason(reason: string): boolean;
}

const ID = 0;
const TEXT = 1;
const COUNT = 2;
const FLAG = 3;
const ARGS = 4;
const DECISION = 5;
const ERROR = 6;
const INTENT_SEQ = 7;
const KIND = 8;
const PREV_HASH = 9;
const SEQ = 10;
const TS = 11;

interface Member {
  readonly name: string;
  readonly token: Token;
  readonly type: number;
  /** Left out when it is null; the others are there, and some of them may be null. */
  readonly optional: boolean;
  readonly nullable: boolean;
}

const optional = (name: string, type: number): Member => member(name, type, true, false);
const nullable = (name: string, type: number): Member => member(name, type, false, true);
const required = (name: string, type: number): Member => member(name, type, false, false);

function member(name: string, type: number, isOptional: boolean, isNullable: boolean): Member {
  return { name, token: new Token(`"${name}":`), type, optional: isOptional, nullable: isNullable };
}

/** The members of a record up to `v`, in the order in which they stand. */
const MEMBERS: readonly Member[] = [
  optional('action_id', ID),
  optional('approval_id', ID),
  optional('approver', TEXT),
  nullable('args', ARGS),
  optional('args_len', COUNT),
  optional('args_sha256', ID),
  nullable('client_id', ID),
  required('decision', DECISION),
  optional('decision_id', ID),
  optional('dry_run', FLAG),
  optional('duration_us', COUNT),
  nullable('error', ERROR),
  optional('host', TEXT),
  optional('host_type', TEXT),
  optional('intent_seq', INTENT_SEQ),
  required('kind', KIND),
  optional('mode', ID),
  required('origin_id', ID),
  nullable('output_len', COUNT),
  nullable('output_sha256', ID),
  nullable('patterns_version', ID),
  optional('policy_version', ID),
  required('prev_hash', PREV_HASH),
  nullable('principal', TEXT),
  required('reason', TEXT),
  nullable('request_id', ID),
  required('seq', SEQ),
  optional('session_id', ID),
  nullable('target', TEXT),
  nullable('tier', ID),
  nullable('tool', TEXT),
  optional('trace_id', ID),
  required('ts', TS),
];
const ORIGIN_ID = indexOf('origin_id');
const REASON = indexOf('reason');
const INTENT = indexOf('intent_seq');
const PREVIOUS = indexOf('prev_hash');
const VERSION_AND_HASH = new Token('"v":1,"entry_hash":"');
/** `"}` and the newline, the lowest byte first. */
const LINE_END = 0x0a7d22;
const LINE_END_BYTES = 3;
const CODE = new Token('{"code":');
const MESSAGE = new Token(',"message":');
const TRUE = new Token('true');
const FALSE = new Token('false');
const NULL = 0x6c6c756e;
const DECISIONS: readonly Token[] = RECORD_DECISIONS.map((decision) => new Token(`"${decision}"`));
const KINDS: readonly { readonly kind: RecordKind; readonly token: Token }[] = (
  ['read', 'intent', 'outcome', 'refusal'] as const
).map((kind) => ({ kind, token: new Token(`"${kind}"`) }));

function indexOf(name: string): number {
  return MEMBERS.findIndex((member) => member.name === name);
}

/** A time down to the minute: years far from where an instant may not lie. */
const MINUTE =
  /^(?:1[7-9]|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:$/;
const MINUTE_CHARS = 17;
/** `ss.uuuuuuZ"`: 0 is a digit of up to 5, 1 any digit; else the byte that must be there. */
const SECOND = [0, 1, 0x2e, 1, 1, 1, 1, 1, 1, 0x5a, 0x22];

const HASH_CHARS = 64;
const DIGITS_MAX = 15;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Reads lines of which nothing but a few members is wanted where they stand, looking once at each
 * byte. Passes over every other line, good or bad: those are for `parseLine`, which says what is wrong.
 * What this accepts, `parseLine` accepts too, with the same members; it exists because verifying
 * millions of records is mostly reading such lines. What it gives is only valid until it reads the next.
 */
export class PlainLine implements PlainRecord {
  kind: RecordKind = 'read';
  seq = 0;
  intent_seq: number | null = null;
  /** Where the 64 characters of `entry_hash` begin. */
  entryHashAt = 0;
  /** Where each member begins in the last line that was read, or -1 where it has none. */
  readonly #starts: Int32Array = new Int32Array(MEMBERS.length);
  #scan: ScanBytes = { bytes: Buffer.alloc(0), view: new DataView(new ArrayBuffer(0)), fills: 0 };
  /** How often the bytes had been changed when `#starts` was true of them, or -1. */
  #fills = -1;
  /** Where the members before `v` ended in the last line that was read. */
  #membersEnd = 0;
  #passed = 0;
  #count = 0;
  /** The reason that was asked about last, as it would stand in a line. */
  #askedReason = '';
  #reason: Token = valueToken('');
  #minute: Token = new Token('no such minute');
  readonly #prevHash: EntryHash;
  readonly #marks: TextMarks = { escaped: false, nonAscii: false };

  /** `prevHash` is what every line must have as its `prev_hash`. */
  constructor(prevHash: EntryHash) {
    this.#prevHash = prevHash;
  }

  get prev_hash(): string {
    const at = this.#valueAt(PREVIOUS) + 1;
    return this.#scan.bytes.toString('latin1', at, at + HASH_CHARS);
  }

  hasReason(reason: string): boolean {
    if (reason !== this.#askedReason) this.#reason = valueToken(reason);
    this.#askedReason = reason;
    return this.#reason.isAt(this.#scan.view, this.#valueAt(REASON) - 1);
  }

  /** Whether the value of `origin_id` is that of which `valueToken` made this. */
  hasOrigin(origin: Token): boolean {
    return origin.isAt(this.#scan.view, this.#valueAt(ORIGIN_ID) - 1);
  }

  #valueAt(index: number): number {
    return (this.#starts[index] ?? 0) + (MEMBERS[index]?.token.length ?? 0);
  }

  /**
   * Reads the line at `start`, and gives the index after its newline, or -1 when it is not a plain one.
   * The bytes end at `end`, with the padding that `endScanAt` puts there.
   */
  read(scan: ScanBytes, start: number, end: number): number {
    const { view } = scan;
    const known = this.#fills === scan.fills && this.#scan === scan;
    this.#scan = scan;
    this.#fills = -1;
    if (!known) {
      this.#starts.fill(-1);
      this.#marks.nonAscii = false;
      this.intent_seq = null;
    }
    const at = view.getUint8(start) === OPEN_BRACE ? this.#endOfMembers(start + 1) : -1;
    if (at === -1 || !VERSION_AND_HASH.isAt(view, at)) return -1;
    this.entryHashAt = at + VERSION_AND_HASH.length;
    const close = this.entryHashAt + HASH_CHARS;
    if (close >= end || (view.getInt32(close, true) & 0xffffff) !== LINE_END) return -1;
    if (close + 2 - start > LINE_BYTES_MAX) return -1;
    if (this.#marks.nonAscii && !isUtf8(scan.bytes.subarray(start, close))) return -1;
    this.#fills = scan.fills;
    return close + LINE_END_BYTES;
  }

  /**
   * Reads the members before `v`. What is byte for byte as in the line before, from the beginning of one
   * member to the beginning of another, is known to be good.
   */
  #endOfMembers(first: number): number {
    let p = first;
    for (let i = 0; i < MEMBERS.length && p !== -1; i += 1) {
      const before = this.#starts[i] ?? -1;
      if (before !== -1) {
        const same = sameBytes(this.#scan.view, p, before, this.#membersEnd);
        const next = this.#passSame(i, p - before, before + same);
        if (next > i) p += this.#startBefore(next) - before;
        if (next === MEMBERS.length) break;
        // A member that the line before had not may stand here.
        i = MEMBERS[next]?.token.isAt(this.#scan.view, p) === true ? next : this.#passed;
      }
      p = this.#endOfMember(i, p);
    }
    this.#membersEnd = p;
    return p;
  }

  /**
   * The first member from `i` on that the line before had and that does not end before `sameEnd` there. The
   * ones ahead of it, up to `#passed`, are good, and `moved` by so many bytes.
   */
  #passSame(i: number, moved: number, sameEnd: number): number {
    const starts = this.#starts;
    let at = i;
    this.#passed = i;
    for (let next = i + 1; next <= MEMBERS.length; next += 1) {
      const start = this.#startBefore(next);
      if (start === -1) continue;
      // No two records follow the same one.
      if (start > sameEnd || at === PREVIOUS) break;
      starts[at] = (starts[at] ?? 0) + moved;
      this.#passed = at + 1;
      at = next;
    }
    return at;
  }

  #startBefore(index: number): number {
    return index === MEMBERS.length ? this.#membersEnd : (this.#starts[index] ?? -1);
  }

  /** Where the member at `at` ends, its comma included: `at` itself when it is left out. */
  #endOfMember(index: number, at: number): number {
    const expected = MEMBERS[index] as Member;
    const { view } = this.#scan;
    if (!expected.token.isAt(view, at)) {
      this.#starts[index] = -1;
      if (index === INTENT) this.intent_seq = null;
      return expected.optional ? at : -1;
    }
    this.#starts[index] = at;
    const value = at + expected.token.length;
    const isNull = expected.nullable && view.getInt32(value, true) === NULL;
    const end = isNull ? value + 4 : this.#endOfValue(expected.type, value);
    return end !== -1 && view.getUint8(end) === COMMA ? end + 1 : -1;
  }

  #endOfValue(type: number, at: number): number {
    switch (type) {
      case ID:
        return this.#endOfText(at, ID_CHARS_MAX);
      case TEXT:
        return this.#endOfText(at, TEXT_CHARS_MAX);
      case COUNT:
        return this.#endOfCount(at);
      case ARGS:
        return endOfArgs(this.#scan, at, this.#marks);
      case DECISION:
        return this.#endOfDecision(at);
      case KIND:
        return this.#endOfKind(at);
      case PREV_HASH:
        return this.#endOfHash(at);
      case TS:
        return this.#endOfTime(at);
      case FLAG:
        return TRUE.isAt(this.#scan.view, at) ? at + 4 : FALSE.isAt(this.#scan.view, at) ? at + 5 : -1;
      case ERROR:
        return this.#endOfError(at);
      case SEQ: {
        const end = this.#endOfCount(at);
        this.seq = this.#count;
        return end;
      }
      default: {
        const end = this.#endOfCount(at);
        this.intent_seq = this.#count;
        return end;
      }
    }
  }

  /** A bound in bytes is the stricter one: no text has more UTF-16 code units than bytes. */
  #endOfText(at: number, bytesMax: number): number {
    const { view } = this.#scan;
    if (view.getUint8(at) !== QUOTE) return -1;
    const close = endOfText(view, at + 1, this.#marks);
    return close === -1 || close - at - 1 > bytesMax ? -1 : close + 1;
  }

  #endOfCount(at: number): number {
    const { view } = this.#scan;
    let value = 0;
    let p = at;
    for (let digit = view.getUint8(p) - ZERO; digit >= 0 && digit <= 9; digit = view.getUint8(p) - ZERO) {
      value = value * 10 + digit;
      p += 1;
      if (p - at > DIGITS_MAX) return -1;
    }
    this.#count = value;
    return p === at || (p - at > 1 && view.getUint8(at) === ZERO) ? -1 : p;
  }

  #endOfDecision(at: number): number {
    for (const token of DECISIONS) if (token.isAt(this.#scan.view, at)) return at + token.length;
    return -1;
  }

  #endOfKind(at: number): number {
    for (const { kind, token } of KINDS) {
      if (!token.isAt(this.#scan.view, at)) continue;
      this.kind = kind;
      return at + token.length;
    }
    return -1;
  }

  #endOfHash(at: number): number {
    const { view } = this.#scan;
    const close = at + 1 + HASH_CHARS;
    if (view.getUint8(at) !== QUOTE || !this.#prevHash.isAt(view, at + 1)) return -1;
    return view.getUint8(close) === QUOTE ? close + 1 : -1;
  }

  #endOfError(at: number): number {
    const { view } = this.#scan;
    if (!CODE.isAt(view, at)) return -1;
    const code = this.#endOfNullable(at + CODE.length, ID_CHARS_MAX);
    if (code === -1 || !MESSAGE.isAt(view, code)) return -1;
    const message = this.#endOfNullable(code + MESSAGE.length, ERROR_CHARS_MAX);
    return message !== -1 && view.getUint8(message) === CLOSE_BRACE ? message + 1 : -1;
  }

  #endOfNullable(at: number, bytesMax: number): number {
    return this.#scan.view.getInt32(at, true) === NULL ? at + 4 : this.#endOfText(at, bytesMax);
  }

  #endOfTime(at: number): number {
    const { bytes, view } = this.#scan;
    if (view.getUint8(at) !== QUOTE) return -1;
    if (!this.#minute.isAt(view, at + 1)) {
      // Most records are of the same minute as the one before.
      const minute = bytes.toString('latin1', at + 1, at + 1 + MINUTE_CHARS);
      if (!MINUTE.test(minute) || !isDay(minute.slice(0, 10))) return -1;
      this.#minute = new Token(minute);
    }
    const second = at + 1 + MINUTE_CHARS;
    for (let i = 0; i < SECOND.length; i += 1) {
      const expected = SECOND[i] ?? 0;
      const byte = view.getUint8(second + i);
      if (expected > 1 ? byte !== expected : byte < ZERO || byte > ZERO + (expected === 0 ? 5 : 9)) return -1;
    }
    return second + SECOND.length;
  }
}

/** A text as it stands as the value of a member, with what is before and after it. */
export function valueToken(text: string): Token {
  return new Token(`:${jsonString(text)},`);
}

/** Whether a month has that day. */
function isDay(day: string): boolean {
  return day.slice(8) <= '28' || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) === day;
}
