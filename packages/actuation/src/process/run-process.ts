import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, errorCode, errorMessage, systemClock } from '@praxis/core';
import { ActuationError } from '../errors.ts';
import { BoundedOutput, type OutputStream } from './bounded-output.ts';
import { childEnvironment } from './environment.ts';
import { forgetGroup, rememberGroup, signalGroup } from './process-group.ts';

/** How long an action may run unless its caller says otherwise, in milliseconds. */
export const ACTION_TIMEOUT_MS = 120_000;
/** The longest time a caller can ask for, in milliseconds. */
export const ACTION_TIMEOUT_MS_MAX = 3_600_000;
/** How long a stopped process group has to end by itself before it is killed, in milliseconds. */
export const STOP_GRACE_MS = 5000;
/** How many bytes of output are kept unless the caller says otherwise. */
export const OUTPUT_BYTES_MAX = 1_048_576;
/** How long to wait for the end of the output once the whole group is gone, in milliseconds. */
const DRAIN_MS = 1000;
const GROUP_POLL_MS = 20;

/** How a process ended and what it wrote. Outputs are bytes: nothing says that they are text. */
export interface ExecutionResult {
  /** The exit code; null when a signal ended it or it never ran. */
  readonly exitCode: number | null;
  /** The signal that ended it, for example `SIGKILL`. */
  readonly signal: string | null;
  /** The kept part of each output. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** The kept part of both, in the order of arrival. */
  readonly output: Uint8Array;
  /** SHA-256 (hex) and length of everything it wrote, also of what was not kept. */
  readonly outputSha256: string;
  readonly outputLengthBytes: number;
  /** Whether something was written that is not in `stdout` and `stderr`. */
  readonly truncated: boolean;
  readonly timedOut: boolean;
  /** Whether the abort signal stopped it (or kept it from starting). */
  readonly stopped: boolean;
  readonly durationMs: number;
}

/** What an adapter may filter out of a child's stderr before anybody sees it. */
export interface StderrFilter {
  push(chunk: Uint8Array): Uint8Array;
  flush(): Uint8Array;
}

/** How a process is bounded, stopped and fed. Times are in milliseconds. */
export interface RunOptions {
  /** Stops the whole process group when aborted: how the kill switch reaches work in flight. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly outputBytesMax?: number | undefined;
  readonly cwd?: string | undefined;
  /** Where the allowed variables are taken from; the server's own environment by default. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Written to the child's stdin, which then stays open: closing it is the first step of a stop. */
  readonly lifeline?: Uint8Array | undefined;
  readonly stderrFilter?: StderrFilter | undefined;
  readonly onOutput?: ((chunk: Uint8Array, stream: OutputStream) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Runs a program from an argument list, without a shell, in a session and process group of its own, with
 * a scrubbed environment and (unless there is a lifeline) without stdin. Resolves however it ends; what it
 * left running in its group is ended too. Rejects with `ACTUATION_BINARY_MISSING` or `ACTUATION_SPAWN_FAILED`.
 */
export async function runProcess(
  argv: readonly string[],
  options: RunOptions = {},
): Promise<ExecutionResult> {
  const clock = options.clock ?? systemClock;
  const output = new BoundedOutput(options.outputBytesMax ?? OUTPUT_BYTES_MAX);
  const startedMs = clock.monotonicMs();
  if (options.signal?.aborted) {
    return resultOf(
      output,
      { exitCode: null, signal: null },
      { timedOut: false, stopped: true, durationMs: 0 },
    );
  }
  const child = await start(argv, options);
  const groupId = child.pid ?? 0;
  rememberGroup(groupId);
  const drained = collect(child, output, options);
  const stopper = armStop(child, groupId, options);
  try {
    const ended = await endOf(child);
    await endGroup(groupId, options.graceMs ?? STOP_GRACE_MS);
    await Promise.race([drained, pause(DRAIN_MS)]);
    flush(output, options);
    return resultOf(output, ended, { ...stopper.state(), durationMs: clock.monotonicMs() - startedMs });
  } finally {
    stopper.disarm();
    forgetGroup(groupId);
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.stdin?.destroy();
  }
}

function start(argv: readonly string[], options: RunOptions): Promise<ChildProcess> {
  const [program = '', ...args] = argv;
  return new Promise((settle, fail) => {
    const refuse = (error: unknown): void => fail(spawnError(program, error));
    try {
      const child = spawn(program, args, {
        shell: false,
        detached: true,
        env: childEnvironment(options.environment ?? process.env),
        stdio: [options.lifeline === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      child.once('error', refuse);
      child.once('spawn', () => {
        child.off('error', refuse);
        // Later errors are failed signals; the end of the process is reported by `exit` all the same.
        child.on('error', () => undefined);
        settle(child);
      });
    } catch (error) {
      refuse(error);
    }
  });
}

function spawnError(program: string, error: unknown): ActuationError {
  const missing = ['ENOENT', 'EACCES', 'ENOTDIR'].includes(errorCode(error));
  const code = missing ? 'ACTUATION_BINARY_MISSING' : 'ACTUATION_SPAWN_FAILED';
  return new ActuationError(code, `cannot start \`${program}\`: ${errorMessage(error)}`, {
    cause: error,
    fields: { program },
  });
}

/** Reads both outputs to their end, whatever their size; resolves when both are closed. */
function collect(child: ChildProcess, output: BoundedOutput, options: RunOptions): Promise<unknown> {
  const take = (stream: OutputStream, chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    output.push(stream, chunk);
    options.onOutput?.(chunk, stream);
  };
  child.stdout?.on('data', (chunk: Buffer) => take('stdout', chunk));
  child.stderr?.on('data', (chunk: Buffer) => take('stderr', options.stderrFilter?.push(chunk) ?? chunk));
  if (options.lifeline !== undefined) {
    // A child that ended before it read everything is reported by its exit, not by this pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(options.lifeline);
  }
  return new Promise((settle) => {
    child.once('close', settle);
  });
}

function flush(output: BoundedOutput, options: RunOptions): void {
  const rest = options.stderrFilter?.flush();
  if (rest === undefined || rest.length === 0) return;
  output.push('stderr', rest);
  options.onOutput?.(rest, 'stderr');
}

interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

function endOf(child: ChildProcess): Promise<Ending> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ exitCode: child.exitCode, signal: child.signalCode });
  }
  return new Promise((settle) => {
    child.once('exit', (exitCode, signal) => settle({ exitCode, signal }));
  });
}

/** Arms the timeout and the abort signal; a stop is TERM to the group, then KILL after the grace. */
function armStop(
  child: ChildProcess,
  groupId: number,
  options: RunOptions,
): { state(): { timedOut: boolean; stopped: boolean }; disarm(): void } {
  const graceMs = options.graceMs ?? STOP_GRACE_MS;
  const timers: NodeJS.Timeout[] = [];
  let reason: 'timeout' | 'abort' | null = null;
  const stop = (why: 'timeout' | 'abort'): void => {
    if (reason !== null) return;
    reason = why;
    // With a lifeline the far side stops itself first, and needs the connection to say how it ended.
    const farMs = options.lifeline === undefined ? 0 : graceMs + DRAIN_MS;
    child.stdin?.destroy();
    timers.push(setTimeout(() => signalGroup(groupId, 'SIGTERM'), farMs));
    timers.push(setTimeout(() => signalGroup(groupId, 'SIGKILL'), farMs + graceMs));
  };
  const onAbort = (): void => stop('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  timers.push(
    setTimeout(
      () => stop('timeout'),
      Math.min(options.timeoutMs ?? ACTION_TIMEOUT_MS, ACTION_TIMEOUT_MS_MAX),
    ),
  );
  return {
    state: () => ({ timedOut: reason === 'timeout', stopped: reason === 'abort' }),
    disarm(): void {
      options.signal?.removeEventListener('abort', onAbort);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Ends what the leader left in its group: nothing that an action started outlives it unseen. */
async function endGroup(groupId: number, graceMs: number): Promise<void> {
  if (!signalGroup(groupId, 'SIGTERM')) return;
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += GROUP_POLL_MS) {
    if (!signalGroup(groupId, 0)) return;
    await pause(GROUP_POLL_MS);
  }
  signalGroup(groupId, 'SIGKILL');
}

function resultOf(
  output: BoundedOutput,
  ending: Ending,
  rest: { timedOut: boolean; stopped: boolean; durationMs: number },
): ExecutionResult {
  return {
    ...ending,
    stdout: output.kept('stdout'),
    stderr: output.kept('stderr'),
    output: output.kept(),
    truncated: output.truncated,
    outputLengthBytes: output.lengthBytes,
    outputSha256: output.digest(),
    ...rest,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => {
    setTimeout(settle, ms);
  });
}
