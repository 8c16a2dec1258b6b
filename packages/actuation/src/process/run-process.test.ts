import { existsSync, readFileSync } from 'node:fs';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import { runProcess } from './run-process.ts';

const BASH = ['bash', '--noprofile', '--norc', '-c'];
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

describe('runProcess', () => {
  it('passes exit codes and both outputs through', async () => {
    const result = await runProcess([...BASH, 'echo out; echo err >&2; exit 7']);
    expect(result).toMatchObject({
      exitCode: 7,
      signal: null,
      truncated: false,
      timedOut: false,
      stopped: false,
    });
    expect([text(result.stdout), text(result.stderr)]).toEqual(['out\n', 'err\n']);
    expect(result.outputLengthBytes).toBe(8);
  });

  it('reports the signal that ended the process', async () => {
    expect(await runProcess([...BASH, 'kill -KILL $$'])).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('gives no shell to the arguments', async () => {
    const result = await runProcess(['printf', '%s', '$(id) ; `id` *']);
    expect(text(result.stdout)).toBe('$(id) ; `id` *');
  });

  it('keeps bytes that are not UTF-8 as they are', async () => {
    const result = await runProcess([...BASH, String.raw`printf '\377\000\200'`]);
    expect([...result.stdout]).toEqual([255, 0, 128]);
  });

  it('keeps exactly the bound of output, drains the rest, and digests all of it', async () => {
    const exact = await runProcess([...BASH, 'head -c 100 /dev/zero'], { outputBytesMax: 100 });
    expect(exact).toMatchObject({ truncated: false, outputLengthBytes: 100 });
    const over = await runProcess([...BASH, 'head -c 3000001 /dev/zero; echo end >&2'], {
      outputBytesMax: 100,
    });
    expect(over).toMatchObject({ exitCode: 0, truncated: true, outputLengthBytes: 3_000_005 });
    expect(over.output.length).toBe(100);
    expect(over.outputSha256).not.toBe(exact.outputSha256);
  });

  it('closes stdin', async () => {
    expect(await runProcess(['cat'])).toMatchObject({ exitCode: 0, outputLengthBytes: 0 });
  });

  it('shows a child the allowed variables and the forced values only', async () => {
    const environment = {
      PATH: process.env['PATH'],
      HOME: '/h',
      AWS_SECRET_ACCESS_KEY: 'x',
      BASH_ENV: '/x',
      SSH_ASKPASS: '/x',
    };
    const lines = text((await runProcess(['env'], { environment })).stdout)
      .trim()
      .split('\n')
      .sort();
    expect(lines.filter((line) => !line.startsWith('PATH='))).toEqual([
      'DEBIAN_FRONTEND=noninteractive',
      'GIT_ASKPASS=',
      'GIT_TERMINAL_PROMPT=0',
      'HOME=/h',
      'LANG=C.UTF-8',
      'SSH_ASKPASS=',
    ]);
  });

  it('runs the child in a session of its own', async () => {
    const result = await runProcess([
      ...BASH,
      'read -r pid _ _ _ pgrp session _ < /proc/self/stat; echo $$ $pgrp $session',
    ]);
    const [pid, group, session] = text(result.stdout).trim().split(' ');
    expect([group, session]).toEqual([pid, pid]);
  });

  it('stops the whole group when the time is up', async () => {
    const result = await runProcess([...BASH, 'sleep 60 & echo $!; wait'], { timeoutMs: 1000, graceMs: 500 });
    expect(result).toMatchObject({ timedOut: true, stopped: false });
    expect(isRunning(Number(text(result.stdout)))).toBe(false);
    expect(result.durationMs).toBeLessThan(5000);
  });

  it('kills a group that does not end by itself', async () => {
    const abort = new AbortController();
    const script = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';
    const result = await runProcess([...BASH, script], {
      graceMs: 200,
      signal: abort.signal,
      onOutput: () => abort.abort(),
    });
    expect(result).toMatchObject({ stopped: true, signal: 'SIGKILL' });
  });

  it('lets a stopped process end in its own way within the grace', async () => {
    const abort = new AbortController();
    const script = 'trap "echo tidy; exit 3" TERM; echo ready; sleep 60 & wait';
    const result = await runProcess([...BASH, script], {
      signal: abort.signal,
      onOutput: () => abort.abort(),
    });
    expect(result).toMatchObject({ stopped: true, exitCode: 3 });
    expect(text(result.stdout)).toBe('ready\ntidy\n');
  });

  it('stops at once when aborted', async () => {
    const abort = new AbortController();
    const running = runProcess([...BASH, 'echo $$; sleep 60'], {
      signal: abort.signal,
      onOutput: () => abort.abort(),
    });
    const result = await running;
    expect(result).toMatchObject({ stopped: true, timedOut: false, signal: 'SIGTERM' });
    expect(isRunning(Number(text(result.stdout)))).toBe(false);
  });

  it('starts nothing when it was aborted before', async () => {
    using dir = makeTempDir();
    const result = await runProcess(['touch', `${dir.path}/trace`], { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ stopped: true, exitCode: null });
    expect(existsSync(`${dir.path}/trace`)).toBe(false);
  });

  it('ends what a finished process left behind in its group', async () => {
    const result = await runProcess([...BASH, 'sleep 60 >/dev/null 2>&1 & echo $!'], { graceMs: 2000 });
    expect(result.exitCode).toBe(0);
    expect(isRunning(Number(text(result.stdout)))).toBe(false);
  });

  it('does not wait for an output that an escaped process holds open', async () => {
    const result = await runProcess([...BASH, 'setsid sleep 3 & echo done'], { graceMs: 200 });
    expect(text(result.stdout)).toBe('done\n');
    expect(result.durationMs).toBeLessThan(2500);
  });

  it('says so when the program is missing', async () => {
    await expect(runProcess(['/nonexistent/program'])).rejects.toMatchObject({
      code: 'ACTUATION_BINARY_MISSING',
    });
  });

  it('says so when an argument cannot be passed', async () => {
    await expect(runProcess(['echo', 'a\0b'])).rejects.toMatchObject({ code: 'ACTUATION_SPAWN_FAILED' });
  });
});
