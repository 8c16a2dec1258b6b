import {
  branchIf,
  type Code,
  get,
  I32,
  int,
  INT_ADD,
  INT_SHL,
  INT_SUB,
  loadSplat,
  loadVector,
  loop,
  set,
  shuffle,
  storeVector,
  tee,
  V128,
  V_OR,
  V_XOR,
  vector,
} from '../wasm/code.ts';
import type { WasmFunction } from '../wasm/module.ts';

/** How many bytes of a message are taken in at a time. */
export const BLOCK_BYTES = 64;
export const ROUNDS = 64;
const WORDS = 16;
const STATE_WORDS = 8;
/** Where the digests of a group of four go, from where the group's output begins. */
const OUTPUTS = [1, 33, 129, 161];
const OUTPUT_BYTES = 256;

// Locals: four parameters; a counter and where each lane's message goes on; and vectors.
const [MESSAGES, BLOCKS, GROUPS, OUT, BLOCK] = [0, 1, 2, 3, 4] as const;
const LANE_POINTERS: readonly number[] = [5, 6, 7, 8];
/** How many parameters and other integers the program has, and how many vectors. */
const PARAMETERS = 4;
const INTEGERS = 5;
const W: number = PARAMETERS + INTEGERS;
const STATE: number = W + WORDS;
const HASH: number = STATE + STATE_WORDS;
const [T0, T1, T2, T3] = [HASH + STATE_WORDS, HASH + 9, HASH + 10, HASH + 11] as const;
const VECTORS: number = T3 - W + 1;

const BITSELECT = vector(0x52);
const SHL = vector(0xab);
const SHR = vector(0xad);
const ADD = vector(0xae);

const shifted = (x: number, by: number): Code => [get(x), int(by), SHR];
const rotated = (x: number, by: number): Code => [shifted(x, by), get(x), int(32 - by), SHL, V_OR];
const xor3 = (a: Code, b: Code, c: Code): Code => [a, b, V_XOR, c, V_XOR];
const bigSigma0 = (x: number): Code => xor3(rotated(x, 2), rotated(x, 13), rotated(x, 22));
const bigSigma1 = (x: number): Code => xor3(rotated(x, 6), rotated(x, 11), rotated(x, 25));
const sigma0 = (x: number): Code => xor3(rotated(x, 7), rotated(x, 18), shifted(x, 3));
const sigma1 = (x: number): Code => xor3(rotated(x, 17), rotated(x, 19), shifted(x, 10));
const choice = (x: number, y: number, z: number): Code => [get(y), get(z), get(x), BITSELECT];
/** Where x and y differ z decides, else either. */
const majority = (x: number, y: number, z: number): Code => [
  get(z),
  get(y),
  get(x),
  get(y),
  V_XOR,
  BITSELECT,
];

/** FIPS 180-4 §6.2.2, steps 1 and 3: one round, on variables that change places from round to round. */
function round(t: number): Code {
  const at = (index: number): number => STATE + ((index - t + ROUNDS) & (STATE_WORDS - 1));
  const w = (index: number): number => W + (index & (WORDS - 1));
  const schedule: Code = [
    [get(w(t)), sigma0(w(t + 1)), ADD, get(w(t + 9)), ADD],
    [sigma1(w(t + 14)), ADD, set(w(t))],
  ];
  const [a, b, c, d] = [at(0), at(1), at(2), at(3)] as const;
  const [e, f, g, h] = [at(4), at(5), at(6), at(7)] as const;
  return [
    t < WORDS ? [] : schedule,
    [get(h), bigSigma1(e), ADD, choice(e, f, g), ADD],
    [loadSplat(4 * t), ADD, get(w(t)), ADD, set(T0)],
    [get(d), get(T0), ADD, set(d)],
    [get(T0), bigSigma0(a), ADD, majority(a, b, c), ADD, set(h)],
  ];
}

/** The bytes of the words `[vector, word]` of two vectors. */
function words(picked: string, order: readonly number[]): number[] {
  return picked.split(' ').flatMap((pair) => {
    const [from = 0, word = 0] = [...pair].map(Number);
    return order.map((byte) => 16 * from + 4 * word + byte);
  });
}

const TURNED = [3, 2, 1, 0];
const STRAIGHT = [0, 1, 2, 3];
const LOW = shuffle(words('00 10 01 11', TURNED));
const HIGH = shuffle(words('02 12 03 13', TURNED));
const FIRST = shuffle(words('00 01 10 11', STRAIGHT));
const SECOND = shuffle(words('02 03 12 13', STRAIGHT));

/** Turns four vectors of four words into four locals from `column` on, and the bytes of each word round. */
function transposed(rows: readonly Code[], column: number): Code {
  const [a = [], b = [], c = [], d = []] = rows;
  return [
    [a, b, LOW, set(T0), c, d, LOW, set(T1)],
    [a, b, HIGH, set(T2), c, d, HIGH, set(T3)],
    [get(T0), get(T1), FIRST, set(column), get(T0), get(T1), SECOND, set(column + 1)],
    [get(T2), get(T3), FIRST, set(column + 2), get(T2), get(T3), SECOND, set(column + 3)],
  ];
}

/** Sets the message schedule's first words from the next block of each lane, and moves the lanes on. */
function loadBlock(): Code {
  return [
    [0, 4, 8, 12].map((word) =>
      transposed(
        LANE_POINTERS.map((lane) => [get(lane), loadVector(4 * word)]),
        W + word,
      ),
    ),
    LANE_POINTERS.map((lane) => [get(lane), int(BLOCK_BYTES), INT_ADD, set(lane)]),
  ];
}

function compress(): Code {
  const each = Array.from({ length: STATE_WORDS }, (_, i) => i);
  return [
    each.map((i) => [get(HASH + i), set(STATE + i)]),
    Array.from({ length: ROUNDS }, (_, t) => round(t)),
    each.map((i) => [get(HASH + i), get(STATE + i), ADD, set(HASH + i)]),
  ];
}

function storeDigests(): Code {
  const rows = Array.from({ length: STATE_WORDS }, (_, i) => get(HASH + i));
  return [
    transposed(rows.slice(0, 4), W),
    transposed(rows.slice(4), W + 4),
    OUTPUTS.map((offset, lane) => [
      [get(OUT), get(W + lane), storeVector(offset)],
      [get(OUT), get(W + 4 + lane), storeVector(offset + 16)],
    ]),
  ];
}

function program(): Code {
  const lane = [get(MESSAGES), get(BLOCKS), int(6), INT_SHL, INT_ADD, set(MESSAGES)];
  const initial = Array.from({ length: STATE_WORDS }, (_, i) => [loadSplat(4 * (ROUNDS + i)), set(HASH + i)]);
  const countDown = (local: number): Code => [get(local), int(1), INT_SUB, tee(local), branchIf(0)];
  const lanes = LANE_POINTERS.map((pointer): Code => [get(MESSAGES), set(pointer), lane]);
  return loop(
    lanes,
    [initial, get(BLOCKS), set(BLOCK)],
    loop(loadBlock(), compress(), countDown(BLOCK)),
    [storeDigests(), get(OUT), int(OUTPUT_BYTES), INT_ADD, set(OUT)],
    countDown(GROUPS),
  );
}

/**
 * A function of WebAssembly that hashes four messages at a time, one in each lane of its vectors. Its
 * parameters: where the messages stand, how many blocks each has, how many groups of four there are, and
 * where the digests go. At the beginning of its memory it expects the round constants and the initial state.
 */
export function sha256Program(): WasmFunction {
  const locals = [...Array<number>(INTEGERS).fill(I32), ...Array<number>(VECTORS).fill(V128)];
  return { takes: Array<number>(PARAMETERS).fill(I32), gives: [], locals, code: program() };
}
