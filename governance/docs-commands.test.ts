import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@praxis/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { type FencedBlock, fencedBlocks, praxisCommands } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..');
const LAUNCHER = join(ROOT, 'apps', 'cli', 'bin', 'praxis.js');
const GUIDES = readdirSync(join(ROOT, 'docs', 'guide')).map((name) => `docs/guide/${name}`);
/** What a checkout has beside the code and a reader may use. */
const SHIPPED = ['policies', 'examples'].filter((name) => existsSync(join(ROOT, name)));
/** How a block says that it is not simply run: it serves, or it cannot be run here, and why. */
const INFO = /^(?:|background|no-run \(.{10,}\))$/;
/** How a page says that a command answers no, or worse. */
const EXIT_CODE = /# exits with ([1-3])\b/;
/** How many blocks must have been run at the least, so that a page cannot pass by running nothing. */
const RUN_MIN: Readonly<Record<string, number>> = { 'README.md': 2, 'docs/guide/operator.md': 10 };
/** What a background command says once it serves. */
const SERVES = /Connect an MCP client|cosigns what it is shown/;
/** Started without the wrapper, so that a signal reaches it. */
const LAUNCHED = `'${process.execPath}' '${LAUNCHER}'`;
const BLOCK_TIMEOUT_MS = 60_000;

const running: ChildProcess[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
  }
});

/** A directory as a reader of the page would have it, with `praxis` on the search path. */
function aDesk(): { dir: TempDir; env: Record<string, string> } {
  const dir = makeTempDir();
  // Writes down how each command ended: a page says so when that is not 0.
  const launcher = `#!/bin/sh\n'${process.execPath}' '${LAUNCHER}' "$@"\ncode=$?\necho $code >> '${dir.path}/exit-codes'\nexit $code\n`;
  dir.write('bin/praxis', launcher, 0o755);
  dir.write('bin/npx', `#!/bin/sh\nexec "$@"\n`, 0o755);
  for (const shipped of SHIPPED) cpSync(join(ROOT, shipped), join(dir.path, shipped), { recursive: true });
  const path = `${join(dir.path, 'bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`;
  return {
    dir,
    env: { PATH: path, HOME: dir.path, LANG: 'C.UTF-8', PRAXIS_DATA_DIR: join(dir.path, 'state') },
  };
}

/** What a block runs: all of `sh`, and of `console` the lines behind `$ `. */
function scriptOf({ language, text }: FencedBlock): string {
  if (language === 'sh') return text;
  return text
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2))
    .join('\n');
}

async function startInBackground(
  block: FencedBlock,
  cwd: string,
  env: Record<string, string>,
): Promise<void> {
  const child = spawn('bash', ['-c', `exec ${scriptOf(block).replace(/^praxis/, LAUNCHED)}`], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      if (SERVES.test(said)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('close', (code) =>
      reject(new Error(`${block.page}:${block.line} ended with ${code}: ${said}`)),
    );
  });
}

/** Blocks that follow each other share one shell, so that a later one can use a variable of an earlier one. */
function runBlocks(blocks: readonly FencedBlock[], cwd: string, env: Record<string, string>): void {
  const codes = join(cwd, 'exit-codes');
  writeFileSync(codes, '');
  const script = ['set -uo pipefail', ...blocks.map(scriptOf)].join('\n');
  const timeout = BLOCK_TIMEOUT_MS * blocks.length;
  const done = spawnSync('bash', ['-c', script], { cwd, env, encoding: 'utf8', timeout });
  const commands = blocks.flatMap((block) => praxisCommands(block).map((command) => ({ block, command })));
  const ended = readFileSync(codes, 'utf8').split('\n');
  const shown = commands.map(
    ({ block, command }, index) => `${block.page}:${block.line} ${command}: ${ended[index]}`,
  );
  const wanted = commands.map(
    ({ block, command }) => `${block.page}:${block.line} ${command}: ${EXIT_CODE.exec(command)?.[1] ?? '0'}`,
  );
  expect(shown, `${done.stdout}\n${done.stderr}`).toEqual(wanted);
  expect(ended).toHaveLength(commands.length + 1);
}

describe('the commands of', () => {
  it.each(['README.md', ...GUIDES])(
    '%s do what the page says they do',
    async (page) => {
      const { dir, env } = aDesk();
      const blocks = fencedBlocks(ROOT, page).filter(
        ({ language }) => language === 'sh' || language === 'console',
      );
      const shown = blocks.filter((block) => praxisCommands(block).length > 0);
      for (const block of shown) expect(block.info, `${page}:${block.line}`).toMatch(INFO);
      let waiting: FencedBlock[] = [];
      for (const block of shown.filter(({ info }) => !info.startsWith('no-run'))) {
        if (block.info === '') {
          waiting.push(block);
          continue;
        }
        if (waiting.length > 0) runBlocks(waiting, dir.path, env);
        waiting = [];
        await startInBackground(block, dir.path, env);
      }
      if (waiting.length > 0) runBlocks(waiting, dir.path, env);
      const ran = shown.filter(({ info }) => !info.startsWith('no-run')).length;
      expect(ran).toBeGreaterThanOrEqual(RUN_MIN[page] ?? 0);
      dir.remove();
    },
    4 * BLOCK_TIMEOUT_MS,
  );
});
