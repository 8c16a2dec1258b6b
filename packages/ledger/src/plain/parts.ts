import {
  call,
  type Code,
  get,
  I32,
  int,
  INT_ADD,
  INT_EQUAL,
  INT_IS_ZERO,
  loadByte,
  loadInt,
  RETURN,
  set,
  when,
} from '../wasm/code.ts';
import type { WasmFunction } from '../wasm/module.ts';

/** What the program asks JavaScript, in the order of the functions' numbers. */
export const ASKED = ['endOfOtherArgs', 'isMinute'] as const;
const OF_VALUES = ['text', 'name', 'count', 'same', 'time'] as const;
const OF_ARGS = ['precedes', 'value', 'object', 'array', 'integer', 'args'] as const;
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
export const OWN: readonly OwnName[] = [...OF_VALUES, ...OF_ARGS, ...OF_LINES];
type OwnName = (typeof OF_VALUES)[number] | (typeof OF_ARGS)[number] | (typeof OF_LINES)[number];
type FunctionName = (typeof ASKED)[number] | OwnName;
/** The functions that read values, arguments and lines, by name. */
export type ValueFunctions = Readonly<Record<(typeof OF_VALUES)[number], WasmFunction>>;
export type ArgsFunctions = Readonly<Record<(typeof OF_ARGS)[number], WasmFunction>>;
export type LineFunctions = Readonly<Record<(typeof OF_LINES)[number], WasmFunction>>;

/** The number by which a function is called. */
export const numberOf = (name: FunctionName): number => [...ASKED, ...OWN].indexOf(name);
/** Calls a function of the program with what stands before it. */
export const run = (name: FunctionName): Code => call(numberOf(name));

/** One character as a byte. */
export const char = (text: string): Code => int(text.charCodeAt(0));
/** Four characters as one word. */
export const word = (text: string): Code => int(Buffer.from(text).readInt32LE(0));

/** Every function of the program takes where something should begin as its first parameter, and gives where it ends, or 0. */
export const START = 0;
/** Leaves the function with 0. */
export const FAIL: Code = [int(0), RETURN];
/** The same unless the condition is not 0. */
export const failUnless = (condition: Code): Code => when([condition, INT_IS_ZERO], FAIL);
/** The byte at a place that a local variable holds, and so many bytes further. */
export const byteAt = (local: number, offset = 0): Code => [get(local), loadByte(offset)];
/** Whether it is this one. */
export const isByte = (local: number, byte: string, offset = 0): Code => [
  byteAt(local, offset),
  char(byte),
  INT_EQUAL,
];
/** Whether four characters stand there. */
export const isWord = (local: number, text: string, offset = 0): Code => [
  [get(local), loadInt(offset)],
  [word(text), INT_EQUAL],
];
/** Moves a place on. */
export const advance = (local: number, by: Code = int(1)): Code => [get(local), by, INT_ADD, set(local)];
/** So many bytes behind a place. */
export const after = (local: number, count: number): Code => [get(local), int(count), INT_ADD];

/** A function of so many integers that gives one. */
export function fn(takes: number, locals: readonly number[], code: Code): WasmFunction {
  return { takes: Array<number>(takes).fill(I32), gives: [I32], locals, code };
}
