import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { makeTempDir } from '@praxis/testkit';
import { measureAll, printTable } from './support/measure.ts';

// What an agent waits for: the real client, the real server in a process of its own, a durable record each.
const COUNT = process.argv.includes('--full') ? 1000 : 200;
const CALLERS = 16;
const LAUNCHER = join(import.meta.dirname, '..', 'apps', 'cli', 'bin', 'praxis.js');
const PATH = process.env['PATH'] ?? '/usr/bin:/bin';

/** A process that sends every line back: what any stdio server costs before it does anything. */
function startEcho(): { call: () => Promise<unknown>; stop: () => Promise<void> } {
  const child = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const request = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'query_facts' },
  });
  return {
    call: async () => {
      child.stdin.write(`${request}\n`);
      const [line] = (await once(lines, 'line')) as [string];
      return JSON.parse(line) as unknown;
    },
    stop: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

async function connected(dataDir: string): Promise<Client> {
  const env = { PATH, HOME: dataDir, PRAXIS_DATA_DIR: join(dataDir, 'state') };
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [LAUNCHER, 'serve'],
    env,
    stderr: 'ignore',
  });
  const client = new Client({ name: 'bench', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
  await client.connect(transport);
  return client;
}

using dir = makeTempDir();
const echo = startEcho();
const client = await connected(dir.path);
const call = (name: string, args: Record<string, unknown>) => (): Promise<unknown> =>
  client.callTool({ name, arguments: args });
const CALLS: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['T0 call (query_facts)', call('query_facts', {})],
  [
    'denied call (a host that is not in the inventory)',
    call('run_action', { adapter: 'ssh', host: 'web1', action: 'uptime' }),
  ],
];
const ECHO = 'ceiling: a line to another process and back; 1 caller';
const measured = await measureAll(
  [
    { what: ECHO, work: echo.call, callers: 1, ceiling: null },
    ...[1, CALLERS].flatMap((callers) =>
      CALLS.map(([what, work]) => {
        const who = callers === 1 ? '1 caller' : `${callers} callers`;
        return { what: `${what}; ${who}`, work, callers, ceiling: ECHO };
      }),
    ),
  ],
  COUNT,
);
await client.close();
await echo.stop();
printTable('The whole path over stdio, with the real client', measured);
