import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { sha256Hex } from '@praxis/core';
import type { InventoryHost } from '@praxis/fleet';
import { makeTempDir, sshdAvailable, startSshd, type TempDir, type TestSshd } from '@praxis/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ActionResult, type Adapter, isRefusal, type PreparedAction } from '../src/adapter.ts';
import { RUNBOOK_BYTES_MAX } from '../src/runbook/read-runbook.ts';
import { runbookAdapter } from '../src/runbook/runbook.ts';
import { aHost } from './a-host.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const ssh = { inventory: (): InventoryHost[] => [] };
const local = aHost({ actuationPaths: ['local'] });

let dir: TempDir;
let root: string;
let adapter: Adapter;

beforeEach(() => {
  dir = makeTempDir();
  root = `${dir.path}/root`;
  mkdirSync(root);
  adapter = runbookAdapter({ root, ssh });
});
afterEach(() => dir.remove());

async function prepared(action: string, host: InventoryHost = local): Promise<PreparedAction> {
  const answer = await adapter.prepare({ host, action });
  if (isRefusal(answer)) throw new Error(`${answer.reason}: ${answer.detail}`);
  return answer;
}

async function execute(action: PreparedAction): Promise<ActionResult> {
  const result = await adapter.execute(action, { timeoutMs: 20_000 });
  if (isRefusal(result)) throw new Error(`${result.reason}: ${result.detail}`);
  return result;
}

async function reasonOf(action: string, host: InventoryHost = local): Promise<string> {
  const answer = await adapter.prepare({ host, action });
  return isRefusal(answer) ? answer.reason : 'prepared';
}

describe('runbook', () => {
  it('shows its text, runs it here for this machine, and passes the exit code through', async () => {
    dir.write('root/fix.sh', 'echo "$0" | grep -o "[^/]*$"; pwd; echo err >&2; exit 4\n');
    const action = await prepared('fix.sh');
    expect(action).toMatchObject({ destination: 'local', shell: 'bash', baseTier: 'T2', target: 'web1' });
    expect(action.command).toContain('exit 4');
    expect(action.digest).toBe(sha256Hex(action.command));
    expect(await adapter.preview(action)).toMatchObject({
      kind: 'text',
      text: expect.stringContaining('exit 4'),
    });
    const result = await execute(action);
    expect(result).toMatchObject({ exitCode: 4, completion: 'ended', fault: null });
    expect([text(result.stdout), text(result.stderr)]).toEqual([`fix.sh\n${root}\n`, 'err\n']);
  });

  it('changes nothing before the run', async () => {
    dir.write('root/fix.sh', `touch ${dir.path}/trace\n`);
    await adapter.preview(await prepared('fix.sh'));
    expect(existsSync(`${dir.path}/trace`)).toBe(false);
  });

  it('refuses content that was swapped after it was prepared', async () => {
    dir.write('root/fix.sh', 'echo good\n');
    const action = await prepared('fix.sh');
    dir.write('root/fix.sh', `touch ${dir.path}/trace\n`);
    expect(await adapter.execute(action, {})).toMatchObject({ refused: true, reason: 'content_changed' });
    expect(existsSync(`${dir.path}/trace`)).toBe(false);
  });

  it('refuses a prepared text that is not what the file holds', async () => {
    dir.write('root/fix.sh', 'echo good\n');
    const action = await prepared('fix.sh');
    expect(await adapter.execute({ ...action, command: 'echo bad\n' }, {})).toMatchObject({
      reason: 'content_changed',
    });
  });

  it('refuses when the file became a link that leads outside', async () => {
    dir.write('root/fix.sh', 'echo good\n');
    const outside = dir.write('outside.sh', 'echo good\n');
    const action = await prepared('fix.sh');
    rmSync(`${root}/fix.sh`);
    symlinkSync(outside, `${root}/fix.sh`);
    expect(await adapter.execute(action, {})).toMatchObject({ reason: 'path_outside_root' });
  });

  it('stays below the root, whatever the path says', async () => {
    const outside = dir.write('outside.sh', 'true\n');
    dir.write('root2/near.sh', 'true\n');
    symlinkSync(outside, `${root}/link.sh`);
    symlinkSync(dir.path, `${root}/up`);
    for (const path of [
      '../outside.sh',
      outside,
      'link.sh',
      'up/outside.sh',
      '../root2/near.sh',
      '.',
      '..',
      '/etc/passwd',
    ]) {
      expect(await reasonOf(path), path).toBe('path_outside_root');
    }
  });

  it('takes an absolute path and a link that stay below the root', async () => {
    dir.write('root/sub/fix.sh', 'true\n');
    symlinkSync('sub/fix.sh', `${root}/link.sh`);
    expect(await reasonOf(`${root}/sub/fix.sh`)).toBe('prepared');
    expect(await reasonOf('link.sh')).toBe('prepared');
  });

  it('refuses what is not a regular file', async () => {
    mkdirSync(`${root}/folder`);
    execFileSync('mkfifo', [`${root}/fifo`]);
    expect(await reasonOf('folder')).toBe('runbook_invalid');
    expect(await reasonOf('fifo')).toBe('runbook_invalid');
    for (const path of ['none.sh', 'none/none.sh', '', 'a\0b'])
      expect(await reasonOf(path)).toBe('runbook_not_found');
  });

  it('refuses what a person could not read', async () => {
    writeFileSync(`${root}/bytes.sh`, Buffer.from([0x23, 0xff, 0x0a]));
    dir.write('root/nul.sh', 'true\0\n');
    dir.write('root/empty.sh', ' \n');
    for (const path of ['bytes.sh', 'nul.sh', 'empty.sh'])
      expect(await reasonOf(path)).toBe('runbook_invalid');
    dir.write('root/bound.sh', `#${'x'.repeat(RUNBOOK_BYTES_MAX - 2)}\n`);
    dir.write('root/over.sh', `#${'x'.repeat(RUNBOOK_BYTES_MAX - 1)}\n`);
    expect(await reasonOf('bound.sh')).toBe('prepared');
    expect(await reasonOf('over.sh')).toBe('runbook_too_large');
  });

  it('refuses a file that it may not read', async () => {
    chmodSync(dir.write('root/closed.sh', 'true\n'), 0o000);
    for (const open of [dir.path, root]) chmodSync(open, 0o755);
    const isRoot = process.geteuid?.() === 0;
    // Root reads everything: as nobody the file is closed.
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await reasonOf('closed.sh')).toBe('runbook_unreadable');
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it.each([undefined, '', ' ', '/nonexistent/root', '/dev/null'])(
    'refuses everything when the root is %j',
    async (bad) => {
      const bare = runbookAdapter({ root: bad, ssh });
      expect(await bare.prepare({ host: local, action: 'fix.sh' })).toMatchObject({
        reason: 'root_not_configured',
      });
    },
  );

  it.each(['talos', 'windows', 'kubernetes'] as const)('does not touch a %s host', async (hostType) => {
    dir.write('root/fix.sh', 'true\n');
    expect(await reasonOf('fix.sh', aHost({ hostType, actuationPaths: ['local'] }))).toBe(
      'host_type_refused',
    );
    const forged = { ...(await prepared('fix.sh')), host: aHost({ hostType, actuationPaths: ['local'] }) };
    expect(await adapter.execute(forged, {})).toMatchObject({ reason: 'host_type_refused' });
  });

  it('never runs here what was meant for another machine', async () => {
    dir.write('root/fix.sh', `touch ${dir.path}/trace\n`);
    expect(await reasonOf('fix.sh', aHost({ hostType: 'cloud' }))).toBe('host_type_refused');
    const remote = aHost({ ssh: { configFile: '/dev/null' } });
    const action = await prepared('fix.sh', remote);
    expect(await adapter.execute({ ...action, host: local }, {})).toMatchObject({
      reason: 'destination_changed',
    });
    expect(existsSync(`${dir.path}/trace`)).toBe(false);
  });

  it('stops with everything it started', async () => {
    dir.write('root/fix.sh', 'sleep 60 & wait\n');
    const action = await prepared('fix.sh');
    const result = await adapter.execute(action, { timeoutMs: 300 });
    expect(result).toMatchObject({ timedOut: true, completion: 'ended' });
  });

  it('says so when bash is missing', async () => {
    dir.write('root/fix.sh', 'true\n');
    const bare = runbookAdapter({ root, ssh, bash: '/nonexistent/bash' });
    expect(await bare.prepare({ host: local, action: 'fix.sh' })).toMatchObject({ reason: 'binary_missing' });
  });
});

describe.skipIf(!sshdAvailable())('runbook over a real server', () => {
  let sshd: TestSshd;
  let remote: InventoryHost;

  beforeAll(async () => {
    sshd = await startSshd();
    remote = aHost({ routing: { sshAlias: sshd.alias }, ssh: { configFile: sshd.clientConfigPath } });
  });
  afterAll(() => sshd.stop());

  it('runs on the host when the host is not this machine', async () => {
    dir.write('root/fix.sh', '#!/bin/bash\nset -e\necho "it\'s $USER"\n[ -z "$SSH_CONNECTION" ]\nexit 6\n');
    const action = await prepared('fix.sh', remote);
    expect(action.destination).toBe(`${sshd.user}@127.0.0.1:${sshd.port}`);
    const result = await execute(action);
    expect(result).toMatchObject({ exitCode: 6, completion: 'ended' });
    expect(text(result.stdout)).toBe(`it's ${sshd.user}\n`);
  });

  it('carries a runbook of the largest size', async () => {
    const filler = `# ${"'é ".repeat(100)}\n`;
    const body = filler.repeat(Math.floor((RUNBOOK_BYTES_MAX - 20) / Buffer.byteLength(filler)));
    dir.write('root/large.sh', `${body}echo complete\n`);
    expect(text((await execute(await prepared('large.sh', remote))).stdout)).toBe('complete\n');
  });

  it('refuses content that was swapped after it was prepared', async () => {
    dir.write('root/fix.sh', 'echo good\n');
    const action = await prepared('fix.sh', remote);
    dir.write('root/fix.sh', 'echo bad\n');
    expect(await adapter.execute(action, {})).toMatchObject({ reason: 'content_changed' });
  });
});
