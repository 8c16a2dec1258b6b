import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  type LineChannel,
  listSegments,
  otlpSink,
  streamSink,
  syslogSink,
  verifyLedger,
} from '../src/index.ts';
import { aLedger, anEntry, scratch } from './a-ledger.ts';

/** A server that keeps what it gets. */
async function listening(
  server: Server,
  at: object = { port: 0, host: '127.0.0.1' },
): Promise<{ port: number; got: () => string; close: () => void }> {
  const chunks: Buffer[] = [];
  const sockets: { destroy(): void }[] = [];
  server.on('connection', (socket: { destroy(): void }) => sockets.push(socket));
  server.on('addContext' in server ? 'secureConnection' : 'connection', (socket: NodeJS.ReadableStream) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(at, resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    got: () => Buffer.concat(chunks).toString(),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function counted(stream: string): string[] {
  const messages: string[] = [];
  const bytes = Buffer.from(stream);
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('utf8', at, space));
    messages.push(bytes.toString('utf8', space + 1, space + 1 + length));
    at = space + 1 + length;
  }
  return messages;
}

/** The numbers of the records in a stream of counted messages. */
function seqsIn(stream: string): number[] {
  return counted(stream).map((message) => Number(/"seq":(\d+),/.exec(message)?.[1]));
}

describe('syslog', () => {
  it('sends RFC 5424 over UDP', async () => {
    const socket = createSocket('udp4');
    const messages: string[] = [];
    socket.on('message', (message) => messages.push(message.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    onTestFinished(() => void socket.close());
    const ledger = await aLedger({ sinks: [syslogSink({ address: `127.0.0.1:${socket.address().port}` })] });
    await ledger.append(anEntry({ args: { text: 'é' } }));
    await vi.waitFor(() => expect(messages).toHaveLength(2));
    expect(messages[1]).toMatch(
      /^<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ praxis-audit \d+ audit - \{"args".*"entry_hash":"[0-9a-f]{64}"\}$/,
    );
    expect(ledger.status.sinks).toMatchObject([{ delivered: 2, dropped: 0, behind: 0 }]);
  });

  it('frames messages on TCP, TLS and Unix sockets', async () => {
    const directory = scratch();
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        'k',
        '-out',
        'c',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost',
      ],
      { cwd: directory, stdio: 'ignore' },
    );
    const [key, cert] = [
      readFileSync(join(directory, 'k'), 'utf8'),
      readFileSync(join(directory, 'c'), 'utf8'),
    ];
    const tcp = await listening(createServer());
    const tls = await listening(createTlsServer({ key, cert }));
    const unix = await listening(createServer(), { path: join(directory, 'socket') });
    const sinks = [
      syslogSink({ address: `tcp://127.0.0.1:${tcp.port}` }),
      syslogSink({ address: `tls://localhost:${tls.port}`, ca: cert }),
      syslogSink({ address: join(directory, 'socket'), format: 'rfc3164' }),
    ];
    const ledger = await aLedger({ sinks });
    await ledger.append(anEntry({ args: { text: 'é' } }));
    await vi.waitFor(() => expect(ledger.status.sinks.map((sink) => sink.delivered)).toEqual([2, 2, 2]));
    await vi.waitFor(() =>
      expect(
        [counted(tcp.got()), counted(tls.got()), unix.got().split('\n').slice(0, -1)].map(
          (got) => got.length,
        ),
      ).toEqual([2, 2, 2]),
    );
    expect(unix.got()).toMatch(/^<85>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ praxis-audit\[\d+\]: \{/);
  });

  it('catches up from the log when the collector was away, without holding the log up', async () => {
    const reserved = await listening(createServer());
    const ledger = await aLedger({
      sinks: [
        syslogSink({ address: `tcp://127.0.0.1:1` }),
        syslogSink({ address: `tcp://127.0.0.1:${reserved.port}` }),
      ],
    });
    for (let i = 0; i < 5_000; i += 1) void ledger.append(anEntry({ args: { i } }));
    await ledger.append(anEntry());
    await vi.waitFor(
      () => expect(ledger.status.sinks[1]).toMatchObject({ delivered: 5_002, behind: 0 }),
      5_000,
    );
    expect(ledger.status.sinks[0]).toMatchObject({ delivered: 0, behind: 5_002 });
    expect(ledger.status.sinks[0]?.failures).toBeGreaterThan(0);
    const seqs = counted(reserved.got()).map((message) =>
      Number(/"seq":(\d+),"(?:session_id|target)"/.exec(message)?.[1]),
    );
    expect(seqs).toEqual(Array.from({ length: 5_002 }, (_, i) => i));
  });

  it('gives a collector that comes late everything, in order', async () => {
    const path = join(scratch(), 'late');
    const ledger = await aLedger({ sinks: [syslogSink({ address: path })] });
    for (let i = 0; i < 4_500; i += 1) void ledger.append(anEntry({ args: { i } }));
    await ledger.append(anEntry());
    await vi.waitFor(() => expect(ledger.status.sinks[0]?.failures).toBeGreaterThan(0));
    const late = await listening(createServer(), { path });
    await vi.waitFor(() => expect(ledger.status.sinks[0]).toMatchObject({ behind: 0, dropped: 0 }), 8_000);
    await vi.waitFor(() => expect(counted(late.got())).toHaveLength(4_502));
  });

  it('gives a collector that was away over restarts all that it lacks, and counts what was archived meanwhile', async () => {
    const path = join(scratch(), 'ledger.jsonl');
    const address = join(scratch(), 'late');
    const session = async (records: number, rotate: boolean): Promise<void> => {
      const ledger = await aLedger({ path, sinks: [syslogSink({ address })] });
      for (let i = 0; i < records; i += 1) await ledger.append(anEntry());
      if (rotate) await ledger.rotate();
      await ledger.close();
    };
    const open = await listening(createServer(), { path: address });
    await session(3, false);
    await vi.waitFor(() => expect(counted(open.got())).toHaveLength(5));
    open.close();
    await session(2, true);
    await session(4, false);
    const again = await listening(createServer(), { path: address });
    await session(1, false);
    const { records } = await verifyLedger(path);
    await vi.waitFor(() =>
      expect(seqsIn(again.got())).toEqual(Array.from({ length: records - 5 }, (_, i) => i + 5)),
    );
    again.close();
    await session(1, false);
    rmSync(path);
    const last = await listening(createServer(), { path: address });
    writeFileSync(path.replace('.jsonl', '.sinks'), JSON.stringify({ [`syslog unix ${address}`]: 0 }));
    const ledger = await aLedger({ path, sinks: [syslogSink({ address })] });
    const firstSeq = listSegments(path)[0]?.firstSeq ?? 0;
    await vi.waitFor(
      () => expect(ledger.status.sinks[0]).toMatchObject({ dropped: firstSeq, behind: 0 }),
      5_000,
    );
    expect(firstSeq).toBeGreaterThan(5);
    await vi.waitFor(() => expect(seqsIn(last.got())[0]).toBe(firstSeq));
    await ledger.close();
  }, 20_000);

  it('gets records that were only found whole after the disk failed, too', async () => {
    const path = join(scratch(), 'socket');
    const collector = await listening(createServer(), { path });
    const ledger = await aLedger({ sinks: [syslogSink({ address: path })] });
    await ledger.append(anEntry());
    renameSync(ledger.path, `${ledger.path}.away`);
    await expect(ledger.append(anEntry())).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    renameSync(`${ledger.path}.away`, ledger.path);
    await ledger.append(anEntry());
    await ledger.close();
    const { records } = await verifyLedger(ledger.path);
    await vi.waitFor(() =>
      expect(seqsIn(collector.got())).toEqual(Array.from({ length: records }, (_, i) => i)),
    );
  });

  it('refuses an address that is none', () => {
    for (const address of ['', 'http://x', 'host:0', 'host:99999', 'a b']) {
      expect(() => syslogSink({ address })).toThrow(expect.objectContaining({ code: 'LEDGER_UNWRITABLE' }));
    }
  });
});

/** An OTLP/HTTP collector that keeps what it gets and answers as it is told. */
async function aCollector(answer: () => [number, string]): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createHttpServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      bodies.push(text);
      const [status, body] = answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  const { port } = await listening(server);
  return { url: `http://127.0.0.1:${port}`, bodies };
}

/** OTLP 1.x, `ExportLogsServiceRequest` in its JSON encoding: lowerCamelCase, 64-bit integers as strings, ids as hex. */
const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d{1,19}$/) }),
]);
const attributes = z.array(z.strictObject({ key: z.string().min(1), value: anyValue }));
const otlpLogsSchema = z.strictObject({
  resourceLogs: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeLogs: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string() }),
          logRecords: z.array(
            z.strictObject({
              timeUnixNano: z.string().regex(/^\d{19}$/),
              severityNumber: z.int().min(1).max(24),
              severityText: z.string(),
              body: anyValue,
              attributes,
              traceId: z
                .string()
                .regex(/^[0-9a-f]{32}$/)
                .optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A socket of the kind that `/dev/log` mostly is. Node cannot make one. */
async function aDatagramSocket(path: string): Promise<void> {
  const program =
    'import socket,sys; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); sys.stdin.read()';
  const child = spawn('python3', ['-c', program, path], { stdio: ['pipe', 'ignore', 'inherit'] });
  onTestFinished(() => void child.kill());
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), 5_000);
}

describe('a Unix socket that takes datagrams', () => {
  it('is said to be one when nothing here can write to it', async () => {
    const path = join(scratch(), 'log');
    await aDatagramSocket(path);
    const sink = syslogSink({ address: path });
    await expect(sink.deliver([{ seq: 0, line: '{}' }])).rejects.toMatchObject({
      code: 'SYSLOG_SOCKET_DATAGRAM',
    });
    const ledger = await aLedger({ sinks: [syslogSink({ address: path })] });
    await vi.waitFor(() => expect(ledger.status.sinks[0]?.lastFailure).toContain('datagrams'));
  });

  it('is left to whoever can, which is asked anew after a failure', async () => {
    const path = join(scratch(), 'log');
    await aDatagramSocket(path);
    const sent: string[] = [];
    let failures = 1;
    const datagramSocket = (): LineChannel => ({
      send: (lines) => {
        failures -= 1;
        if (failures >= 0) return Promise.reject(new Error('gone'));
        sent.push(...lines);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
    const ledger = await aLedger({ sinks: [syslogSink({ address: path, datagramSocket })] });
    await ledger.append(anEntry());
    await vi.waitFor(
      () => expect(ledger.status.sinks[0]).toMatchObject({ delivered: 2, dropped: 0, failures: 1 }),
      5_000,
    );
    expect(sent).toEqual(readFileSync(ledger.path, 'utf8').split('\n').slice(0, -1));
  });
});

describe('OTLP and streams', () => {
  it('sends log records to a collector and tries again when it fails', async () => {
    const bodies: {
      resourceLogs: {
        scopeLogs: { logRecords: { severityText: string; body: { stringValue: string } }[] }[];
      }[];
    }[] = [];
    let refusals = 1;
    const server = createHttpServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        refusals -= 1;
        if (refusals < 0) bodies.push(JSON.parse(text) as (typeof bodies)[number]);
        response.writeHead(refusals < 0 && request.url === '/v1/logs' ? 200 : 503).end('{}');
      });
    });
    const { port } = await listening(server);
    const ledger = await aLedger({ sinks: [otlpSink({ endpoint: `http://127.0.0.1:${port}` })] });
    await ledger.append(anEntry({ decision: 'denied' }));
    await vi.waitFor(() => expect(ledger.status.sinks[0]).toMatchObject({ delivered: 2, behind: 0 }), 5_000);
    const records = bodies.flatMap((body) => body.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? []);
    expect(records.map((record) => record.severityText)).toEqual(['INFO', 'WARN']);
    expect(JSON.parse(records[1]?.body.stringValue ?? '')).toMatchObject({ seq: 1, decision: 'denied' });
  });

  it('sends what the protocol knows, and nothing else', async () => {
    const { url, bodies } = await aCollector(() => [200, '']);
    const ledger = await aLedger({ sinks: [otlpSink({ endpoint: url })] });
    await ledger.append(anEntry({ traceId: 'ab'.repeat(16), principal: 'agent:é', host: 'web1' }));
    await ledger.append(anEntry({ traceId: 'not a trace id', decision: 'error' }));
    await vi.waitFor(() => expect(ledger.status.sinks[0]).toMatchObject({ delivered: 3 }), 5_000);
    for (const body of bodies) otlpLogsSchema.parse(JSON.parse(body));
    const sent = bodies.join('');
    expect(sent).toContain(`"traceId":"${'ab'.repeat(16)}"`);
    expect(sent.match(/"traceId"/g)).toHaveLength(1);
  });

  it('counts what a collector will never keep, and goes on with the rest', async () => {
    const answers: [number, string][] = [
      [400, 'bad'],
      [200, '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}'],
    ];
    const { url } = await aCollector(() => answers.shift() ?? [200, '{"partialSuccess":{}}']);
    const ledger = await aLedger({ sinks: [otlpSink({ endpoint: url })] });
    const settled = (delivered: number, dropped: number): Promise<void> =>
      vi.waitFor(
        () => expect(ledger.status.sinks[0]).toMatchObject({ delivered, dropped, behind: 0 }),
        5_000,
      );
    await settled(0, 1);
    await ledger.append(anEntry());
    await settled(0, 2);
    expect(ledger.status.sinks[0]?.lastFailure).toContain('too old');
    await ledger.append(anEntry());
    await settled(1, 2);
  });

  it('writes the stored lines to a stream', async () => {
    const stream = new PassThrough();
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ledger = await aLedger({ sinks: [streamSink(stream)] });
    await ledger.append(anEntry());
    await ledger.close();
    await vi.waitFor(() => expect(text).toBe(readFileSync(ledger.path, 'utf8')));
  });
});
