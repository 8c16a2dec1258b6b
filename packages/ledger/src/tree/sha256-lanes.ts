import { INTEGERS, PARAMETERS, ROUNDS, sha256Program, unsigned, VECTORS } from './sha256-program.ts';

/** How many messages are hashed at a time. */
export const LANES = 4;
const PAGE_BYTES = 65_536;

/**
 * SHA-256 (FIPS 180-4) of four messages at a time, in the lanes of WebAssembly's vectors. A call of the
 * system's SHA-256 costs more than hashing the 33 or 65 bytes of a node of a tree, and two of these a record
 * are most of what verifying a long log consists of. The program is put together from its instructions, so
 * that nothing has to be believed about a binary; tests hold it to the system's SHA-256.
 */
export interface Sha256Lanes {
  /** What the program works in: the first `reserved` bytes are its own. */
  readonly memory: Buffer;
  readonly reserved: number;
  /**
   * Hashes `groups` times four messages that stand at `messages` one after another, padded to `blocks` blocks
   * each. The digest of message 2n goes to `out + 128n + 1`, that of message 2n + 1 to `out + 128n + 33`: there
   * two digests are the content of the message of their parent in a tree.
   */
  readonly hash: (messages: number, blocks: number, groups: number, out: number) => void;
}

const PRIMES: readonly number[] = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && Array.from({ length: n }, (_, d) => d).every((d) => d < 2 || n % d !== 0),
);
/** The first 32 bits of the fractional part: FIPS 180-4 §4.2.2 and §5.3.3. */
const fraction = (root: number): number => Math.floor((root % 1) * 2 ** 32);
const CONSTANTS: readonly number[] = [
  ...PRIMES.slice(0, ROUNDS).map((prime) => fraction(Math.cbrt(prime))),
  ...PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))),
];
const RESERVED_BYTES: number = 4 * CONSTANTS.length;

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const [I32, V128, FUNCTION, END] = [0x7f, 0x7b, 0x60, 0x0b] as const;

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

/** A module that exports its memory, of so many pages, as `m` and the program as `h`. */
function moduleOf(pages: number): Uint8Array {
  const parameters = Array<number>(PARAMETERS).fill(I32);
  const locals = [2, INTEGERS, I32, ...unsigned(VECTORS), V128];
  const code = [...locals, ...sha256Program(), END];
  return Uint8Array.from(
    [
      MAGIC_AND_VERSION,
      section(1, [1, FUNCTION, PARAMETERS, ...parameters, 0]),
      section(3, [1, 0]),
      section(5, [1, 0, ...unsigned(pages)]),
      section(7, [2, 1, 0x6d, 2, 0, 1, 0x68, 0, 0]),
      section(10, [1, ...unsigned(code.length), ...code]),
    ].flat(),
  );
}

/** What is used of WebAssembly here. */
interface Compiler {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: { readonly m: { readonly buffer: ArrayBuffer }; readonly h: Sha256Lanes['hash'] };
  };
}

/** The program with room for so many bytes beyond its own, or null where nothing may be compiled (`--jitless`). */
export function sha256Lanes(bytes: number): Sha256Lanes | null {
  const { WebAssembly: compiler } = globalThis as { readonly WebAssembly?: Compiler };
  if (compiler === undefined) return null;
  const module = new compiler.Module(moduleOf(Math.ceil((RESERVED_BYTES + bytes) / PAGE_BYTES)));
  const { m, h } = new compiler.Instance(module).exports;
  const memory = Buffer.from(m.buffer);
  for (const [i, word] of CONSTANTS.entries()) memory.writeUInt32LE(word, 4 * i);
  return { memory, reserved: RESERVED_BYTES, hash: h };
}
