import { existsSync, readFileSync } from 'node:fs';
import type { InventoryHost } from '@praxis/fleet';
import { makeTempDir, sshdAvailable, startSshd, type TestSshd } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ActionResult,
  type ExecuteOptions,
  isRefusal,
  type PreparedAction,
  type Refusal,
} from '../src/adapter.ts';
import { sshAdapter } from '../src/ssh/ssh.ts';
import { aHost } from './a-host.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const adapter = sshAdapter({ inventory: () => [] });

async function prepared(host: InventoryHost, action: string): Promise<PreparedAction> {
  const answer = await adapter.prepare({ host, action });
  if (isRefusal(answer)) throw new Error(`${answer.reason}: ${answer.detail}`);
  return answer;
}

async function execute(
  host: InventoryHost,
  action: string,
  options: ExecuteOptions = {},
): Promise<ActionResult> {
  const result = await adapter.execute(await prepared(host, action), options);
  if (isRefusal(result)) throw new Error(`${result.reason}: ${result.detail}`);
  return result;
}

function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

/** A process may need a moment to end after it was told to. */
async function endsSoon(pid: number): Promise<boolean> {
  for (let poll = 0; poll < 60; poll += 1) {
    if (!isRunning(pid)) return true;
    await new Promise((settle) => setTimeout(settle, 100));
  }
  return false;
}

describe.skipIf(!sshdAvailable())('ssh over a real server', () => {
  let sshd: TestSshd;
  let host: InventoryHost;

  beforeAll(async () => {
    sshd = await startSshd();
    host = aHost({ routing: { sshAlias: sshd.alias }, ssh: { configFile: sshd.clientConfigPath } });
  });
  afterAll(() => sshd.stop());

  it('shows where it goes and what runs, and changes nothing before the run', async () => {
    using dir = makeTempDir();
    const action = await prepared(host, `touch ${dir.path}/trace`);
    expect(action).toMatchObject({
      adapter: 'ssh',
      command: `touch ${dir.path}/trace`,
      shell: 'bash',
      target: 'web1',
      baseTier: 'T2',
      destination: `${sshd.user}@127.0.0.1:${sshd.port}`,
    });
    expect(await adapter.preview(action)).toMatchObject({ kind: 'text' });
    expect(existsSync(`${dir.path}/trace`)).toBe(false);
    await adapter.execute(action, {});
    expect(existsSync(`${dir.path}/trace`)).toBe(true);
  });

  it('passes outputs and exit codes through, 255 included', async () => {
    const result = await execute(host, 'echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({ exitCode: 3, completion: 'ended', fault: null });
    expect([text(result.stdout), text(result.stderr)]).toEqual(['out\n', 'err\n']);
    expect(await execute(host, 'exit 255')).toMatchObject({
      exitCode: 255,
      completion: 'ended',
      fault: null,
    });
    const killed = await execute(host, 'kill -KILL $$');
    expect(killed).toMatchObject({ exitCode: 137, completion: 'ended' });
    expect(text(killed.stderr)).toBe('');
  });

  it('runs exactly the text, in bash, without start files, stdin or foreign variables', async () => {
    const action = `printf '%s|' "it's" '$HOME' "\\$x" 'a
b' $'\\x41' "é❤"; echo "$BASH_VERSION" | cut -c1; shopt -q login_shell || echo plain; cat; env | cut -d= -f1 | sort | tr '\\n' ' '`;
    const result = await execute(host, action);
    expect(text(result.stdout)).toBe(
      `it's|$HOME|$x|a\nb|A|é❤|5\nplain\nDEBIAN_FRONTEND GIT_ASKPASS GIT_TERMINAL_PROMPT HOME LANG LOGNAME PATH PWD SHLVL SSH_ASKPASS USER _ `,
    );
  });

  it('bounds the output and digests all of it', async () => {
    const result = await execute(host, 'head -c 300000 /dev/zero', { outputBytesMax: 1000 });
    expect(result).toMatchObject({ truncated: true, outputLengthBytes: 300_000, exitCode: 0 });
    expect(result.output.length).toBe(1000);
  });

  it('keeps output that is not UTF-8', async () => {
    expect(
      [...(await execute(host, String.raw`printf '\377\200'; printf '\376' >&2`)).output].sort(
        (a, b) => a - b,
      ),
    ).toEqual([128, 254, 255]);
  });

  it('kills the remote process group when the time is up', async () => {
    const result = await execute(host, 'sleep 300 & echo $!; wait', { timeoutMs: 2500 });
    expect(result).toMatchObject({ timedOut: true, completion: 'ended', exitCode: 143 });
    expect(isRunning(Number(text(result.stdout)))).toBe(false);
  });

  it('kills the remote process group when it is aborted', async () => {
    const abort = new AbortController();
    const onOutput = (): void => abort.abort();
    const result = await execute(host, 'sleep 300 & echo $!; wait', { signal: abort.signal, onOutput });
    expect(result).toMatchObject({ stopped: true, timedOut: false, completion: 'ended' });
    expect(isRunning(Number(text(result.stdout)))).toBe(false);
  });

  it('kills a remote process that ignores being asked', async () => {
    const abort = new AbortController();
    const action = 'trap "" TERM; echo $$; while :; do sleep 0.1; done';
    const result = await execute(host, action, { signal: abort.signal, onOutput: () => abort.abort() });
    expect(result).toMatchObject({ stopped: true, completion: 'ended', exitCode: 137 });
    expect(isRunning(Number(text(result.stdout)))).toBe(false);
  });

  it('leaves nothing running when the connection is cut', async () => {
    // A connection of its own, so that it can be cut from the far side.
    const own = aHost({
      ssh: {
        host: '127.0.0.1',
        port: sshd.port,
        user: sshd.user,
        identityFile: sshd.identityFile,
        knownHosts: sshd.knownHostsFile,
      },
    });
    const action =
      'echo $$; ancestor=$PPID; read -r _ _ _ server _ < /proc/$ancestor/stat; sleep 0.3; kill -KILL "$server"; sleep 300';
    const result = await execute(own, action);
    expect(result).toMatchObject({ exitCode: null, completion: 'unknown', fault: 'connection_lost' });
    expect(await endsSoon(Number(text(result.stdout)))).toBe(true);
  });

  it('ends what a finished command left in its group', async () => {
    const result = await execute(host, 'sleep 300 >/dev/null 2>&1 & echo $!');
    expect(result).toMatchObject({ exitCode: 0, completion: 'ended' });
    expect(isRunning(Number(text(result.stdout)))).toBe(false);
  });

  it('refuses a server with another key than the pinned one', async () => {
    using dir = makeTempDir();
    const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAlG3SqfGLSKnQb4nS+mVnDBYZC6hWlTnf1JyO7gCeCk';
    const knownHosts = dir.write('known_hosts', `[127.0.0.1]:${sshd.port} ${otherKey}\n`);
    const strange = aHost({
      ssh: {
        host: '127.0.0.1',
        port: sshd.port,
        user: sshd.user,
        identityFile: sshd.identityFile,
        knownHosts,
      },
    });
    const result = await execute(strange, `touch ${dir.path}/trace`);
    expect(result).toMatchObject({ completion: 'not_started', fault: 'host_key_rejected', exitCode: null });
    expect(existsSync(`${dir.path}/trace`)).toBe(false);
  });

  it('refuses an unknown server when keys are pinned', async () => {
    using dir = makeTempDir();
    const knownHosts = dir.write('known_hosts', '');
    const strange = aHost({
      ssh: { host: '127.0.0.1', port: sshd.port, identityFile: sshd.identityFile, knownHosts },
    });
    expect(await execute(strange, 'true')).toMatchObject({
      completion: 'not_started',
      fault: 'host_key_rejected',
    });
  });

  it('says so when the key is not accepted', async () => {
    using dir = makeTempDir();
    const identityFile = dir.write('none', 'not a key');
    const locked = aHost({
      ssh: {
        host: '127.0.0.1',
        port: sshd.port,
        identityFile,
        knownHosts: sshd.knownHostsFile,
        configFile: '/dev/null',
      },
    });
    expect(await execute(locked, 'true')).toMatchObject({
      completion: 'not_started',
      fault: 'authentication_failed',
    });
  });

  it('says so when nobody answers', async () => {
    const gone = aHost({ ssh: { host: '127.0.0.1', port: 1, configFile: '/dev/null' } });
    expect(await execute(gone, 'true')).toMatchObject({
      completion: 'not_started',
      fault: 'host_unreachable',
    });
  });

  it('refuses when the alias leads elsewhere than what was approved', async () => {
    using dir = makeTempDir();
    const configFile = dir.write('config', 'Host h\n  HostName 127.0.0.1\n');
    const moved = aHost({ routing: { sshAlias: 'h' }, ssh: { configFile } });
    const action = await prepared(moved, 'true');
    dir.write('config', 'Host h\n  HostName 127.0.0.2\n');
    expect(await adapter.execute(action, {})).toMatchObject({ refused: true, reason: 'destination_changed' });
  });
});

describe('ssh', () => {
  const reasonOf = async (host: InventoryHost, action = 'true'): Promise<string> =>
    ((await adapter.prepare({ host, action })) as Refusal).reason;

  it('never touches a talos host, also when it was prepared as another', async () => {
    expect(await reasonOf(aHost({ hostType: 'talos' }))).toBe('host_type_refused');
    const action = await prepared(aHost({ ssh: { configFile: '/dev/null' } }), 'true');
    const forged = { ...action, host: aHost({ hostType: 'talos' }) };
    expect(await adapter.preview(forged)).toMatchObject({ reason: 'host_type_refused' });
    expect(await adapter.execute(forged, {})).toMatchObject({ reason: 'host_type_refused' });
  });

  it.each([
    ['192.0.2.9', '192.0.2.9'],
    ['localhost', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['::ffff:192.0.2.9', '192.0.2.9'],
    ['CP1.', '192.0.2.9'],
  ])('never reaches a talos host through an alias for %s', async (hostName, lanIp) => {
    using dir = makeTempDir();
    const configFile = dir.write('config', `Host web1\n  HostName ${hostName}\n`);
    const talos = aHost({ name: 'cp1', hostType: 'talos', addressing: { lanIp } });
    const guarded = sshAdapter({ inventory: () => [talos] });
    const answer = await guarded.prepare({ host: aHost({ ssh: { configFile } }), action: 'true' });
    expect(answer).toMatchObject({ refused: true, reason: 'host_type_refused' });
  });

  it('reaches its host when the talos hosts are others', async () => {
    const talos = aHost({ name: 'cp1', hostType: 'talos', addressing: { lanIp: '192.0.2.9' } });
    const guarded = sshAdapter({ inventory: () => [talos] });
    const host = aHost({ ssh: { host: '192.0.2.10', configFile: '/dev/null' } });
    expect(isRefusal(await guarded.prepare({ host, action: 'true' }))).toBe(false);
  });

  it.each(['cloud', 'kubernetes'] as const)('does not touch a %s host', async (hostType) => {
    expect(await reasonOf(aHost({ hostType }))).toBe('host_type_refused');
  });

  it.each(['-oProxyCommand=id', '--', '', 'a b', 'a;id', '$(id)', 'a\nb', '@x'])(
    'refuses the host name %j',
    async (name) => {
      expect(await reasonOf(aHost({ name }))).toBe('target_invalid');
      expect(await reasonOf(aHost({ routing: { sshAlias: name } }))).toBe('target_invalid');
      expect(await reasonOf(aHost({ ssh: { host: name } }))).toBe('target_invalid');
    },
  );

  it.each(['-x', 'a b', '%h', '/a"b', '/a b', '/a$b', '/a\nb', 'relative'])(
    'refuses the file name %j',
    async (file) => {
      for (const key of ['configFile', 'identityFile', 'knownHosts']) {
        expect(await reasonOf(aHost({ ssh: { [key]: file } }))).toBe('target_invalid');
      }
    },
  );

  it.each(['::1', 'fd00::1', 'a.example', '192.0.2.1'])('takes the address %s', async (address) => {
    const action = await prepared(
      aHost({ ssh: { host: address, configFile: '/dev/null', user: 'ops', port: 2222 } }),
      'true',
    );
    expect(action.destination).toBe(`ops@${address.includes(':') ? `[${address}]` : address}:2222`);
  });

  it('refuses an address with a zone', async () => {
    expect(await reasonOf(aHost({ ssh: { host: 'fe80::1%h' } }))).toBe('target_invalid');
  });

  it('refuses a user name that is an option', async () => {
    expect(await reasonOf(aHost({ ssh: { user: '-oX' } }))).toBe('target_invalid');
  });

  it.each(['', ' \n', 'a\0b', '\ud800'])('refuses the command %j', async (action) => {
    expect(await reasonOf(aHost(), action)).toBe('command_invalid');
  });

  it('takes a command of the bound and refuses one byte more', async () => {
    const host = aHost({ ssh: { configFile: '/dev/null' } });
    expect(isRefusal(await adapter.prepare({ host, action: 'x'.repeat(16_384) }))).toBe(false);
    expect(await reasonOf(host, 'x'.repeat(16_385))).toBe('command_too_long');
  });

  it('refuses a text that is not the prepared one', async () => {
    const action = await prepared(aHost({ ssh: { configFile: '/dev/null' } }), 'true');
    expect(await adapter.execute({ ...action, command: 'false' }, {})).toMatchObject({
      reason: 'content_changed',
    });
  });

  it('refuses when there is no ssh', async () => {
    const bare = sshAdapter({ binary: '/nonexistent/ssh', inventory: () => [] });
    expect(await bare.prepare({ host: aHost(), action: 'true' })).toMatchObject({ reason: 'binary_missing' });
  });

  it('speaks PowerShell to a windows host, within what Windows takes', async () => {
    const host = aHost({ hostType: 'windows', ssh: { configFile: '/dev/null' } });
    expect(await prepared(host, 'Get-Service')).toMatchObject({
      shell: 'powershell',
      command: 'Get-Service',
    });
    expect(await reasonOf(host, 'x'.repeat(4000))).toBe('command_too_long');
  });
});
