#!/usr/bin/env node
// The praxis command. Any Node from 20 can begin here; it goes on in the Node that praxis is built for.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
/** The highest file descriptor that is passed on. */
const FD_MAX = 255;
const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, '..', 'src', 'main.ts');
const built = join(here, '..', 'dist', 'main.js');

/** The pinned Node when it is installed beside us (a checkout), else this one when it is new enough. */
function findNode() {
  const pinned = pinnedNode();
  if (pinned !== null && existsSync(pinned)) return pinned;
  return Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN ? process.execPath : null;
}

function pinnedNode() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    return null;
  }
}

const node = findNode();
if (node === null) {
  console.error(
    `praxis: NODE_TOO_OLD: Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.versions.node}`,
  );
  process.exit(2);
}
// A checkout runs its sources; a published package has none and runs what was built from them.
const target = existsSync(source) ? ['--conditions=praxis-source', source] : [built];
const argv = [...process.execArgv, ...target, ...process.argv.slice(2)];

/** Standard streams, and the descriptors that a secret is to be read from: Node closes all others on the way. */
function inheritedStreams() {
  const stdio = ['inherit', 'inherit', 'inherit'];
  const words = process.argv.slice(2);
  for (const [index, word] of words.entries()) {
    const match = /^--(?:old-)?secret-fd(?:=(.*))?$/.exec(word);
    const fd = Number(match?.[1] ?? words[index + 1]);
    if (match === null || !Number.isInteger(fd) || fd < 3 || fd > FD_MAX) continue;
    while (stdio.length <= fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  return stdio;
}

const stdio = inheritedStreams();
if (typeof process.execve === 'function' && stdio.length === 3) {
  process.execve(node, [node, ...argv], process.env);
} else {
  const child = spawn(node, argv, { stdio });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to both of us; without one only this process may have been told.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  child.on('error', (error) => {
    console.error(`praxis: NODE_NOT_STARTED: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
