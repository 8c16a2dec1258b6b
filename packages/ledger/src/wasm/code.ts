/**
 * Instructions of WebAssembly, in the order in which they stand. Programs are put together from them, so that
 * nothing has to be believed about a binary.
 */
export interface Code extends ReadonlyArray<number | Code> {}

/** A number from 0 on in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** A signed number in LEB128. */
function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  // A last byte whose sign bit is not the sign needs another.
  const last = rest === (low < 0x40 ? 0n : -1n);
  return last ? [low] : [low | 0x80, ...signed(rest)];
}

/** The bytes of instructions. */
export function flat(code: Code): number[] {
  return code.flatMap((part) => (typeof part === 'number' ? [part] : flat(part)));
}

/** The types of values: integers of 32 and of 64 bits, and vectors of 16 bytes. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;

/** Takes a local variable, sets one, or sets it and leaves the value. */
export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];
export const tee = (local: number): Code => [0x22, local];
/** An integer of 32 bits. */
export const int = (value: number): Code => [0x41, signed(BigInt(value))];
/** An integer of 64 bits. */
export const long = (value: bigint): Code => [0x42, signed(value)];
/** Calls the function of this number with what stands before it. */
export const call = (index: number): Code => [0x10, unsigned(index)];
/** Leaves the function with what stands before it. */
export const RETURN = 0x0f;
/** Ends a function, a loop or a condition. */
export const END = 0x0b;
/** Runs its code again when it branches to it. */
export const loop = (...code: Code): Code => [0x03, 0x40, code, END];
/** Goes on with the loop, or the end of the condition, so many levels further out. */
export const branch = (levels: number): Code => [0x0c, levels];
/** The same when what stands before it is not 0. */
export const branchIf = (levels: number): Code => [0x0d, levels];
/** Runs the code when the condition before it is not 0. */
export const when = (condition: Code, ...code: Code): Code => [condition, 0x04, 0x40, code, END];
/** Runs the first code when the condition is not 0, else the second. */
export const otherwise = (condition: Code, yes: Code, no: Code): Code => [
  condition,
  0x04,
  0x40,
  yes,
  0x05,
  no,
  END,
];

/** Of the one or two integers before it, unsigned where that matters: 1 or 0, or an integer. */
export const INT_IS_ZERO = 0x45;
export const INT_EQUAL = 0x46;
export const INT_DIFFERS = 0x47;
export const INT_BELOW = 0x49;
export const INT_ABOVE = 0x4b;
export const INT_AT_LEAST = 0x4f;
export const INT_LOWEST_BIT = 0x68;
export const INT_ADD = 0x6a;
export const INT_SUB = 0x6b;
export const INT_AND = 0x71;
export const INT_OR = 0x72;
export const INT_SHL = 0x74;
/** Of the one or two integers of 64 bits before it. */
export const LONG_DIFFERS = 0x52;
export const LONG_ADD = 0x7c;
export const LONG_MUL = 0x7e;
export const LONG_OF_INT = 0xad;
export const DOUBLE_OF_LONG = 0xba;

/** Of memory at the address before it, and so many bytes further. No address need be a multiple of anything. */
export const loadByte = (offset: number): Code => [0x2d, 0, unsigned(offset)];
export const loadInt = (offset: number): Code => [0x28, 0, unsigned(offset)];
export const loadLong = (offset: number): Code => [0x29, 0, unsigned(offset)];
/** Stores the value before it at the address before that, and so many bytes further. */
export const storeByte = (offset: number): Code => [0x3a, 0, unsigned(offset)];
export const storeInt = (offset: number): Code => [0x36, 0, unsigned(offset)];
export const storeDouble = (offset: number): Code => [0x39, 0, unsigned(offset)];
/** Copies so many bytes from one address to another: the other, the one, and how many stand before it. */
export const COPY: Code = [0xfc, 0x0a, 0, 0];

/** An operation on vectors, by its number. */
export const vector = (operation: number): Code => [0xfd, unsigned(operation)];
/** Of memory at the address before it, and so many bytes further: 16 bytes. */
export const loadVector = (offset: number): Code => [vector(0x00), 0, unsigned(offset)];
/** The word at so many bytes from the beginning of memory, in each of four lanes. */
export const loadSplat = (offset: number): Code => [int(0), vector(0x09), 2, unsigned(offset)];
/** Stores the 16 bytes before it at the address before that, and so many bytes further. */
export const storeVector = (offset: number): Code => [vector(0x0b), 0, unsigned(offset)];
/** Picks bytes of the two vectors before it: 0 to 15 are those of the first one. */
export const shuffle = (bytes: readonly number[]): Code => [vector(0x0d), bytes];
/** A vector of 16 given bytes. */
export const bytes = (values: readonly number[]): Code => [vector(0x0c), values];
/** A vector of 16 times one byte. */
export const splat = (byte: number): Code => bytes(Array<number>(16).fill(byte));
/** Of the one or two vectors before it, byte by byte; compared bytes become 0xff or 0. */
export const V_SWIZZLE: Code = vector(0x0e);
export const V_BYTES_EQUAL: Code = vector(0x23);
export const V_BYTES_BELOW: Code = vector(0x26);
export const V_BYTES_BELOW_SIGNED: Code = vector(0x25);
export const V_BYTES_ABOVE: Code = vector(0x28);
export const V_AND: Code = vector(0x4e);
export const V_OR: Code = vector(0x50);
export const V_XOR: Code = vector(0x51);
/** Whether any bit of the vector before it is set, and the highest bit of each of its bytes. */
export const V_ANY: Code = vector(0x53);
export const V_HIGH_BITS: Code = vector(0x64);
export const V_BYTES_SHIFT_RIGHT: Code = vector(0x6d);
