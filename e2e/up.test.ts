import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { makeTempDir } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectHttp, type HttpServer, praxis, praxisEnv, startHttp } from './support/praxis.ts';

/** How long `praxis demo --fast` may take, in milliseconds. */
const DEMO_MS = 20_000;

/** What a shell makes of a printed line, word by word: nothing here guesses at quoting. */
async function wordsOf(line: string, env: Record<string, string>): Promise<string[]> {
  const script = `claude() { printf '%s\\0' "$@"; }; ${line}`;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script], { env });
  return stdout.split('\0').slice(0, -1);
}

/** Starts a server as a client's configuration says, from a directory that is not ours. */
async function connectAs(entry: {
  command: string;
  args: string[];
  env?: Record<string, string>;
}): Promise<Client> {
  const elsewhere = makeTempDir();
  const PATH = process.env['PATH'] ?? '/usr/bin:/bin';
  const transport = new StdioClientTransport({
    command: entry.command,
    args: entry.args,
    cwd: elsewhere.path,
    env: { PATH, HOME: elsewhere.path, ...entry.env },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
  await client.connect(transport);
  onTestFinished(async () => {
    await client.close();
    elsewhere.remove();
  });
  return client;
}

describe('praxis up', () => {
  const dir = makeTempDir();
  // A path that a shell would take apart, and a token that no other test has.
  const env = praxisEnv(join(dir.path, "anna's place"), { PRAXIS_HTTP_PORT: '8765' });
  let server: HttpServer;
  const said = (): string => server.console.lines.join('\n');
  const lineOf = (start: string): string => {
    const line = server.console.lines.find((one) => one.trim().startsWith(start)) ?? '';
    return line.trim().slice(start.length).trim();
  };
  const state = env['PRAXIS_DATA_DIR'] ?? '';

  beforeAll(async () => {
    server = await startHttp(['up', '--port', '0'], env, '');
    while (!said().includes('Ctrl-C')) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    dir.remove();
  });

  it('says what it found, where it serves, and where the token and the ledger are', () => {
    expect(said()).toMatch(/found on host:\S+: .*os_version/);
    expect(lineOf('URL:')).toBe(server.url);
    expect(lineOf('token:')).toBe(join(state, 'http-token'));
    expect(lineOf('ledger:')).toBe(join(state, 'audit.jsonl'));
    expect(statSync(lineOf('token:')).mode & 0o777).toBe(0o600);
    expect(said()).not.toContain(readFileSync(lineOf('token:'), 'utf8').trim());
  });

  it('prints a line for stdio that reaches this praxis from any directory', async () => {
    const words = await wordsOf(lineOf('over stdio:'), env);
    const [first, at] = [words.indexOf('--'), words.indexOf('--env')];
    expect(words.slice(0, 3)).toEqual(['mcp', 'add', 'praxis']);
    expect(words[at + 1]).toBe(`PRAXIS_DATA_DIR=${state}`);
    const [command = '', ...args] = words.slice(first + 1);
    const client = await connectAs({ command, args, env: { PRAXIS_DATA_DIR: state } });
    const { structuredContent } = await client.callTool({ name: 'query_facts', arguments: {} });
    // Facts that only the running praxis has collected.
    expect((structuredContent as { facts: unknown[] }).facts.length).toBeGreaterThan(0);
  });

  it('prints an entry for a configuration file that does the same', async () => {
    const { mcpServers } = JSON.parse(lineOf('in a file:')) as {
      mcpServers: { praxis: { command: string; args: string[]; env: Record<string, string> } };
    };
    const client = await connectAs(mcpServers.praxis);
    expect((await client.listTools()).tools).toHaveLength(9);
  });

  it('prints a line for HTTP whose header carries the token', async () => {
    const words = await wordsOf(lineOf('over HTTP:'), env);
    expect(words.slice(0, 6)).toEqual(['mcp', 'add', '--transport', 'http', 'praxis', server.url]);
    const token = /^Authorization: Bearer (\S+)$/.exec(words[7] ?? '')?.[1] ?? '';
    const connected = await connectHttp({ url: server.url, token, console: server.console });
    onTestFinished(() => connected[Symbol.asyncDispose]());
    expect(await connected.call('query_facts')).toMatchObject({ decision: 'allowed' });
  });

  it('ends with 0 at Ctrl-C and leaves everything whole', async () => {
    expect(await server.stop()).toBe(0);
    expect(existsSync(join(state, 'control.sock'))).toBe(false);
    expect((await praxis(['audit', 'verify', join(state, 'audit.jsonl')], env)).code).toBe(0);
  });
});

describe('praxis up on a token that is none', () => {
  it('does not serve', async () => {
    const dir = makeTempDir();
    onTestFinished(() => dir.remove());
    const env = praxisEnv(dir.path);
    await praxis(['stop', '--reason', 'makes the data directory'], env);
    writeFileSync(join(env['PRAXIS_DATA_DIR'] ?? '', 'http-token'), 'short\n');
    const ran = await praxis(['up', '--port', '0'], env);
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining('HTTP_TOKEN_INVALID') });
  });
});

describe('praxis demo', () => {
  it('runs to its end, tells the whole story, and leaves nothing behind', {
    timeout: DEMO_MS * 2,
  }, async () => {
    const dir = makeTempDir();
    onTestFinished(() => dir.remove());
    const from = performance.now();
    const ran = await praxis(['demo', '--fast'], { ...praxisEnv(dir.path), TMPDIR: dir.path });
    expect(ran.code, ran.stderr).toBe(0);
    expect(performance.now() - from).toBeLessThan(DEMO_MS);
    const scratch = /praxis demo, in (\S+)/.exec(ran.stdout)?.[1] ?? '';
    expect(scratch).toMatch(/^\//);
    expect(existsSync(scratch)).toBe(false);
    expect(ran.stdout).toContain('That was praxis.');
  });
});
