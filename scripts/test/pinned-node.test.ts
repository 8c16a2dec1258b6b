import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

const LIBRARY = fileURLToPath(new URL('../lib/pinned-node.mjs', import.meta.url));

interface Ended {
  code: number | null;
  output: string;
}

/** Starts a script that runs `child` on the pinned Node; `signal` is sent once the child is ready. */
async function runThroughLibrary(child: string, signal?: NodeJS.Signals, options = '{}'): Promise<Ended> {
  using dir = makeTempDir();
  const file = dir.write(
    'outer.mjs',
    `import { runPinned } from ${JSON.stringify(LIBRARY)};
process.exitCode = await runPinned(['-e', ${JSON.stringify(child)}], ${options});`,
  );
  return await new Promise<Ended>((settle, fail) => {
    const outer = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    outer.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (signal !== undefined && output.includes('ready')) outer.kill(signal);
    });
    outer.once('error', fail);
    outer.once('close', (code) => settle({ code, output }));
  });
}

describe('runPinned', () => {
  it('runs on the Node that the workspace pins', async () => {
    const { output, code } = await runThroughLibrary('console.log(process.version)');
    expect(output).toMatch(/^v26\./);
    expect(code).toBe(0);
  });

  it('passes the exit code on', async () => {
    expect((await runThroughLibrary('process.exit(7)')).code).toBe(7);
  });

  it('answers 128 + N when signal N ended the child', async () => {
    expect((await runThroughLibrary('process.kill(process.pid, "SIGKILL")')).code).toBe(137);
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'passes %s on to the child, which ends in its own way',
    async (signal) => {
      const child = `process.on('${signal}', () => process.exit(5)); setTimeout(() => {}, 20000); console.log('ready')`;
      expect((await runThroughLibrary(child, signal)).code).toBe(5);
    },
  );

  it('leaves no child behind when the shell that npm put above it is ended', async () => {
    using dir = makeTempDir();
    const child =
      "process.on('SIGTERM', () => process.exit(5)); setTimeout(() => {}, 20000); console.log(process.pid)";
    const outer = dir.write(
      'outer.mjs',
      `import { runPinned } from ${JSON.stringify(LIBRARY)};\nawait runPinned(['-e', ${JSON.stringify(child)}]);`,
    );
    // The second command keeps the shell from becoming the script itself.
    const shell = spawn('sh', ['-c', `'${process.execPath}' '${outer}'; true`], {
      env: { ...process.env, npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(shell.stdout, 'data')) as [Buffer];
    shell.kill('SIGTERM');
    // The pipe closes when the last of the three is gone.
    await once(shell, 'close');
    expect(() => process.kill(Number(pid), 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });

  it('ends a child whose time is up', async () => {
    expect(
      (await runThroughLibrary('setTimeout(() => {}, 20000)', undefined, '{ timeoutMs: 300 }')).code,
    ).toBe(124);
  });
});
