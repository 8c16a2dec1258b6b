import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runProgram } from '../src/program.ts';
import { aSite } from './a-runtime.ts';

/** Runs one command line in this process; answers its exit code and what it said on standard error. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += String(chunk);
      return true;
    }),
  );
  spies.push(
    vi.spyOn(console, 'error').mockImplementation((line) => {
      said.stderr += `${String(line)}\n`;
    }) as never,
    vi.spyOn(console, 'log').mockImplementation((line) => {
      said.stdout += `${String(line)}\n`;
    }) as never,
  );
  for (const name of Object.keys(process.env).filter((known) => known.startsWith('PRAXIS_')))
    vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  try {
    await runProgram(['node', 'praxis', ...args]);
    return { code: Number(process.exitCode ?? 0), ...said };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

describe('the exit code', () => {
  it.each<[number, string, string[], string]>([
    [0, 'the version', ['--version'], ''],
    [0, 'help', ['--help'], ''],
    [0, 'the help of a command', ['audit', '--help'], ''],
    [0, 'a command that was classified', ['classify', 'ls'], ''],
    [1, 'a destination that is not allowed', ['egress', 'http://127.0.0.1/'], ''],
    [2, 'no command', [], 'Usage'],
    [2, 'an unknown command', ['no-such-command'], 'unknown command'],
    [2, 'an unknown option', ['redact', '--no-such-option'], 'unknown option'],
    [2, 'nothing to classify', ['classify'], 'USAGE'],
    [2, 'a shell that is none', ['classify', '--shell', 'fish', 'ls'], 'USAGE'],
    [2, 'a stop without a reason', ['stop'], 'required option'],
    [2, 'a port that is none', ['up', '--port', 'x'], 'USAGE'],
    [2, 'telemetry of nobody', ['collect', '--parse', 'probe'], 'USAGE'],
    [2, 'a descriptor that is none', ['operator', 'init', '--secret-fd', 'x'], 'USAGE'],
    [3, 'a ledger that is not there', ['audit', 'verify', '/no/such/ledger'], ''],
    [3, 'approvals without a server', ['approvals', 'list'], 'CONTROL_UNREACHABLE'],
  ])('is %d for %s', async (code, _what, args, says) => {
    const ran = await run(args, aSite().env);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(says);
    if (code === 0) expect(ran.stderr).toBe('');
  });

  it.each<[number, string, Record<string, string>]>([
    [2, 'TRANSPORT_UNKNOWN', { PRAXIS_TRANSPORT: 'carrier-pigeon' }],
    [2, 'HTTP_TOKEN_REQUIRED', { PRAXIS_TRANSPORT: 'http' }],
    [2, 'HTTP_PORT_INVALID', { PRAXIS_TRANSPORT: 'http', PRAXIS_HTTP_TOKEN: 'x', PRAXIS_HTTP_PORT: '70000' }],
    [
      2,
      'HTTP_BIND_REFUSED',
      { PRAXIS_TRANSPORT: 'http', PRAXIS_HTTP_TOKEN: 'x', PRAXIS_HTTP_HOST: '0.0.0.0' },
    ],
    [3, 'LEDGER_UNWRITABLE', { PRAXIS_AUDIT_PATH: '/proc/none/audit.jsonl' }],
    [3, 'TSA_CERT_UNREADABLE', { PRAXIS_TSA_URL: 'https://tsa.example/' }],
  ])('is %d when praxis may not start: %s', async (exitCode, code, more) => {
    const site = aSite();
    const ran = await run(['serve'], { ...site.env, ...more });
    expect(ran).toMatchObject({ code: exitCode, stdout: '', stderr: expect.stringContaining(code) });
    expect(existsSync(join(site.state, 'facts.db'))).toBe(false);
  });

  it('is 3 when the port is taken, and everything that was opened is closed again', async () => {
    const site = aSite();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const ran = await run(['up', '--port', port], site.env);
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining('HTTP_BIND_FAILED') });
    await site.start();
  });
});

describe('stopping and resuming without a server', () => {
  it('holds across restarts, and is recorded', async () => {
    const site = aSite();
    expect(await run(['stop', '--reason', 'fire'], site.env)).toMatchObject({ code: 0 });
    const runtime = await site.start();
    expect(runtime.services.killSwitch.tripped()).toBe(true);
    await runtime.close();
    expect(await run(['resume', '--reason', 'out'], site.env)).toMatchObject({ code: 0 });
    const controls = site.records().filter(({ kind }) => kind === 'control');
    expect(controls.map(({ tool, decision }) => [tool, decision])).toEqual([
      ['stop', 'allowed'],
      ['resume', 'allowed'],
    ]);
  });

  it('stops even when nothing can be recorded, and says so', async () => {
    const site = aSite();
    const stop = join(site.dir.path, 'stop-here');
    const env = { ...site.env, PRAXIS_KILL_SWITCH_PATH: stop, PRAXIS_AUDIT_PATH: site.dir.path };
    expect(await run(['stop', '--reason', 'fire'], env)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('LEDGER_UNWRITABLE'),
    });
    expect(existsSync(stop)).toBe(true);
  });

  it('blesses a baseline on the data directory itself', async () => {
    const site = aSite();
    expect(await run(['baseline', 'bless', 'host:web1', '--reason', 'good'], site.env)).toMatchObject({
      code: 0,
    });
    expect(site.records().findLast(({ kind }) => kind === 'control')).toMatchObject({
      tool: 'baseline.bless',
    });
  });
});
