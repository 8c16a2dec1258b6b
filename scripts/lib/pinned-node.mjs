// Runs programs on the Node version the workspace pins, whatever Node began the script.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from './ensure-installed.mjs';

/** Absolute path of the Node that `package-lock.json` pins; valid after `ensureInstalled()`. */
export const PINNED_NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node');

/** Absolute path of the oldest supported Node, installed in a prefix of its own. */
export const OLDEST_NODE_PREFIX = join(ROOT, 'tools', 'node24');
export const OLDEST_NODE = join(OLDEST_NODE_PREFIX, 'node_modules', 'node', 'bin', 'node');

const FORWARDED_SIGNALS = ['SIGTERM', 'SIGHUP'];
const KILL_GRACE_MS = 10_000;
const PARENT_POLL_MS = 250;

/**
 * Runs `command` and resolves with its exit code (128 + N when signal N ended it). The terminal is
 * shared with the child. Signals sent to this process alone reach the child too. With `timeoutMs`
 * the child is sent SIGTERM when the time is up and SIGKILL ten seconds later, and the code is 124.
 */
export function run(command, args, options = {}) {
  const { env = process.env, cwd = ROOT, stdio = 'inherit', timeoutMs } = options;
  return new Promise((settle, fail) => {
    const child = spawn(command, args, { cwd, env: withTools(env, command), stdio });
    const stopForwarding = forwardSignals(child);
    const parentWatch = watchParent(child);
    let timedOut = false;
    const timers = [];
    if (timeoutMs !== undefined) {
      timers.push(
        setTimeout(() => {
          timedOut = true;
          child.kill('SIGTERM');
          timers.push(setTimeout(() => child.kill('SIGKILL'), KILL_GRACE_MS));
        }, timeoutMs),
      );
    }
    const finish = () => {
      stopForwarding();
      clearInterval(parentWatch);
      for (const timer of timers) clearTimeout(timer);
    };
    child.on('error', (error) => {
      finish();
      fail(error);
    });
    child.on('exit', (code, signal) => {
      finish();
      if (timedOut) settle(124);
      else settle(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** `run` on the pinned Node. */
export function runPinned(args, options = {}) {
  return run(PINNED_NODE, args, options);
}

function forwardSignals(child) {
  const handlers = new Map();
  for (const signal of FORWARDED_SIGNALS) handlers.set(signal, () => child.kill(signal));
  // Ctrl-C reaches the whole foreground group: forwarding it as well would count as a second Ctrl-C.
  // Without a terminal nobody else tells the child.
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  handlers.set('SIGINT', () => {
    if (!onTerminal) child.kill('SIGINT');
  });
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/**
 * npm puts a shell between itself and a script, and that shell passes no signal on: whoever stops `npm start` ends
 * npm and the shell alone. A script of npm's whose parent is gone stops its child as if it had been told.
 */
function watchParent(child) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, PARENT_POLL_MS);
  timer.unref();
  return timer;
}

// Whatever the child starts by name (`node`, `tsc`) is the workspace's own; the chosen Node comes first.
function withTools(env, command) {
  const first = command === OLDEST_NODE ? [dirname(OLDEST_NODE)] : [];
  const path = [...first, join(ROOT, 'node_modules', '.bin'), env.PATH ?? ''].join(delimiter);
  return { ...env, PATH: path };
}
