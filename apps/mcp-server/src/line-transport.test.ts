import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { sha256Hex, systemClock } from '@praxis/core';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { LineTransport, STDIO_DRAIN_MS, STDIO_LINE_BYTES_MAX } from './line-transport.ts';
import type { RawBytes } from './raw-bytes.ts';

interface Wired {
  readonly input: PassThrough;
  readonly output: PassThrough;
  readonly transport: LineTransport;
  /** What arrived as messages. */
  readonly received: JSONRPCMessage[];
  /** What was written to the client. */
  readonly written: () => Record<string, unknown>[];
  readonly closed: Promise<void>;
}

async function wired(): Promise<Wired> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const transport = new LineTransport(input, output, {
    onrequest: () => undefined,
    onmalformed: () => Promise.resolve(),
    onclosed: resolve,
  });
  const received: JSONRPCMessage[] = [];
  transport.onmessage = (message) => received.push(message);
  await transport.start();
  let text = '';
  output.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const written = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { input, output, transport, received, written, closed };
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

function pingOfBytes(lengthBytes: number): string {
  const [before, after] = ['{"jsonrpc":"2.0","id":2,"method":"ping","params":{"pad":"', '"}}'];
  return before + 'x'.repeat(lengthBytes - before.length - after.length) + after;
}

describe('a line', () => {
  it('arrives whole however it is cut', async () => {
    const { input, received } = await wired();
    for (const byte of Buffer.from(`${PING.replace('ping', 'grüße')}\n`)) input.write(Buffer.of(byte));
    await setTimeout(5);
    expect(received).toEqual([expect.objectContaining({ method: 'grüße' })]);
  });

  it('may share a chunk with others, end in CRLF, or be blank', async () => {
    const { input, received, written } = await wired();
    input.write(`${PING}\r\n\n \n${PING}\n${PING}`);
    await setTimeout(5);
    expect(received).toHaveLength(2);
    input.end();
    await setTimeout(5);
    expect(received).toHaveLength(3);
    expect(written()).toEqual([]);
  });

  it.each([
    ['no JSON', 'nope', -32700, null],
    ['cut JSON', '{"jsonrpc":"2.0",', -32700, null],
    ['a batch', `[${PING}]`, -32600, null],
    ['a bare value', '7', -32600, null],
    ['no JSON-RPC', '{"id":7}', -32600, 7],
    ['another version', '{"jsonrpc":"1.0","id":"a","method":"ping"}', -32600, 'a'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, null],
  ])('that is %s is answered, and the next one is served', async (_what, line, code, id) => {
    const { input, received, written } = await wired();
    input.write(`${line}\n${PING}\n`);
    await setTimeout(5);
    expect(written()).toEqual([{ jsonrpc: '2.0', id, error: { code, message: expect.stringMatching(/./) } }]);
    expect(received).toHaveLength(1);
  });

  it('that is no UTF-8 is answered, and the next one is served', async () => {
    const { input, received, written } = await wired();
    input.write(Buffer.concat([Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from(`${PING}\n`)]));
    await setTimeout(5);
    expect(written()).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ code: -32700 }) }),
    ]);
    expect(received).toHaveLength(1);
  });

  it('is taken at the bound, and one byte more is answered and skipped', async () => {
    const { input, received, written } = await wired();
    input.write(`${pingOfBytes(STDIO_LINE_BYTES_MAX)}\n`);
    input.write(`${pingOfBytes(STDIO_LINE_BYTES_MAX + 1)}\n`);
    input.write(`${PING}\n`);
    await setTimeout(50);
    expect(received.map((message) => 'id' in message && message.id)).toEqual([2, 1]);
    expect(written()).toEqual([
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) }),
    ]);
  });
});

describe('a client that does not read its answers', () => {
  it('is not listened to until it does', async () => {
    const [input, output] = [new PassThrough(), new PassThrough({ highWaterMark: 64 })];
    const transport = new LineTransport(input, output, {
      onrequest: () => undefined,
      onmalformed: () => Promise.resolve(),
      onclosed: () => undefined,
    });
    let received = 0;
    transport.onmessage = () => {
      received += 1;
    };
    await transport.start();
    input.write('nope\n');
    await setTimeout(5);
    input.write(`${PING}\n`);
    await setTimeout(5);
    expect(received).toBe(0);
    output.resume();
    await setTimeout(5);
    expect(received).toBe(1);
  });
});

describe('a line that is no message', () => {
  it('is told by digest and length before it is answered, and holds up what comes after it', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const told: RawBytes[] = [];
    const recorded = Promise.withResolvers<void>();
    const { promise: closed, resolve: onclosed } = Promise.withResolvers<void>();
    const transport = new LineTransport(input, output, {
      onrequest: () => undefined,
      onmalformed: (raw) => {
        told.push(raw);
        return recorded.promise;
      },
      onclosed,
    });
    await transport.start();
    const notUtf8 = Buffer.from([0x22, 0xff, 0x22]);
    const tooLong = 'x'.repeat(STDIO_LINE_BYTES_MAX + 1);
    const lines = ['nope', '[1]', notUtf8, tooLong].map((line) => Buffer.from(line));
    input.write(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
    await setTimeout(5);
    input.end('unheard');
    await setTimeout(20);
    expect(told).toEqual(lines.map((line) => ({ sha256: sha256Hex(line), lengthBytes: line.length })));
    let answers = '';
    output.on('data', (chunk: Buffer) => {
      answers += chunk.toString('utf8');
    });
    expect(output.readableLength).toBe(0);
    recorded.resolve();
    await closed;
    expect(told).toHaveLength(5);
    await setTimeout(5);
    expect(answers.trimEnd().split('\n')).toHaveLength(5);
  });
});

describe('a client that ends its input', () => {
  it('gets the answers that are on their way, then the connection closes', async () => {
    const { input, transport, written, closed } = await wired();
    input.end(`${PING}\n`);
    await setTimeout(20);
    await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
    await closed;
    expect(written()).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
  });

  it('is not waited for when nothing is on its way', async () => {
    const { input, closed } = await wired();
    const from = systemClock.monotonicMs();
    input.end();
    await closed;
    expect(systemClock.monotonicMs() - from).toBeLessThan(STDIO_DRAIN_MS / 2);
  });

  it('is not waited for without end when an answer does not come', async () => {
    const { input, transport, closed } = await wired();
    input.end(`${PING}\n`);
    await closed;
    await expect(transport.send({ jsonrpc: '2.0', id: 1, result: {} })).rejects.toThrow();
  });

  it('or whose pipe breaks closes the connection once', async () => {
    const { output, transport, closed } = await wired();
    output.destroy(new Error('EPIPE'));
    await closed;
    await transport.close();
  });
});
