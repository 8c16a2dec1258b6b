import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { readConfig } from '@praxis/mcp-server';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRuntime } from '../src/runtime.ts';
import { sinksOf } from '../src/sinks.ts';
import { vouchersOf } from '../src/vouchers.ts';

function configOf(env: Record<string, string>): ReturnType<typeof readConfig> {
  const dir = makeTempDir();
  onTestFinished(() => dir.remove());
  return readConfig({ HOME: dir.path, PRAXIS_DATA_DIR: join(dir.path, 'state'), ...env });
}

describe('the copies of the ledger', () => {
  it('reach a real syslog socket', async () => {
    const collector = createSocket('udp4');
    collector.bind(0, '127.0.0.1');
    await once(collector, 'listening');
    onTestFinished(() => {
      collector.close();
    });
    const { port } = collector.address();
    const received = once(collector, 'message') as Promise<[Buffer]>;
    const config = configOf({ PRAXIS_AUDIT_SYSLOG_ADDRESS: `udp://127.0.0.1:${port}` });
    const runtime = await openRuntime(config, { log: () => undefined });
    const [message] = await received;
    await runtime.close();
    expect(message.toString('utf8')).toMatch(/^<85>1 \S+ \S+ praxis-audit \d+ audit - \{.*"kind":"session"/);
  });

  it.each([
    ['PRAXIS_AUDIT_SYSLOG_ADDRESS', 'gopher://collector'],
    ['PRAXIS_AUDIT_OTLP_ENDPOINT', 'no url'],
  ])('are refused at start when %s can never be reached', (name, value) => {
    expect(() => sinksOf(configOf({ [name]: value }), false)).toThrowError(
      expect.objectContaining({ code: 'SINK_CONFIG_INVALID' }),
    );
  });

  it('go to standard output over HTTP, and never into an MCP channel', () => {
    expect(sinksOf(configOf({ PRAXIS_AUDIT_STDOUT: 'yes' }), false)).toEqual([]);
    const http = configOf({ PRAXIS_AUDIT_STDOUT: 'yes', PRAXIS_TRANSPORT: 'http' });
    expect(sinksOf(http, false).map((sink) => sink.name)).toEqual(['stdout']);
  });
});

describe('a witness that is none', () => {
  it('keeps praxis from starting', () => {
    for (const value of ['https://witness.example', 'https://witness.example not-a-key']) {
      expect(() => vouchersOf(configOf({ PRAXIS_WITNESSES: value }))).toThrowError(
        expect.objectContaining({ code: 'LEDGER_UNWRITABLE' }),
      );
    }
  });
});
