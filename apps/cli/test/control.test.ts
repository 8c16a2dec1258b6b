import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hashOperatorSecret, saveOperatorSecret } from '@praxis/gate';
import { allTools, askServer, controlSocketPath, type ControlRequest, serverRuns } from '@praxis/mcp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Relays, startControl } from '../src/serving.ts';
import { operatorSecretPath, type Runtime } from '../src/runtime.ts';
import { aSite, type Site } from './a-runtime.ts';

const SECRET = 'a secret only the operator has';
const ATTEMPTS_MAX = 5;
const LINE_BYTES_MAX = 65_536;
const CONNECTIONS_MAX = 256;

/** Derived once: it is slow on purpose. */
const stored = hashOperatorSecret(SECRET, 'anna');

interface Controlled {
  readonly site: Site;
  readonly runtime: Runtime;
  readonly path: string;
  /** Asks as an operator does. */
  readonly ask: (request: Exclude<ControlRequest, { op: 'mcp' }>) => Promise<unknown>;
  /** Calls a tool as an agent does. */
  readonly call: (name: string, args: unknown) => Promise<Readonly<Record<string, unknown>>>;
}

async function controlled(site: Site = aSite()): Promise<Controlled> {
  mkdirSync(site.state, { recursive: true, mode: 0o700 });
  saveOperatorSecret(operatorSecretPath(site.state), await stored);
  const inventory = site.dir.write(
    'inventory.yaml',
    'hosts:\n  - { name: web1, host_type: ubuntu, actuation_paths: [local] }\n',
  );
  site.dir.write('runbooks/fix.sh', 'echo fixed\n');
  site.dir.write('runbooks/wipe.sh', 'rm -rf /srv/scratch\n');
  const runtime = await site.start({
    PRAXIS_MODE: 'open',
    PRAXIS_INVENTORY: inventory,
    PRAXIS_RUNBOOK_ROOT: join(site.dir.path, 'runbooks'),
  });
  const control = await startControl(runtime, new Relays());
  onTestFinished(() => control.close());
  const { services } = runtime;
  const session = services.sessions.open({ id: 's1', principal: 'client:test' });
  return {
    site,
    runtime,
    path: control.path,
    ask: (request) => askServer(control.path, request),
    call: async (name, args) => {
      const tool = allTools(services).get(name);
      const parsed = tool?.input.parse(args);
      const answer = await tool?.run(parsed, { session, requestId: null, traceId: null }, services);
      return answer?.body ?? {};
    },
  };
}

/** Previews a runbook and answers the id of its approval. */
async function waiting({ ask, call }: Controlled, action: string): Promise<string> {
  await call('run_action', { adapter: 'runbook', host: 'web1', action });
  const [one] = (await ask({ op: 'approvals.list' })) as { id: string }[];
  return one?.id ?? '';
}

function execution(action: string): Record<string, unknown> {
  return { adapter: 'runbook', host: 'web1', action, dry_run: false };
}

function opened(path: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(socket));
    onTestFinished(() => {
      socket.destroy();
    });
  });
}

describe('the operator’s socket', () => {
  it('is in the data directory, for its owner alone', async () => {
    const { path, site } = await controlled();
    expect(path).toBe(join(site.state, 'control.sock'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await serverRuns(path)).toBe(true);
  });

  it('moves to an owner-only directory of its own when its path would be too long', async () => {
    const site = aSite();
    const state = join(site.dir.path, 'x'.repeat(120));
    const path = controlSocketPath(state);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
    const { path: served } = await controlled({
      ...site,
      state,
      start: (more) => site.start({ ...more, PRAXIS_DATA_DIR: state }),
    });
    expect(served).toBe(path);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await serverRuns(path)).toBe(true);
  });

  it('replaces what a dead process left behind', async () => {
    const site = aSite();
    mkdirSync(site.state, { mode: 0o700 });
    const left = join(site.state, 'control.sock');
    writeFileSync(left, '');
    await expect(askServer(left, { op: 'status' })).rejects.toMatchObject({ code: 'CONTROL_UNREACHABLE' });
    const { path } = await controlled(site);
    expect(await serverRuns(path)).toBe(true);
  });

  it('is gone once the server has stopped', async () => {
    const { runtime, path } = await controlled();
    const relays = new Relays();
    expect(existsSync(path)).toBe(true);
    await expect(startControl(runtime, relays).then((control) => control.close())).resolves.toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  it('answers a request line at its bound, and refuses one byte more', async () => {
    const { path } = await controlled();
    const answerTo = async (line: string): Promise<unknown> => {
      const socket = await opened(path);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('utf8');
      });
      socket.write(line);
      await new Promise((resolve) => socket.once('end', resolve));
      return JSON.parse(text);
    };
    const padded = '{"op":"status"}'.padEnd(LINE_BYTES_MAX);
    expect(await answerTo(`${padded}\n`)).toMatchObject({ ok: true });
    expect(await answerTo(`${padded} `)).toMatchObject({ ok: false, code: 'CONTROL_BAD_REQUEST' });
    expect(await answerTo(`${padded} \n`)).toMatchObject({ ok: false, code: 'CONTROL_BAD_REQUEST' });
  });

  it('takes no more connections than its bound, and serves again when one goes', async () => {
    const { path } = await controlled();
    const open = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => opened(path)));
    await expect(askServer(path, { op: 'status' })).rejects.toThrow();
    open[0]?.destroy();
    await setTimeout(50);
    expect(await serverRuns(path)).toBe(true);
  });

  it('is no way around the MCP tools: a server that is none is not believed', async () => {
    const path = join(aSite().dir.path, 'false.sock');
    const impostor = createServer((socket) => socket.end('hello\n'));
    await new Promise<void>((resolve) => impostor.listen(path, resolve));
    onTestFinished(() => void impostor.close());
    await expect(askServer(path, { op: 'status' })).rejects.toMatchObject({ code: 'CONTROL_PROTOCOL' });
  });
});

describe('an operator', () => {
  it('sees what waits, approves it, and the agent’s repeat runs once', async () => {
    const control = await controlled();
    const id = await waiting(control, 'fix.sh');
    expect(await control.ask({ op: 'approvals.show', id })).toMatchObject({ id, command: 'echo fixed\n' });
    const granted = await control.ask({ op: 'approvals.approve', id, secret: SECRET });
    expect(granted).toMatchObject({ state: 'granted', approver: 'operator:anna' });
    expect(await control.call('run_action', execution('fix.sh'))).toMatchObject({ output: 'fixed\n' });
    expect(await control.call('run_action', execution('fix.sh'))).toMatchObject({
      reason: 'approval_required',
    });
  });

  it('denies, and the agent hears it', async () => {
    const control = await controlled();
    const id = await waiting(control, 'fix.sh');
    expect(await control.ask({ op: 'approvals.deny', id, secret: SECRET })).toMatchObject({
      state: 'denied',
    });
    expect(await control.call('run_action', execution('fix.sh'))).toMatchObject({ decision: 'denied' });
  });

  it('repeats the target of what cannot be undone', async () => {
    const control = await controlled();
    const id = await waiting(control, 'wipe.sh');
    expect(await control.ask({ op: 'approvals.show', id })).toMatchObject({ tier: 'T3', target: 'web1' });
    const approve = (confirm?: string): Promise<unknown> =>
      control.ask({
        op: 'approvals.approve',
        id,
        secret: SECRET,
        ...(confirm === undefined ? {} : { confirm }),
      });
    await expect(approve()).rejects.toMatchObject({ code: 'OPERATOR_CONFIRMATION_NEEDED' });
    await expect(approve('web2')).rejects.toMatchObject({ code: 'OPERATOR_CONFIRMATION_NEEDED' });
    expect(await approve('web1')).toMatchObject({ state: 'granted' });
  });

  it('is told a code for what is not there', async () => {
    const { ask } = await controlled();
    await expect(ask({ op: 'approvals.show', id: 'ap_none' })).rejects.toMatchObject({
      code: 'APPROVAL_NOT_FOUND',
    });
    const approve = ask({ op: 'approvals.approve', id: 'ap_none', secret: SECRET });
    await expect(approve).rejects.toMatchObject({ code: 'APPROVAL_NOT_FOUND' });
  });

  it('is locked out after wrong secrets, also with the right one, and each try is recorded', async () => {
    const control = await controlled();
    const id = await waiting(control, 'fix.sh');
    const tries = [...Array.from({ length: ATTEMPTS_MAX }, () => 'a wrong secret'), SECRET];
    for (const [index, secret] of tries.entries()) {
      const code = index < ATTEMPTS_MAX ? 'OPERATOR_SECRET_WRONG' : 'OPERATOR_SECRET_LOCKED_OUT';
      await expect(control.ask({ op: 'approvals.approve', id, secret })).rejects.toMatchObject({ code });
    }
    const reasons = control.site
      .records()
      .filter(({ kind }) => kind === 'control')
      .map(({ reason }) => reason);
    expect(reasons).toEqual([
      ...Array.from({ length: ATTEMPTS_MAX }, () => 'operator_secret_wrong'),
      'operator_secret_locked_out',
    ]);
    expect(await control.call('run_action', execution('fix.sh'))).toMatchObject({
      reason: 'approval_required',
    });
  });
});
