import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { Ledger, type LedgerEntry, type Sink } from '@praxis/ledger';
import { readConfig } from '@praxis/mcp-server';
import { makeTempDir, type TempDir } from '@praxis/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sinksOf } from '../src/sinks.ts';
import { A_SESSION } from './a-runtime.ts';

const RSYSLOGD = '/usr/sbin/rsyslogd';
const TLS_DOC = '/usr/share/doc/rsyslog-gnutls';
const MESSAGES = 40;
/** Text that a careless sender breaks, and a record longer than a syslog message of old. */
const ENTRY: LedgerEntry = {
  kind: 'read',
  decision: 'allowed',
  reason: 'allowed',
  tool: 'query_facts',
  args: { text: 'é \u2028 % "quoted" \\ \n next', long: 'x'.repeat(6_000) },
};

interface Collector {
  readonly dir: TempDir;
  readonly udp: number;
  readonly tcp: number;
  readonly tls: number;
  /** The messages that one input took, as they were sent, without their headers. */
  readonly got: (input: 'udp' | 'tcp' | 'tls' | 'unix') => string[];
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function certificate(dir: TempDir): void {
  const made = ['-keyout', join(dir.path, 'key.pem'), '-out', join(dir.path, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...made, ...names], { stdio: 'ignore' });
}

/** A real rsyslogd on loopback, which writes the text of each message to a file of its input. */
async function anRsyslog(): Promise<Collector> {
  const dir = makeTempDir();
  onTestFinished(() => dir.remove());
  certificate(dir);
  const [udp, tcp, tls] = [await freePort(), await freePort(), await freePort()];
  const at = (name: string): string => join(dir.path, name);
  const ruleset = (name: string): string =>
    `ruleset(name="${name}") { action(type="omfile" file="${at(name)}" template="text") }`;
  const config = `
global(workDirectory="${dir.path}" maxMessageSize="128k" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="${at('cert.pem')}" defaultNetstreamDriverCertFile="${at('cert.pem')}"
  defaultNetstreamDriverKeyFile="${at('key.pem')}")
module(load="imudp") module(load="imuxsock" SysSock.Use="off") module(load="imptcp")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="text" type="string" string="%programname%%msg:::drop-last-lf%\\n")
${['udp', 'tcp', 'tls', 'unix'].map(ruleset).join('\n')}
input(type="imudp" address="127.0.0.1" port="${udp}" ruleset="udp")
input(type="imptcp" address="127.0.0.1" port="${tcp}" ruleset="tcp")
input(type="imtcp" address="127.0.0.1" port="${tls}" ruleset="tls")
input(type="imuxsock" Socket="${at('log')}" ruleset="unix" RateLimit.Interval="0")
`;
  writeFileSync(at('rsyslog.conf'), config);
  const child = spawn(RSYSLOGD, ['-n', '-f', at('rsyslog.conf'), '-i', at('pid')], { stdio: 'inherit' });
  onTestFinished(() => stop(child));
  await vi.waitFor(() => expect(existsSync(at('log')) && existsSync(at('pid'))).toBe(true), 5_000);
  const got = (input: string): string[] =>
    existsSync(at(input)) ? readFileSync(at(input), 'utf8').split('\n').slice(0, -1) : [];
  return { dir, udp, tcp, tls, got };
}

async function stop(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

function sinkFor({ dir }: Collector, address: string, more: Record<string, string> = {}): readonly Sink[] {
  const env = { HOME: dir.path, PRAXIS_DATA_DIR: join(dir.path, 'state'), ...more };
  return sinksOf(readConfig({ ...env, PRAXIS_AUDIT_SYSLOG_ADDRESS: address }), false);
}

describe.skipIf(!existsSync(RSYSLOGD) || !existsSync(TLS_DOC))('a real rsyslog', () => {
  it('gets every record, unchanged, over UDP, TCP, TLS and the datagram socket of a system', async () => {
    const collector = await anRsyslog();
    const { dir, udp, tcp, tls, got } = collector;
    const sinks = [
      ...sinkFor(collector, `127.0.0.1:${udp}`),
      ...sinkFor(collector, `tcp://127.0.0.1:${tcp}`),
      ...sinkFor(collector, `tls://localhost:${tls}`, { PRAXIS_AUDIT_SYSLOG_CA: join(dir.path, 'cert.pem') }),
      ...sinkFor(collector, join(dir.path, 'log')),
    ];
    const path = join(dir.path, 'ledger.jsonl');
    const ledger = await Ledger.open({ path, clock: systemClock, session: A_SESSION, sinks });
    for (let i = 0; i < MESSAGES; i += 1) await ledger.append(ENTRY);
    const all = MESSAGES + 1;
    await vi.waitFor(
      () => expect(ledger.status.sinks.map(({ delivered }) => delivered)).toEqual([all, all, all, all]),
      10_000,
    );
    const stored = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    for (const input of ['tcp', 'tls', 'unix', 'udp'] as const) {
      await vi.waitFor(
        () => expect({ input, count: got(input).length }).toEqual({ input, count: all }),
        5_000,
      );
      const texts = got(input).map((text) => text.replace(/^praxis-audit ?/, ''));
      expect({ input, texts: texts.map((text) => text.trimStart()) }).toEqual({ input, texts: stored });
    }
    await ledger.close();
    expect(ledger.status.sinks.map(({ failures }) => failures)).toEqual([0, 0, 0, 0]);
  }, 30_000);
});
