import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { otlpSink, streamSink, syslogSink } from '../src/index.ts';
import { aLedger, anEntry, scratch } from './a-ledger.ts';

/** A server that keeps what it gets. */
async function listening(
  server: Server,
  at: object = { port: 0, host: '127.0.0.1' },
): Promise<{ port: number; got: () => string }> {
  const chunks: Buffer[] = [];
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

  it('refuses an address that is none', () => {
    for (const address of ['', 'http://x', 'host:0', 'host:99999', 'a b']) {
      expect(() => syslogSink({ address })).toThrow(expect.objectContaining({ code: 'LEDGER_UNWRITABLE' }));
    }
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
