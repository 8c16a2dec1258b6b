import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { ID_CHARS_MAX } from '../encode-record.ts';
import type { RecordKind } from '../record.ts';
import { jsonString } from '../safe-json.ts';
import { SCAN_PADDING_BYTES, type ScanBytes } from '../scan-bytes.ts';
import { NODE_BYTES, type NodeHash, nodeToHex } from '../tree/node-hash.ts';
import { compile } from '../wasm/module.ts';
import { AT, CANONICAL, HASH_CHARS, LINES_BYTES, MEMORY_BYTES, MINUTE_CHARS } from './layout.ts';
import { PLAIN_KINDS, plainLineProgram } from './line-program.ts';
import { endOfParsedArgs } from './parsed-args.ts';

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

/**
 * Reads lines of which nothing but a few members is wanted where they stand. Passes over every other line,
 * good or bad: those are for `parseLine`, which says what is wrong, and so are all where nothing may be
 * compiled. What this accepts, `parseLine` accepts too, with the same members; it exists because verifying
 * millions of records is mostly reading such lines. What it gives is only valid until a line is read again,
 * by this or another one.
 */
export class PlainLine implements PlainRecord {
  #prevHash: string;
  /** What the line that was sealed last has as its `entry_hash`, or null when `#prevHash` is newer. */
  #prevDigest: NodeHash | null = null;
  /** What stands around and in the value of `origin_id` in every line, or null when no line can be read here. */
  #origin: Buffer | null = null;
  /** Whether the program knows what `expect` said last. */
  #told = false;
  #program: Program | null = null;
  #scan: ScanBytes | null = null;
  /** How often the bytes had been changed when they were copied into the program's memory last. */
  #fills = -1;
  /** The reason that was asked about last, as it would stand in a line. */
  #asked: { readonly reason: string; readonly value: Buffer } = { reason: '', value: valueOf('') };

  /** `prevHash` is what the first line must have as its `prev_hash`. No line is read before `expect` names the origin. */
  constructor(prevHash: string) {
    this.#prevHash = prevHash;
  }

  get kind(): RecordKind {
    return PLAIN_KINDS[this.#int(AT.kind)] ?? 'read';
  }

  get seq(): number {
    return this.#program?.doubles[AT.seq / 8] ?? 0;
  }

  get intent_seq(): number | null {
    const seq = this.#program?.doubles[AT.intentSeq / 8] ?? NONE;
    return seq === NONE ? null : seq;
  }

  get prev_hash(): string {
    const at = this.#int(AT.ownPrevHash);
    return this.#program?.memory.toString('latin1', at, at + HASH_CHARS) ?? '';
  }

  /** The digest of the line without its `entry_hash`, as the record's writer should have taken it. */
  digest(): NodeHash {
    return this.#program === null ? '' : hash('sha256', canonicalBytes(this.#program), 'latin1');
  }

  hasReason(reason: string): boolean {
    if (this.#asked.reason !== reason) this.#asked = { reason, value: valueOf(reason) };
    const { value } = this.#asked;
    const at = this.#int(AT.reason);
    const memory = this.#program?.memory;
    // Most records have another reason, and it begins otherwise.
    if (memory === undefined || memory[at + 1] !== value[1]) return false;
    return memory.compare(value, 0, value.length, at, at + value.length) === 0;
  }

  #int(at: number): number {
    return this.#program?.ints[at / 4] ?? 0;
  }

  /** What the next line must have as its `prev_hash`. */
  get prevHash(): string {
    if (this.#prevDigest !== null) this.#prevHash = nodeToHex(this.#prevDigest);
    this.#prevDigest = null;
    return this.#prevHash;
  }

  /** Says what the next line must have as its `prev_hash` and its `origin_id`. */
  expect(prevHash: string, originId: string): void {
    this.#prevHash = prevHash;
    this.#prevDigest = null;
    this.#told = false;
    const origin = Buffer.from(`:${jsonString(originId)},`);
    const possible = originId.isWellFormed() && origin.length <= ID_CHARS_MAX + AROUND_ORIGIN_BYTES;
    this.#origin = possible && HASH.test(prevHash) ? origin : null;
  }

  /**
   * Reads the line at `start`, and gives the index after its newline, or -1 when it is not a plain one that
   * has what `expect` said. The bytes end at `end`, with the padding that `endScanAt` puts there.
   */
  read(scan: ScanBytes, start: number, end: number): number {
    if (this.#origin === null || end > LINES_BYTES) return -1;
    this.#program ??= sharedProgram();
    const program = this.#program;
    if (program === null) return -1;
    if (program.reader !== this) this.#told = false;
    if (program.reader !== this || this.#scan !== scan || this.#fills !== scan.fills)
      this.#load(program, scan, end);
    if (!this.#told) this.#tell(program, this.#origin);
    program.doubles[AT.intentSeq / 8] = NONE;
    const next = program.read(AT.lines + start, AT.lines + end);
    if (next === 0) return -1;
    if (program.ints[AT.nonAscii / 4] !== 0 && !isUtf8(program.memory.subarray(AT.lines + start, next)))
      return -1;
    return next - AT.lines;
  }

  /** Whether the `entry_hash` of the line that was read is this digest. If so, the next line must follow it. */
  seal(digest: NodeHash): boolean {
    const program = this.#program;
    if (program === null || digest.length !== NODE_BYTES) return false;
    program.memory.write(digest, AT.digest, 'latin1');
    if (program.seal(program.ints[AT.entryHash / 4] ?? 0) === 0) return false;
    this.#prevDigest = digest;
    return true;
  }

  #load(program: Program, scan: ScanBytes, end: number): void {
    scan.bytes.copy(program.memory, AT.lines, 0, end + SCAN_PADDING_BYTES);
    program.reader = this;
    this.#scan = scan;
    this.#fills = scan.fills;
  }

  #tell({ memory, ints }: Program, origin: Buffer): void {
    memory.write(this.prevHash, AT.prevHash, 'latin1');
    origin.copy(memory, AT.origin);
    ints[AT.originBytes / 4] = origin.length;
    this.#told = true;
  }
}

/** No `intent_seq`. */
const NONE = -1;
const HASH = /^[0-9a-f]{64}$/;
/** The colon before the value, its quotes and the comma after it. */
const AROUND_ORIGIN_BYTES = 4;

/** The program, what is in its memory, and whose lines these are. One is enough for all: a line is read in one go. */
interface Program {
  readonly memory: Buffer;
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
  readonly read: (start: number, end: number) => number;
  readonly seal: (entryHashAt: number) => number;
  reader: PlainLine | null;
  /** What begins where canonical bytes do, by its length: to make one each time takes longer than to fill it. */
  readonly canonical: Buffer[];
}

/** Of longer lines there are few. */
const CANONICAL_KEPT_BYTES = 4_096;

function canonicalBytes({ memory, ints, canonical }: Program): Buffer {
  const length = ints[AT.canonicalBytes / 4] ?? 0;
  const known = canonical[length];
  if (known !== undefined) return known;
  const bytes = memory.subarray(CANONICAL, CANONICAL + length);
  if (length <= CANONICAL_KEPT_BYTES) canonical[length] = bytes;
  return bytes;
}

/** Undefined until the first line is read. */
let shared: Program | null | undefined;

function sharedProgram(): Program | null {
  if (shared === undefined) shared = compiledProgram();
  return shared;
}

function compiledProgram(): Program | null {
  const asked = {
    endOfOtherArgs: (at: number): number =>
      found === null ? 0 : Math.max(0, endOfParsedArgs(found.memory, at)),
    isMinute: (at: number): number => (found !== null && learnMinute(found.memory, at) ? 1 : 0),
  };
  const found = compile<Pick<Program, 'read' | 'seal'>>(plainLineProgram(), MEMORY_BYTES, asked);
  if (found === null) return null;
  const { memory, functions } = found;
  for (const byte of Buffer.from('"\\bfnrt')) memory[AT.escapes + byte] = 1;
  const { read, seal } = functions;
  const ints = new Int32Array(memory.buffer);
  return { memory, ints, doubles: new Float64Array(memory.buffer), read, seal, reader: null, canonical: [] };
}

/** A time down to the minute: years far from where an instant may not lie. */
const MINUTE =
  /^(?:1[7-9]|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:$/;

/** Whether a good minute stands there, which is then known. */
function learnMinute(memory: Buffer, at: number): boolean {
  const minute = memory.toString('latin1', at, at + MINUTE_CHARS);
  if (!MINUTE.test(minute) || !isDay(minute.slice(0, 10))) return false;
  memory.write(minute, AT.minute, 'latin1');
  return true;
}

/** A text as it stands as the value of a member, with the comma behind it. */
function valueOf(text: string): Buffer {
  return Buffer.from(`${jsonString(text)},`);
}

/** Whether a month has that day. */
function isDay(day: string): boolean {
  return day.slice(8) <= '28' || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) === day;
}
