import { ERROR_CHARS_MAX, ID_CHARS_MAX, TEXT_CHARS_MAX } from '../encode-record.ts';
import { LINE_BYTES_MAX } from '../line.ts';
import { RECORD_DECISIONS, type RecordKind } from '../record.ts';
import {
  branchIf,
  bytes,
  type Code,
  COPY,
  get,
  I32,
  int,
  INT_ABOVE,
  INT_ADD,
  INT_AND,
  INT_AT_LEAST,
  INT_BELOW,
  INT_DIFFERS,
  INT_EQUAL,
  INT_IS_ZERO,
  INT_OR,
  INT_SUB,
  loadInt,
  loadLong,
  loadVector,
  long,
  LONG_DIFFERS,
  loop,
  otherwise,
  RETURN,
  set,
  shuffle,
  splat,
  storeByte,
  storeInt,
  storeVector,
  tee,
  V128,
  V_AND,
  V_ANY,
  V_BYTES_SHIFT_RIGHT,
  V_HIGH_BITS,
  V_OR,
  V_SWIZZLE,
  V_XOR,
  when,
} from '../wasm/code.ts';
import type { WasmFunction, WasmProgram } from '../wasm/module.ts';
import { argsFunctions } from './args-program.ts';
import { AT, CANONICAL, HASH_CHARS } from './layout.ts';

import {
  ASKED,
  OWN,
  type LineFunctions,
  numberOf,
  run,
  char,
  START,
  FAIL,
  failUnless,
  isByte,
  isWord,
  advance,
  after,
  fn,
} from './parts.ts';
import { valueFunctions } from './values-program.ts';

/** The kinds of which a chain needs so little that their lines are read here, in the order of their numbers. */
export const PLAIN_KINDS: readonly RecordKind[] = ['read', 'intent', 'outcome', 'refusal'];

/** How a value is read: the code that gives where it ends, or 0, after the place where it begins. */
type Value = Code;
const ID: Value = [int(ID_CHARS_MAX), run('text')];
const TEXT: Value = [int(TEXT_CHARS_MAX), run('text')];
const COUNT: Value = [int(AT.otherCount), run('count')];

interface Member {
  readonly name: string;
  readonly value: Value;
  /** Left out when it is null; the others are there, and some of them may be null. */
  readonly optional: boolean;
  readonly nullable: boolean;
}

const optional = (name: string, value: Value): Member => ({ name, value, optional: true, nullable: false });
const nullable = (name: string, value: Value): Member => ({ name, value, optional: false, nullable: true });
const required = (name: string, value: Value): Member => ({ name, value, optional: false, nullable: false });

/** The members of a record up to `v`, in the order in which they stand. A bound in bytes is the stricter one: no text has more UTF-16 code units than bytes. */
const MEMBERS: readonly Member[] = [
  optional('action_id', ID),
  optional('approval_id', ID),
  optional('approver', TEXT),
  nullable('args', run('args')),
  optional('args_len', COUNT),
  optional('args_sha256', ID),
  nullable('client_id', ID),
  required('decision', run('decision')),
  optional('decision_id', ID),
  optional('dry_run', run('flag')),
  optional('duration_us', COUNT),
  nullable('error', run('error')),
  optional('host', TEXT),
  optional('host_type', TEXT),
  optional('intent_seq', [int(AT.intentSeq), run('count')]),
  required('kind', run('kind')),
  optional('mode', ID),
  required('origin_id', run('originId')),
  nullable('output_len', COUNT),
  nullable('output_sha256', ID),
  nullable('patterns_version', ID),
  optional('policy_version', ID),
  required('prev_hash', run('prevHash')),
  nullable('principal', TEXT),
  required('reason', run('reason')),
  nullable('request_id', ID),
  required('seq', [int(AT.seq), run('count')]),
  optional('session_id', ID),
  nullable('target', TEXT),
  nullable('tier', ID),
  nullable('tool', TEXT),
  optional('trace_id', ID),
  required('ts', run('time')),
];
const VERSION_AND_HASH = '"v":1,"entry_hash":"';
const ENTRY_HASH_CHARS = ',"entry_hash":"'.length;
/** `"}` and the newline, the lowest byte first. */
const LINE_END = 0x0a7d22;
const LINE_END_BYTES = 3;

/** Whether a text of at least four bytes stands there: compares words, of which the last may overlap the one before. */
function isText(local: number, text: string): Code {
  const expected = Buffer.from(text);
  const width = expected.length < 8 ? 4 : 8;
  const last = expected.length - width;
  const offsets = [...Array(Math.ceil(expected.length / width)).keys()].map((i) => Math.min(width * i, last));
  const differences = offsets.map((offset): Code => {
    if (width === 4) return [[get(local), loadInt(offset)], int(expected.readInt32LE(offset)), INT_DIFFERS];
    return [[get(local), loadLong(offset)], long(expected.readBigInt64LE(offset)), LONG_DIFFERS];
  });
  return [differences, differences.slice(1).map(() => INT_OR), INT_IS_ZERO];
}

/** One of several texts; what is to be done for each, told its number. */
function oneOf(texts: readonly string[], then: (index: number) => Code = () => []): WasmFunction {
  const cases = texts.map((text, i) =>
    when(isText(START, text), then(i), after(START, Buffer.byteLength(text)), RETURN),
  );
  return fn(1, [], [cases, int(0)]);
}

function nullableText(): WasmFunction {
  const MAX = 1;
  return fn(
    2,
    [],
    [when(isWord(START, 'null'), after(START, 4), RETURN), [get(START), get(MAX), run('text')]],
  );
}

function error(): WasmFunction {
  const P = 1;
  const member = (name: string, charsMax: number): Code => [
    failUnless(isText(P, name)),
    failUnless([after(P, name.length), int(charsMax), run('nullableText'), tee(P)]),
  ];
  return fn(
    1,
    [I32],
    [
      [get(START), set(P)],
      member('{"code":', ID_CHARS_MAX),
      member(',"message":', ERROR_CHARS_MAX),
      failUnless(isByte(P, '}')),
      after(P, 1),
    ],
  );
}

function prevHash(): WasmFunction {
  const differences = [0, 16, 32, 48].map(
    (offset): Code => [
      [get(START), loadVector(1 + offset)],
      [int(AT.prevHash), loadVector(offset), V_XOR],
    ],
  );
  return fn(
    1,
    [],
    [
      when([differences, [V_OR, V_OR, V_OR], V_ANY], FAIL),
      [int(0), after(START, 1), storeInt(AT.ownPrevHash)],
      failUnless([isByte(START, '"'), isByte(START, '"', 1 + HASH_CHARS), INT_AND]),
      after(START, 2 + HASH_CHARS),
    ],
  );
}

/** The one that is expected, compared with the colon before it and the comma after it. */
function originId(): WasmFunction {
  const length: Code = [int(0), loadInt(AT.originBytes)];
  return fn(
    1,
    [],
    [
      failUnless([[get(START), int(1), INT_SUB], int(AT.origin), length, run('same')]),
      [get(START), length, INT_ADD, int(2), INT_SUB],
    ],
  );
}

function reason(): WasmFunction {
  return fn(
    1,
    [],
    [
      [int(0), get(START), storeInt(AT.reason)],
      [get(START), TEXT],
    ],
  );
}

function memberCode({ name, value, optional: mayBeMissing, nullable: mayBeNull }: Member, p: number): Code {
  const token = `"${name}":`;
  const read: Code = failUnless([get(p), value, tee(p)]);
  const found: Code = [
    advance(p, int(token.length)),
    mayBeNull ? otherwise(isWord(p, 'null'), advance(p, int(4)), read) : read,
    failUnless(isByte(p, ',')),
    advance(p),
  ];
  return mayBeMissing ? when(isText(p, token), found) : [failUnless(isText(p, token)), found];
}

/** The line at the first parameter, newline included, in bytes that end at the second. */
function read(): WasmFunction {
  const [BYTES_END, P, CLOSE, V] = [1, 2, 3, 4] as const;
  return fn(
    2,
    [I32, I32, V128],
    [
      failUnless(isByte(START, '{')),
      [after(START, 1), set(P)],
      MEMBERS.map((member) => memberCode(member, P)),
      failUnless(isText(P, VERSION_AND_HASH)),
      [int(0), after(P, VERSION_AND_HASH.length), storeInt(AT.entryHash)],
      [after(P, VERSION_AND_HASH.length + HASH_CHARS), set(CLOSE)],
      when([get(CLOSE), get(BYTES_END), INT_AT_LEAST], FAIL),
      failUnless([[get(CLOSE), loadInt(0), int(0xffffff), INT_AND], int(LINE_END), INT_EQUAL]),
      when([[after(CLOSE, 2), get(START), INT_SUB], int(LINE_BYTES_MAX), INT_ABOVE], FAIL),
      [get(START), set(P)],
      loop(
        [get(V), get(P), loadVector(0), V_OR, set(V)],
        [advance(P, int(16)), get(P), get(CLOSE), INT_BELOW, branchIf(0)],
      ),
      [int(0), get(V), V_HIGH_BITS, storeInt(AT.nonAscii)],
      // The comma before the last member gives way to the brace that closed the canonical bytes.
      [get(CLOSE), int(HASH_CHARS + ENTRY_HASH_CHARS), INT_SUB, get(START), INT_SUB, set(P)],
      [int(CANONICAL), get(START), get(P), COPY],
      [after(P, CANONICAL), char('}'), storeByte(0)],
      [int(0), after(P, 1), storeInt(AT.canonicalBytes)],
      after(CLOSE, LINE_END_BYTES),
    ],
  );
}

const DIGITS = bytes([...Buffer.from('0123456789abcdef')]);
const FIRST_EIGHT = shuffle(Array.from({ length: 16 }, (_, i) => (i >> 1) + 16 * (i & 1)));
const LAST_EIGHT = shuffle(Array.from({ length: 16 }, (_, i) => 8 + (i >> 1) + 16 * (i & 1)));

/**
 * Whether the 64 characters at the first parameter are the digest in lower-case hex. If so, they are what the
 * next line must have as its `prev_hash`.
 */
function seal(): WasmFunction {
  const [HIGH, LOW, DIFFERENCES, V] = [1, 2, 3, 4] as const;
  const half = (offset: number): Code => [
    [int(AT.digest + offset), loadVector(0), tee(V), int(4), V_BYTES_SHIFT_RIGHT, set(HIGH)],
    [get(V), splat(0x0f), V_AND, set(LOW)],
    [DIGITS, get(HIGH), V_SWIZZLE, set(HIGH), DIGITS, get(LOW), V_SWIZZLE, set(LOW)],
    [FIRST_EIGHT, LAST_EIGHT].map(
      (interleaved, i): Code => [
        [get(HIGH), get(LOW), interleaved, get(START), loadVector(2 * offset + 16 * i), tee(V)],
        [V_XOR, get(DIFFERENCES), V_OR, set(DIFFERENCES)],
      ],
    ),
  ];
  return fn(
    1,
    [V128, V128, V128, V128],
    [
      [half(0), half(16)],
      when([get(DIFFERENCES), V_ANY], FAIL),
      [0, 16, 32, 48].map(
        (offset): Code => [[int(AT.prevHash), get(START), loadVector(offset), storeVector(offset)]],
      ),
      int(1),
    ],
  );
}

/**
 * A program that reads lines of which nothing but a few members is wanted, looking once at each byte: 16 bytes
 * at a time within texts, and whole names at once. `read` gives 0 for every other line, good or bad.
 */
export function plainLineProgram(): WasmProgram {
  const asked = { takes: [I32], gives: [I32] };
  const functions = { ...valueFunctions(), ...argsFunctions(), ...lineFunctions() };
  return {
    asked: Object.fromEntries(ASKED.map((name) => [name, asked])),
    functions: OWN.map((name) => functions[name]),
    exported: { read: numberOf('read'), seal: numberOf('seal') },
  };
}

function lineFunctions(): LineFunctions {
  const quoted = (one: string): string => `"${one}"`;
  return {
    nullableText: nullableText(),
    error: error(),
    flag: oneOf(['true', 'false']),
    decision: oneOf(RECORD_DECISIONS.map(quoted)),
    kind: oneOf(PLAIN_KINDS.map(quoted), (index) => [int(0), int(index), storeInt(AT.kind)]),
    originId: originId(),
    prevHash: prevHash(),
    reason: reason(),
    read: read(),
    seal: seal(),
  };
}
