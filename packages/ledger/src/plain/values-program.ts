import {
  branch,
  bytes,
  call,
  type Code,
  DOUBLE_OF_LONG,
  get,
  I32,
  I64,
  int,
  INT_ABOVE,
  INT_ADD,
  INT_AND,
  INT_AT_LEAST,
  INT_BELOW,
  INT_DIFFERS,
  INT_EQUAL,
  INT_IS_ZERO,
  INT_LOWEST_BIT,
  INT_SUB,
  loadByte,
  loadInt,
  loadVector,
  long,
  LONG_ADD,
  LONG_MUL,
  LONG_OF_INT,
  loop,
  RETURN,
  set,
  splat,
  storeDouble,
  tee,
  V128,
  V_ANY,
  V_BYTES_ABOVE,
  V_BYTES_BELOW,
  V_BYTES_BELOW_SIGNED,
  V_BYTES_EQUAL,
  V_HIGH_BITS,
  V_OR,
  V_XOR,
  when,
} from '../wasm/code.ts';
import type { WasmFunction } from '../wasm/module.ts';
import { AT, MINUTE_CHARS } from './layout.ts';

/** What the program asks JavaScript, in the order of the functions' numbers. */
export const ASKED = ['endOfOtherArgs', 'isMinute'] as const;
const OF_VALUES = [
  'text',
  'name',
  'count',
  'same',
  'precedes',
  'value',
  'object',
  'array',
  'integer',
  'args',
  'time',
] as const;
const OF_LINES = [
  'nullableText',
  'error',
  'flag',
  'decision',
  'kind',
  'originId',
  'prevHash',
  'reason',
  'read',
  'seal',
] as const;
/** The functions of the program itself, in the order of their numbers. */
export const OWN: readonly OwnName[] = [...OF_VALUES, ...OF_LINES];
type OwnName = (typeof OF_VALUES)[number] | (typeof OF_LINES)[number];
type FunctionName = (typeof ASKED)[number] | OwnName;
/** The functions that read values, and those that read lines, by name. */
export type ValueFunctions = Readonly<Record<(typeof OF_VALUES)[number], WasmFunction>>;
export type LineFunctions = Readonly<Record<(typeof OF_LINES)[number], WasmFunction>>;

export const numberOf = (name: FunctionName): number => [...ASKED, ...OWN].indexOf(name);
export const run = (name: FunctionName): Code => call(numberOf(name));

/** Longer arguments, and arguments that nest deeper, are parsed: that they keep the bounds of `safeCanonicalJson` is clear only of shorter ones. */
const PLAIN_BYTES_MAX = 32_768;
const PLAIN_DEPTH_MAX = 16;
/** How many digits every integer may have and be its own shortest form. */
const DIGITS_MAX = 15;
/** More bytes than there are. */
const ANY_LENGTH = 0x7fffffff;

export const char = (text: string): Code => int(text.charCodeAt(0));
/** Four characters as one word. */
export const word = (text: string): Code => int(Buffer.from(text).readInt32LE(0));

// Every function here takes where something should begin as its first parameter, and gives where it ends, or 0.
export const START = 0;
export const FAIL: Code = [int(0), RETURN];
export const failUnless = (condition: Code): Code => when([condition, INT_IS_ZERO], FAIL);
export const byteAt = (local: number, offset = 0): Code => [get(local), loadByte(offset)];
export const isByte = (local: number, byte: string, offset = 0): Code => [
  byteAt(local, offset),
  char(byte),
  INT_EQUAL,
];
export const isWord = (local: number, text: string, offset = 0): Code => [
  [get(local), loadInt(offset)],
  [word(text), INT_EQUAL],
];
export const advance = (local: number, by: Code = int(1)): Code => [get(local), by, INT_ADD, set(local)];
export const after = (local: number, count: number): Code => [get(local), int(count), INT_ADD];

export function fn(takes: number, locals: readonly number[], code: Code): WasmFunction {
  return { takes: Array<number>(takes).fill(I32), gives: [I32], locals, code };
}

/** Goes on, 16 bytes at a time, to the first that is a quote, a backslash or `another` one, and tells which. */
function toNextStop(p: number, v: number, stops: number, byte: number, another: Code): Code {
  return [
    [get(p), loadVector(0), tee(v), splat(0x22), V_BYTES_EQUAL],
    [get(v), splat(0x5c), V_BYTES_EQUAL, V_OR, another, V_OR, V_HIGH_BITS, tee(stops), INT_IS_ZERO],
    // Nothing but plain characters: to the beginning of the loop that this stands in.
    when([], advance(p, int(16)), branch(1)),
    [get(p), get(stops), INT_LOWEST_BIT, INT_ADD, tee(p), loadByte(0), set(byte)],
  ];
}

/**
 * A canonical JSON text of at most so many bytes, its quotes not counted. No control characters, no escapes but
 * those of RFC 8785 §3.2.2.2 with two characters. Whether bytes beyond ASCII are UTF-8 is asked later.
 */
function text(): WasmFunction {
  const [MAX, P, STOPS, BYTE, V] = [1, 2, 3, 4, 5] as const;
  const control: Code = [get(V), splat(0x20), V_BYTES_BELOW];
  return fn(
    2,
    [I32, I32, I32, V128],
    [
      failUnless(isByte(START, '"')),
      [after(START, 1), set(P)],
      loop(
        toNextStop(P, V, STOPS, BYTE, control),
        when(
          [get(BYTE), char('"'), INT_EQUAL],
          when([[get(P), get(START), INT_SUB, int(1), INT_SUB], get(MAX), INT_ABOVE], FAIL),
          [after(P, 1), RETURN],
        ),
        when(
          [get(BYTE), char('\\'), INT_EQUAL],
          [byteAt(P, 1), loadByte(AT.escapes)],
          when([], advance(P, int(2)), branch(2)),
        ),
      ),
      int(0),
    ],
  );
}

/** The same for a name of printable ASCII without escapes: only such names sort by their bytes. */
function name(): WasmFunction {
  const [P, STOPS, BYTE, V] = [1, 2, 3, 4] as const;
  // Signed, bytes beyond ASCII are below all others.
  const controlOrNotAscii: Code = [get(V), splat(0x20), V_BYTES_BELOW_SIGNED];
  return fn(
    1,
    [I32, I32, I32, V128],
    [
      failUnless(isByte(START, '"')),
      [after(START, 1), set(P)],
      loop(
        toNextStop(P, V, STOPS, BYTE, controlOrNotAscii),
        when([get(BYTE), char('"'), INT_EQUAL], [after(P, 1), RETURN]),
      ),
      int(0),
    ],
  );
}

/** A count in its shortest form. It is stored, as a number of JavaScript, where the second parameter says. */
function count(): WasmFunction {
  const [STORE, P, DIGIT, VALUE] = [1, 2, 3, 4] as const;
  return fn(
    2,
    [I32, I32, I64],
    [
      [get(START), set(P)],
      loop(
        [byteAt(P), char('0'), INT_SUB, tee(DIGIT), int(10), INT_BELOW],
        when(
          [],
          [get(VALUE), long(10n), LONG_MUL, get(DIGIT), LONG_OF_INT, LONG_ADD, set(VALUE)],
          advance(P),
          when([get(P), get(START), INT_SUB, int(DIGITS_MAX), INT_ABOVE], FAIL),
          branch(1),
        ),
      ),
      when([get(P), get(START), INT_EQUAL], FAIL),
      when([[get(P), get(START), INT_SUB, int(1), INT_ABOVE], isByte(START, '0'), INT_AND], FAIL),
      [get(STORE), get(VALUE), DOUBLE_OF_LONG, storeDouble(0)],
      get(P),
    ],
  );
}

/** Whether so many bytes, four at least, are the same at two places. */
function same(): WasmFunction {
  const [A, B, LAST] = [0, 1, 2] as const;
  const differ: Code = [get(A), loadInt(0), get(B), loadInt(0), INT_DIFFERS];
  return fn(
    3,
    [],
    [
      // Where the last four bytes begin at the first place.
      [get(A), get(LAST), INT_ADD, int(4), INT_SUB, set(LAST)],
      loop(
        when([get(A), get(LAST), INT_BELOW], when(differ, FAIL), [
          advance(A, int(4)),
          advance(B, int(4)),
          branch(1),
        ]),
      ),
      [get(B), get(A), INT_SUB, get(LAST), INT_ADD, set(B)],
      [get(LAST), loadInt(0), get(B), loadInt(0), INT_EQUAL],
    ],
  );
}

/** Whether the name that begins at one place sorts before that at another, and is another. Both end in their quotes. */
function precedes(): WasmFunction {
  const [A, B, X, Y] = [0, 1, 2, 3] as const;
  return fn(
    2,
    [I32, I32],
    [
      loop(
        [byteAt(A), tee(X), byteAt(B), tee(Y), INT_EQUAL],
        when([], when([get(X), char('"'), INT_EQUAL], FAIL), [advance(A), advance(B), branch(1)]),
      ),
      when([get(X), char('"'), INT_EQUAL], int(1), RETURN),
      when([get(Y), char('"'), INT_EQUAL], FAIL),
      [get(X), get(Y), INT_BELOW],
    ],
  );
}

/** Texts, integers of up to 15 digits, `true`, `false` and `null`, in arrays and objects; told how deep it is. */
function value(): WasmFunction {
  const [DEPTH, BYTE] = [1, 2] as const;
  const beginsWith = (byte: string, ...then: Code): Code =>
    when([get(BYTE), char(byte), INT_EQUAL], ...then, RETURN);
  const nested = (which: FunctionName): Code => [
    when([get(DEPTH), int(PLAIN_DEPTH_MAX), INT_AT_LEAST], FAIL),
    [after(START, 1), get(DEPTH), run(which)],
  ];
  return fn(
    2,
    [I32],
    [
      [byteAt(START), set(BYTE)],
      beginsWith('"', [get(START), int(ANY_LENGTH), run('text')]),
      beginsWith('{', nested('object')),
      beginsWith('[', nested('array')),
      beginsWith('n', failUnless(isWord(START, 'null')), after(START, 4)),
      beginsWith('t', failUnless(isWord(START, 'true')), after(START, 4)),
      beginsWith('f', failUnless(isWord(START, 'alse', 1)), after(START, 5)),
      [get(START), run('integer')],
    ],
  );
}

/** What is behind the opening brace of an object whose names stand in order. */
function object(): WasmFunction {
  const [DEPTH, P, BEFORE, NAME] = [1, 2, 3, 4] as const;
  return fn(
    2,
    [I32, I32, I32],
    [
      when(isByte(START, '}'), after(START, 1), RETURN),
      [get(START), set(P)],
      loop(
        [after(P, 1), set(NAME)],
        failUnless([get(P), run('name'), tee(P)]),
        failUnless(isByte(P, ':')),
        when([get(BEFORE)], failUnless([get(BEFORE), get(NAME), run('precedes')])),
        [get(NAME), set(BEFORE)],
        failUnless([[after(P, 1), get(DEPTH), int(1), INT_ADD, run('value')], tee(P)]),
        when(isByte(P, '}'), after(P, 1), RETURN),
        failUnless(isByte(P, ',')),
        [advance(P), branch(0)],
      ),
      int(0),
    ],
  );
}

/** What is behind the opening bracket of an array. */
function array(): WasmFunction {
  const [DEPTH, P] = [1, 2] as const;
  return fn(
    2,
    [I32],
    [
      when(isByte(START, ']'), after(START, 1), RETURN),
      [get(START), set(P)],
      loop(
        failUnless([[get(P), get(DEPTH), int(1), INT_ADD, run('value')], tee(P)]),
        when(isByte(P, ']'), after(P, 1), RETURN),
        failUnless(isByte(P, ',')),
        [advance(P), branch(0)],
      ),
      int(0),
    ],
  );
}

/** An integer that may be below 0. */
function integer(): WasmFunction {
  const FIRST = 1;
  return fn(
    1,
    [I32],
    [
      [get(START), isByte(START, '-'), INT_ADD, set(FIRST)],
      // There is no `-0`; other numbers that begin with a zero are for whoever asked to refuse.
      when([isByte(FIRST, '0'), isByte(START, '-'), INT_AND], FAIL),
      [get(FIRST), int(AT.otherCount), run('count')],
    ],
  );
}

/** Any arguments: those that cannot be told here are parsed elsewhere. */
function args(): WasmFunction {
  const P = 1;
  return fn(
    1,
    [I32],
    [
      when(
        [get(START), int(0), run('value'), tee(P)],
        when([get(P), get(START), INT_SUB, int(PLAIN_BYTES_MAX + 1), INT_BELOW], get(P), RETURN),
      ),
      [get(START), run('endOfOtherArgs')],
    ],
  );
}

/** Digits of seconds and microseconds, and what stands between and behind them; 255 is no bound. */
const SECOND = '00.000000Z"';
const SECOND_MAX = [5, 9, 0, 9, 9, 9, 9, 9, 9, 0, 0];

/** A time with its quotes. Most are of the same minute as the one before. */
function time(): WasmFunction {
  const behind = Array<number>(16 - SECOND.length);
  const pattern = bytes([...Buffer.from(SECOND), ...behind.fill(0)]);
  const largest = bytes([...SECOND_MAX, ...behind.fill(0xff)]);
  return fn(
    1,
    [],
    [
      failUnless(isByte(START, '"')),
      when(
        [[after(START, 1), int(AT.minute), int(MINUTE_CHARS), run('same')], INT_IS_ZERO],
        failUnless([after(START, 1), run('isMinute')]),
      ),
      // A digit differs from `0` by its value; every other byte by more than 9.
      [get(START), loadVector(1 + MINUTE_CHARS), pattern, V_XOR, largest, V_BYTES_ABOVE, V_ANY],
      when([], FAIL),
      after(START, 1 + MINUTE_CHARS + SECOND.length),
    ],
  );
}

/** The functions that read values. */
export function valueFunctions(): ValueFunctions {
  return {
    text: text(),
    name: name(),
    count: count(),
    same: same(),
    precedes: precedes(),
    value: value(),
    object: object(),
    array: array(),
    integer: integer(),
    args: args(),
    time: time(),
  };
}
