import { compile } from '../wasm/module.ts';
import { ROUNDS, sha256Program } from './sha256-program.ts';

/** How many messages are hashed at a time. */
export const LANES = 4;

/**
 * SHA-256 (FIPS 180-4) of four messages at a time, in the lanes of WebAssembly's vectors. A call of the
 * system's SHA-256 costs more than hashing the 33 or 65 bytes of a node of a tree, and two of these a record
 * are most of what verifying a long log consists of. Tests hold it to
 * the system's SHA-256.
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

/** The program with room for so many bytes beyond its own, or null where nothing may be compiled (`--jitless`). */
export function sha256Lanes(bytes: number): Sha256Lanes | null {
  const program = { asked: {}, functions: [sha256Program()], exported: { hash: 0 } };
  const found = compile<Pick<Sha256Lanes, 'hash'>>(program, RESERVED_BYTES + bytes);
  if (found === null) return null;
  const { memory, functions } = found;
  for (const [i, word] of CONSTANTS.entries()) memory.writeUInt32LE(word, 4 * i);
  return { memory, reserved: RESERVED_BYTES, hash: functions.hash };
}
