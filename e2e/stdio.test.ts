import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeTempDir, type TempDir } from '@praxis/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Connected, connectStdio, praxis, PRAXIS_BIN, praxisEnv } from './support/praxis.ts';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const LINE_BYTES_MAX = 16 * 1024 * 1024;

function aPlace(): {
  dir: TempDir;
  env: Record<string, string>;
  ledger: string;
  records: () => Record<string, unknown>[];
} {
  const dir = makeTempDir();
  onTestFinished(() => dir.remove());
  const ledger = join(dir.path, 'state', 'audit.jsonl');
  const records = (): Record<string, unknown>[] =>
    readFileSync(ledger, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { dir, env: praxisEnv(dir.path), ledger, records };
}

function call(id: number, name: string, args: unknown = {}): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

function lines(...messages: (object | string)[]): string {
  return messages.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join('');
}

function parsed(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A server whose input stays open until the test ends it. */
function serve(env: Record<string, string>): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [PRAXIS_BIN, 'serve'], { env });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Resolves once the server has answered its first request. */
async function answering(child: ChildProcessWithoutNullStreams): Promise<void> {
  child.stdin.write(lines(INITIALIZE));
  await once(child.stdout, 'data');
}

describe('praxis serve on stdio', () => {
  it('holds an agent to the policy document, and does not start on a broken one', async () => {
    const { env, records, dir } = aPlace();
    dir.write('look.sh', 'uptime\n');
    dir.write('change.sh', 'systemctl restart nginx\n');
    const rules = `rules:
  - { name: look, effect: allow, principals: ['client:stdio'], actions: [shell.exec], resources: [uptime] }
`;
    const held = {
      ...env,
      PRAXIS_RUNBOOK_ROOT: dir.path,
      PRAXIS_INVENTORY: dir.write(
        'inventory.yaml',
        'hosts:\n  - { name: d1, host_type: ubuntu, actuation_paths: [local] }\n',
      ),
      PRAXIS_POLICY: dir.write('policy.yaml', rules),
    };
    const runbook = (id: number, action: string): object =>
      call(id, 'run_action', { adapter: 'runbook', host: 'd1', action, dry_run: true });
    const input = lines(INITIALIZE, runbook(2, 'look.sh'), runbook(3, 'change.sh'));
    const ran = await praxis(['serve'], held, { input });
    expect(ran.code).toBe(0);
    const reasons = records().map(({ reason, policy_version: version }) => [reason, typeof version]);
    expect(reasons).toContainEqual(['preview', 'string']);
    expect(reasons).toContainEqual(['no_matching_policy', 'string']);
    const broken = { ...held, PRAXIS_POLICY: dir.write('broken.yaml', rules.replace('allow', 'alow')) };
    const refused = await praxis(['serve'], broken, { input });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('POLICY_INVALID');
    expect(refused.stdout).toBe('');
  });

  it('answers what is no message and serves the rest, on a stdout that holds JSON-RPC alone', async () => {
    const { env, records, ledger } = aPlace();
    const huge = JSON.stringify({ ...INITIALIZE, id: 8, pad: 'x'.repeat(LINE_BYTES_MAX) });
    const input = lines(
      'no json',
      '[{"jsonrpc":"2.0","id":2,"method":"ping"}]',
      INITIALIZE,
      huge,
      { jsonrpc: '2.0', id: 3, method: 'no/such/method' },
      call(4, 'query_facts'),
      call(5, 'no_such_tool'),
      {
        jsonrpc: '2.0',
        method: 'tools/call',
        params: { name: 'emergency_stop', arguments: { reason: 'x' } },
      },
      call(6, 'query_facts', { nope: true }),
    );
    const ran = await praxis(['serve'], env, { input });
    const answers = parsed(ran.stdout);
    expect(ran.code).toBe(0);
    expect(answers.every((answer) => answer['jsonrpc'] === '2.0')).toBe(true);
    const codes = answers.map(({ error }) => (error as { code: number } | undefined)?.code);
    const refused = codes.filter((code) => code !== undefined);
    expect(refused.toSorted((a, b) => b - a)).toEqual([-32600, -32600, -32601, -32700]);
    const ids = answers.map(({ id }) => Number(id ?? 0)).filter((id) => id > 0);
    expect(ids.toSorted((a, b) => a - b)).toEqual([1, 3, 4, 5, 6]);
    const reasons = records().filter(({ kind }) => kind === 'read' || kind === 'refusal');
    expect(reasons.map(({ reason }) => String(reason)).sort()).toEqual([
      'allowed',
      'invalid_arguments',
      'malformed_message',
      'malformed_message',
      'malformed_message',
      'unknown_tool',
    ]);
    expect(await praxis(['audit', 'verify', ledger], env)).toMatchObject({ code: 0 });
  });

  it('ends with 0 when its client closes its input, and with its ledger closed', async () => {
    const { env, ledger } = aPlace();
    const ran = await praxis(['serve'], env, { input: '' });
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    const report = await praxis(['audit', 'verify', ledger, '--json'], env);
    expect(JSON.parse(report.stdout)).toMatchObject({ ok: true, first_bad: null });
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('ends with 0 on %s', async (signal) => {
    const { env, ledger } = aPlace();
    const child = serve(env);
    await answering(child);
    child.kill(signal);
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(existsSync(join(env['PRAXIS_DATA_DIR'] ?? '', 'control.sock'))).toBe(false);
    expect(await praxis(['audit', 'verify', ledger], env)).toMatchObject({ code: 0 });
  });
});

describe('a second praxis serve on the same data directory', () => {
  const telemetry = { collector: 'probe', subject: 'host:web1', raw: 'A=1' };
  const reasonsOf = async (clients: readonly Connected[]): Promise<unknown[]> =>
    Promise.all(
      clients.map(async (client) => (await client.call('query_facts', { subject: 'host:web1' }))['seq']),
    );

  it('relays to the first: one ledger, one store, three clients started at once', async () => {
    const { env, records, ledger } = aPlace();
    const clients = await Promise.all([1, 2, 3].map(() => connectStdio(env, 'legacy')));
    await clients[0]?.call('ingest_observation', telemetry);
    expect(new Set(await reasonsOf(clients)).size).toBe(3);
    expect(records().filter(({ reason }) => reason === 'session_started')).toHaveLength(1);
    expect(
      new Set(records().flatMap(({ session_id: id, tool }) => (tool === 'query_facts' ? [id] : []))).size,
    ).toBe(3);
    for (const client of clients.reverse()) await client[Symbol.asyncDispose]();
    expect(await praxis(['audit', 'verify', ledger], env)).toMatchObject({ code: 0 });
  });

  it('is served on after the first one’s own client has left', async () => {
    const { env, records } = aPlace();
    const holder = serve(env);
    await answering(holder);
    const relayed = await connectStdio(env, 'legacy');
    holder.stdin.end();
    await setTimeout(100);
    expect(holder.exitCode).toBeNull();
    expect(await relayed.call('query_facts')).toMatchObject({ decision: 'allowed' });
    // Listened for before it can happen: on a busy machine the holder is gone first.
    const exited = once(holder, 'exit');
    await relayed[Symbol.asyncDispose]();
    expect((await exited)[0]).toBe(0);
    expect(records().filter(({ reason }) => reason === 'session_started')).toHaveLength(1);
  });

  it('gets its last answers when its own client closes its input', async () => {
    const { env } = aPlace();
    const holder = serve(env);
    await answering(holder);
    const ran = await praxis(['serve'], env, { input: lines(INITIALIZE, call(2, 'query_facts')) });
    expect(ran.code).toBe(0);
    expect(parsed(ran.stdout).map(({ id }) => id)).toEqual([1, 2]);
  });
});
