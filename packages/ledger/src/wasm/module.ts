import { type Code, END, flat, unsigned } from './code.ts';

const PAGE_BYTES = 65_536;
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION = 0x60;

/** A function of a program: the types of what it takes, gives and works with, and its instructions. */
export interface WasmFunction {
  readonly takes: readonly number[];
  readonly gives: readonly number[];
  readonly locals: readonly number[];
  readonly code: Code;
}

/** What a program consists of. Functions are called by number: those that are asked for come first. */
export interface WasmProgram {
  /** What the program asks JavaScript to do, by name. */
  readonly asked: Readonly<Record<string, Pick<WasmFunction, 'takes' | 'gives'>>>;
  readonly functions: readonly WasmFunction[];
  /** The numbers of those that JavaScript may call, by name. */
  readonly exported: Readonly<Record<string, number>>;
}

/** A program that is ready to run, and its memory. */
export interface WasmInstance<T> {
  readonly memory: Buffer;
  readonly functions: T;
}

/** What is used of WebAssembly here. */
interface Compiler {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, asked: object) => { readonly exports: object };
}

/** Makes a program ready to run with so many bytes of memory, or gives null where nothing may be compiled (`--jitless`). */
export function compile<T>(
  program: WasmProgram,
  memoryBytes: number,
  asked: Readonly<Record<string, (...given: number[]) => number>> = {},
): WasmInstance<T> | null {
  const { WebAssembly: compiler } = globalThis as { readonly WebAssembly?: Compiler };
  if (compiler === undefined) return null;
  const module = new compiler.Module(moduleOf(program, Math.ceil(memoryBytes / PAGE_BYTES)));
  const { exports } = new compiler.Instance(module, { asked });
  const { memory } = exports as { readonly memory: { readonly buffer: ArrayBuffer } };
  return { memory: Buffer.from(memory.buffer), functions: exports as T };
}

function moduleOf({ asked, functions, exported }: WasmProgram, pages: number): Uint8Array {
  const types = [...Object.values(asked), ...functions];
  const imports = Object.keys(asked).map((key, i) => [text('asked'), text(key), 0, unsigned(i)]);
  const exports = Object.entries(exported).map(([key, index]) => [text(key), 0, unsigned(index)]);
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(
      1,
      types.map(({ takes, gives }) => [FUNCTION, list(takes), list(gives)]),
    ),
    ...section(2, imports),
    ...section(
      3,
      functions.map((_, i) => unsigned(imports.length + i)),
    ),
    ...section(5, [[0, unsigned(pages)]]),
    ...section(7, [[text('memory'), 2, 0], ...exports]),
    ...section(10, functions.map(body)),
  ]);
}

function section(id: number, items: readonly Code[]): number[] {
  const content = [...unsigned(items.length), ...flat(items)];
  return [id, ...unsigned(content.length), ...content];
}

function body({ locals, code }: WasmFunction): number[] {
  const content = flat([unsigned(locals.length), locals.map((type) => [1, type]), code, END]);
  return [...unsigned(content.length), ...content];
}

function list(types: readonly number[]): number[] {
  return [...unsigned(types.length), ...types];
}

function text(name: string): number[] {
  return list([...Buffer.from(name)]);
}
