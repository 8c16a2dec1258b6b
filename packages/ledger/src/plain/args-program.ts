import {
  branch,
  type Code,
  get,
  I32,
  int,
  INT_ADD,
  INT_AND,
  INT_AT_LEAST,
  INT_BELOW,
  INT_EQUAL,
  INT_SUB,
  loop,
  RETURN,
  set,
  tee,
  when,
} from '../wasm/code.ts';
import type { WasmFunction } from '../wasm/module.ts';
import { AT } from './layout.ts';
import {
  type ArgsFunctions,
  run,
  char,
  START,
  FAIL,
  failUnless,
  byteAt,
  isByte,
  isWord,
  advance,
  after,
  fn,
} from './parts.ts';

/** Longer arguments, and arguments that nest deeper, are parsed: that they keep the bounds of `safeCanonicalJson` is clear only of shorter ones. */
const PLAIN_BYTES_MAX = 32_768;
const PLAIN_DEPTH_MAX = 16;
/** More bytes than there are. */
const ANY_LENGTH = 0x7fffffff;

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
  const nested = (which: 'object' | 'array'): Code => [
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

/** The functions that read arguments. */
export function argsFunctions(): ArgsFunctions {
  return {
    precedes: precedes(),
    value: value(),
    object: object(),
    array: array(),
    integer: integer(),
    args: args(),
  };
}
