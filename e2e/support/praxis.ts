import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const ROOT = join(import.meta.dirname, '..', '..');
/** What users run: the launcher, which finds the pinned Node by itself. */
export const PRAXIS_BIN: string = join(ROOT, 'apps', 'cli', 'bin', 'praxis.js');

export type Env = Readonly<Record<string, string>>;

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a praxis under test: nothing of the developer's own settings gets in. */
export function praxisEnv(dataDir: string, more: Env = {}): Record<string, string> {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  return { PATH: path, HOME: dataDir, LANG: 'C.UTF-8', PRAXIS_DATA_DIR: join(dataDir, 'state'), ...more };
}

/** Runs one praxis command to its end. `secret` arrives on file descriptor 3, `oldSecret` on 4. */
export async function praxis(
  args: readonly string[],
  env: Record<string, string>,
  options: {
    readonly input?: string;
    readonly secret?: string;
    readonly oldSecret?: string;
    readonly node?: string;
  } = {},
): Promise<Ran> {
  const child = spawn(options.node ?? process.execPath, [PRAXIS_BIN, ...args], {
    env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [stdin, stdout, stderr, ...secretPipes] = child.stdio;
  const output = Promise.all([textOf(stdout), textOf(stderr)]);
  for (const [index, secret] of [options.secret, options.oldSecret].entries()) {
    const pipe = secretPipes[index];
    if (!pipe || !('end' in pipe)) continue;
    pipe.on('error', () => undefined);
    pipe.end(secret ?? '');
  }
  stdin?.on('error', () => undefined);
  stdin?.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  const [out, err] = await output;
  return { code: code ?? -1, stdout: out, stderr: err };
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  if (stream === null) return text;
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** One line that the operator's console showed for an approval. */
export interface ConsoleApproval {
  readonly tool: string;
  readonly action_id: string;
  readonly target: string;
  readonly tier: string;
  readonly token: string;
  readonly ttl_s: number;
}

/** Gathers what a server writes on its console. */
export class OperatorConsole {
  readonly lines: string[] = [];

  attach(stream: NodeJS.ReadableStream): void {
    createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
  }

  /** All approvals shown so far, oldest first. */
  get approvals(): ConsoleApproval[] {
    return this.lines
      .filter((line) => line.startsWith('praxis-approval '))
      .map((line) => JSON.parse(line.slice('praxis-approval '.length)) as ConsoleApproval);
  }

  /** The last token shown for an action. */
  tokenOf(actionId: unknown): string {
    const shown = this.approvals.findLast((approval) => approval.action_id === actionId);
    if (shown === undefined) throw new Error(`no approval was shown for ${String(actionId)}`);
    return shown.token;
  }
}

/** A connected MCP client and the console of the server it talks to. */
export interface Connected extends AsyncDisposable {
  readonly client: Client;
  readonly console: OperatorConsole;
  /** Calls a tool; answers its structured content and whether it was marked as an error. */
  call(name: string, args?: Record<string, unknown>): Promise<Answer>;
}

export type Answer = Record<string, unknown> & { readonly isError: boolean };

/** Starts `praxis serve` on stdio and connects the real client to it. */
export async function connectStdio(
  env: Record<string, string>,
  mode: 'legacy' | 'auto' = 'auto',
): Promise<Connected> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [PRAXIS_BIN, 'serve'],
    env,
    stderr: 'pipe',
  });
  const console = new OperatorConsole();
  if (transport.stderr) console.attach(transport.stderr as NodeJS.ReadableStream);
  return connect(transport, console, mode);
}

/** Connects the real client to a server over HTTP. */
export async function connectHttp(
  server: { readonly url: string; readonly token: string; readonly console: OperatorConsole },
  mode: 'legacy' | 'auto' = 'auto',
): Promise<Connected> {
  const transport = new StreamableHTTPClientTransport(new URL(server.url), {
    requestInit: { headers: { Authorization: `Bearer ${server.token}` } },
  });
  return connect(transport, server.console, mode);
}

async function connect(
  transport: StdioClientTransport | StreamableHTTPClientTransport,
  console: OperatorConsole,
  mode: 'legacy' | 'auto',
): Promise<Connected> {
  const client = new Client({ name: 'praxis-e2e', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(transport);
  // The client checks structured answers against the output schemas it has listed.
  await client.listTools();
  return {
    client,
    console,
    call: async (name, args = {}) => {
      const result = await client.callTool({ name, arguments: args });
      return { ...(result.structuredContent as Record<string, unknown>), isError: result.isError === true };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** A running `praxis serve` with PRAXIS_TRANSPORT=http, or `praxis up`. */
export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly console: OperatorConsole;
  readonly pid: number;
  /** Stops it as Ctrl-C would; resolves with its exit code. */
  stop(): Promise<number>;
}

/** Starts an HTTP server and waits until it says that it serves. */
export async function startHttp(
  args: readonly string[],
  env: Record<string, string>,
  token: string,
): Promise<HttpServer> {
  const child = spawn(process.execPath, [PRAXIS_BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const console = new OperatorConsole();
  console.attach(child.stdout);
  console.attach(child.stderr);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const url = await Promise.race([
    urlFrom(console),
    closed.then(([code]) =>
      Promise.reject(new Error(`praxis ended with ${String(code)}: ${console.lines.join('\n')}`)),
    ),
  ]);
  const stop = async (): Promise<number> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
    const [code] = await closed;
    return code ?? -1;
  };
  return {
    url,
    token,
    console,
    pid: child.pid ?? 0,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

async function urlFrom(console: OperatorConsole): Promise<string> {
  for (;;) {
    const match = /http:\/\/\S+\/mcp/.exec(console.lines.join('\n'));
    if (match !== null) return match[0];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
