import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { PraxisError } from '@praxis/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerLines, JSONL_LINE_BYTES_MAX, readAll } from './jsonl.ts';

/** What is answered to these bytes, cut into these chunks. */
async function answersTo(
  chunks: readonly (string | Buffer)[],
  answer: (value: unknown) => unknown = (value) => value,
): Promise<unknown[]> {
  const output = new PassThrough();
  const text = readAll(output, Number.MAX_SAFE_INTEGER);
  await answerLines(Readable.from(chunks, { objectMode: true }), output, answer);
  output.end();
  const lines = (await text).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as unknown);
}

const BAD = { error: { code: 'JSON_INVALID', message: expect.stringMatching(/./) } };

describe('answerLines', () => {
  it('answers each line with one line, in order, the bad ones with a code', async () => {
    const input = '1\nnope\n{"a":[]}\n\n  \n"x"\n{"a":\n3\n';
    expect(await answersTo([input])).toEqual([1, BAD, { a: [] }, BAD, BAD, 'x', BAD, 3]);
  });

  it('answers nothing to nothing', async () => {
    expect(await answersTo([])).toEqual([]);
    expect(await answersTo([''])).toEqual([]);
  });

  it('takes CRLF, a byte order mark and a last line without an end', async () => {
    expect(await answersTo(['\u{feff}1\r\n', '2\r\n3'])).toEqual([1, 2, 3]);
  });

  it('does not care how its input is cut', async () => {
    const line = fc.json().filter((text) => !text.includes('\n'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        async (lines, step) => {
          const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''));
          const chunks: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step));
          expect(await answersTo(chunks)).toEqual(lines.map((one) => JSON.parse(one) as unknown));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('works on several lines at once, in their order, and keeps the order of answers', async () => {
    const output = new PassThrough();
    const text = readAll(output, Number.MAX_SAFE_INTEGER);
    const called: unknown[] = [];
    let atOnce = 0;
    let most = 0;
    const answer = async (value: unknown): Promise<unknown> => {
      called.push(value);
      most = Math.max(most, (atOnce += 1));
      await new Promise((resolve) => setTimeout(resolve, Number(value) % 3));
      atOnce -= 1;
      if (value === 5) throw new PraxisError('USAGE', 'five');
      return value;
    };
    const lines = Array.from({ length: 20 }, (_, n) => n);
    await answerLines(Readable.from([`${lines.join('\n')}\n`]), output, answer, { inFlightMax: 4 });
    output.end();
    const answers = (await text)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(called).toEqual(lines);
    expect(answers).toEqual(lines.map((n) => (n === 5 ? { error: { code: 'USAGE', message: 'five' } } : n)));
    expect(most).toBe(4);
  });

  it('answers a line before the next one comes', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const answered = answerLines(input, output, (value) => value, { inFlightMax: 8 });
    input.write('1\n');
    const [first] = (await once(output, 'data')) as [Buffer];
    expect(first.toString()).toBe('1\n');
    input.end();
    await answered;
  });

  it('refuses bytes that are no UTF-8, and goes on', async () => {
    expect(await answersTo([Buffer.from([0x22, 0xff, 0x22, 0x0a, 0x31, 0x0a])])).toEqual([BAD, 1]);
  });

  it('refuses what the command refuses, with its code, and goes on', async () => {
    const answer = (value: unknown): unknown => {
      if (value === 2) throw new PraxisError('REQUEST_INVALID', 'no two');
      return value;
    };
    expect(await answersTo(['1\n2\n3\n'], answer)).toEqual([
      1,
      { error: { code: 'REQUEST_INVALID', message: 'no two' } },
      3,
    ]);
  });

  it('takes a line at its bound, refuses one byte more, and goes on', async () => {
    const line = (lengthBytes: number): Buffer => Buffer.from(`"${'x'.repeat(lengthBytes - 2)}"\n`);
    const input = [line(JSONL_LINE_BYTES_MAX), line(JSONL_LINE_BYTES_MAX + 1), Buffer.from('1\n')];
    const answers = await answersTo(input, (value) => (typeof value === 'string' ? value.length : value));
    expect(answers).toEqual([
      JSONL_LINE_BYTES_MAX - 2,
      { error: { code: 'LINE_TOO_LONG', message: expect.stringMatching(/./) } },
      1,
    ]);
  });
});

describe('readAll', () => {
  it('reads up to its bound and refuses one byte more', async () => {
    expect(await readAll(Readable.from(['ab', 'c']), 3)).toBe('abc');
    await expect(readAll(Readable.from(['ab', 'cd']), 3)).rejects.toMatchObject({ code: 'INPUT_TOO_LONG' });
  });
});
