import type { Readable, Writable } from 'node:stream';
import { errorCode, errorMessage, PraxisError } from '@praxis/core';

/** The longest input line, in bytes; a longer one is answered with an error and skipped. */
export const JSONL_LINE_BYTES_MAX: number = 32 * 1024 * 1024;

/** One input line; `null` stands for one that was too long. */
type Line = Buffer | null;

/** How lines are answered. */
export interface AnswerOptions {
  /**
   * How many lines may be worked on at once, together no longer than one line may be. `answer` is called in their order
   * and answers are written in their order; each is written as soon as it and all before it are there. Default 1.
   */
  readonly inFlightMax?: number;
  /** Reads the text of a line. Default: `JSON.parse`. */
  readonly parse?: (text: string) => unknown;
}

/**
 * Answers each input line with one output line, in order. A line that is no JSON, or that `answer` refuses,
 * gets `{"error":{"code","message"}}`, and the rest goes on.
 */
export async function answerLines(
  input: Readable,
  output: Writable,
  answer: (value: unknown) => unknown,
  options: AnswerOptions = {},
): Promise<void> {
  const { inFlightMax = 1, parse = JSON.parse as (text: string) => unknown } = options;
  const inFlight: { written: Promise<void>; lengthBytes: number }[] = [];
  let inFlightBytes = 0;
  let written = Promise.resolve();
  for await (const line of bytesOfLines(input)) {
    const answered = answerLine(line, parse, answer);
    const before = written;
    written = before.then(async () => writeLine(output, await answered));
    // Whoever waits for a later line hears of a failure; the promise itself must not end the process.
    written.catch(() => undefined);
    inFlight.push({ written, lengthBytes: line?.length ?? 0 });
    inFlightBytes += line?.length ?? 0;
    while (inFlight.length >= inFlightMax || inFlightBytes > JSONL_LINE_BYTES_MAX) {
      const oldest = inFlight.shift();
      if (oldest === undefined) break;
      await oldest.written;
      inFlightBytes -= oldest.lengthBytes;
    }
  }
  await written;
}

async function writeLine(output: Writable, answer: unknown): Promise<void> {
  if (!output.write(`${JSON.stringify(answer) ?? 'null'}\n`)) await drained(output);
}

async function answerLine(
  line: Line,
  parse: (text: string) => unknown,
  answer: (value: unknown) => unknown,
): Promise<unknown> {
  try {
    return await answer(parseLine(line, parse));
  } catch (error) {
    return { error: { code: errorCode(error), message: errorMessage(error) } };
  }
}

function parseLine(line: Line, parse: (text: string) => unknown): unknown {
  if (line === null) {
    throw new PraxisError('LINE_TOO_LONG', `a line has at most ${JSONL_LINE_BYTES_MAX} bytes`);
  }
  try {
    return parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch (cause) {
    if (cause instanceof PraxisError) throw cause;
    throw new PraxisError('JSON_INVALID', 'the line is not JSON in UTF-8', { cause });
  }
}

/** Splits on `\n` alone; the last line need not end in one. */
export async function* linesOf(input: Readable): AsyncGenerator<string | null> {
  for await (const line of bytesOfLines(input)) yield line === null ? null : line.toString('utf8');
}

async function* bytesOfLines(input: Readable): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let lengthBytes = 0;
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield lineOf(parts, lengthBytes, rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      parts = [];
      lengthBytes = 0;
    }
    lengthBytes += rest.length;
    if (lengthBytes <= JSONL_LINE_BYTES_MAX) parts.push(rest);
    else parts = [];
  }
  if (lengthBytes > 0) yield lineOf(parts, lengthBytes, Buffer.alloc(0));
}

function lineOf(parts: readonly Buffer[], lengthBytes: number, last: Buffer): Line {
  if (lengthBytes + last.length > JSONL_LINE_BYTES_MAX) return null;
  return Buffer.concat([...parts, last]);
}

function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => output.once('drain', resolve));
}

/** All of standard input as text. Throws `INPUT_TOO_LONG` beyond `bytesMax`. */
export async function readAll(input: Readable, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    lengthBytes += bytes.length;
    if (lengthBytes > bytesMax)
      throw new PraxisError('INPUT_TOO_LONG', `the input has at most ${bytesMax} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
