import {
  branch,
  bytes,
  type Code,
  DOUBLE_OF_LONG,
  get,
  I32,
  I64,
  int,
  INT_ABOVE,
  INT_ADD,
  INT_AND,
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
import {
  type ValueFunctions,
  run,
  char,
  START,
  FAIL,
  failUnless,
  byteAt,
  isByte,
  advance,
  after,
  fn,
} from './parts.ts';

/** How many digits every integer may have and be its own shortest form. */
const DIGITS_MAX = 15;

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
  return { text: text(), name: name(), count: count(), same: same(), time: time() };
}
