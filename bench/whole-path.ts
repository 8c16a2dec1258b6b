import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { makeTempDir } from '@praxis/testkit';
import { type Measured, printTable, ratePerSecond } from './support/measure.ts';

// What an agent waits for: the real client, the real server in a process of its own, a durable record each.
const COUNT = process.argv.includes('--full') ? 2000 : 400;
const CALLERS = 16;
const LAUNCHER = join(import.meta.dirname, '..', 'apps', 'cli', 'bin', 'praxis.js');
const PATH = process.env['PATH'] ?? '/usr/bin:/bin';

/** Lines through another process and back: what any stdio server costs before it does anything. */
async function echoRate(): Promise<number> {
  const echo = 'process.stdin.pipe(process.stdout)';
  const child = spawn(process.execPath, ['-e', echo], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const request = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'query_facts' },
  });
  const rate = await ratePerSecond(
    async () => {
      child.stdin.write(`${request}\n`);
      const [line] = (await once(lines, 'line')) as [string];
      return JSON.parse(line) as unknown;
    },
    { count: COUNT },
  );
  child.stdin.end();
  await once(child, 'exit');
  return rate;
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
const ceiling = await echoRate();
const rows: Measured[] = [
  { what: 'ceiling: a line to another process and back', perSecond: ceiling, ceiling: '', share: null },
];
const client = await connected(dir.path);
const CALLS: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['T0 call (query_facts)', 'query_facts', {}],
  [
    'denied call (a host that is not in the inventory)',
    'run_action',
    { adapter: 'ssh', host: 'web1', action: 'uptime' },
  ],
];
for (const callers of [1, CALLERS]) {
  for (const [what, name, args] of CALLS) {
    const perSecond = await ratePerSecond(() => client.callTool({ name, arguments: args }), {
      count: COUNT,
      callers,
    });
    const who = callers === 1 ? '1 caller' : `${callers} callers`;
    rows.push({
      what: `${what}, ${who}`,
      perSecond,
      ceiling: 'line echo, 1 caller',
      share: perSecond / ceiling,
    });
  }
}
await client.close();
printTable('The whole path over stdio, with the real client', rows);
