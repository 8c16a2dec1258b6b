import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ActuationError } from '../errors.ts';
import { childEnvironment } from './environment.ts';
import { findBinary } from './find-binary.ts';

/** The largest message that is sent; a local datagram has room for more than any record. */
export const DATAGRAM_LOGGER_BYTES_MAX = 131_072;
/** How long a logger that was just started is watched for an early end, in milliseconds. */
export const DATAGRAM_LOGGER_SETTLE_MS = 200;
const COMPLAINT_CHARS_MAX = 500;

/** Takes lines for a local socket that speaks datagrams. */
export interface DatagramLogger {
  /** Rejects when the lines could not be handed over, or earlier ones are known to be lost. */
  send(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Writes syslog messages to a datagram socket such as `/dev/log`, which Node cannot: by one `logger`
 * (util-linux) that runs as long as this does and reads a line per message. Whether they arrive nobody says.
 * Sending rejects with `ACTUATION_BINARY_MISSING` where there is no `logger`, and `ACTUATION_SPAWN_FAILED`
 * when it does not run.
 */
export function datagramLogger(socketPath: string, tag: string): DatagramLogger {
  let running: Promise<Running> | null = null;
  return {
    async send(lines): Promise<void> {
      running ??= start(socketPath, tag);
      try {
        await write(await running, lines);
      } catch (error) {
        // The next lines get a new one.
        (await running.catch(() => null))?.child.kill();
        running = null;
        throw error;
      }
    },
    async close(): Promise<void> {
      const ended = running;
      running = null;
      const logger = await ended?.catch(() => null);
      if (logger === null || logger === undefined) return;
      logger.child.stdin.end();
      await logger.gone;
    },
  };
}

interface Running {
  readonly child: ChildProcessByStdio<Writable, null, Readable>;
  readonly gone: Promise<void>;
  /** What it said is wrong, if anything. */
  complaint(): string | null;
}

async function start(socketPath: string, tag: string): Promise<Running> {
  const binary = await findBinary('logger');
  if (binary === null)
    throw new ActuationError(
      'ACTUATION_BINARY_MISSING',
      'a datagram socket takes `logger` (util-linux), and there is none',
    );
  const args = ['--socket', socketPath, '--socket-errors=on', '--priority', 'authpriv.notice', '--tag', tag];
  const child = spawn(binary, [...args, '--size', String(DATAGRAM_LOGGER_BYTES_MAX), `--id=${process.pid}`], {
    shell: false,
    env: childEnvironment(process.env),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  let ended = false;
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < COMPLAINT_CHARS_MAX) said += chunk.toString('utf8');
  });
  // A pipe whose reader is gone: the end of the process tells.
  child.stdin.on('error', () => undefined);
  const gone = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true;
      resolve();
    };
    child.once('error', end);
    child.once('close', end);
  });
  child.unref();
  const complaint = (): string | null =>
    said !== '' ? said.trim().slice(0, COMPLAINT_CHARS_MAX) : ended ? 'it ended' : null;
  await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, DATAGRAM_LOGGER_SETTLE_MS))]);
  const logger = { child, gone, complaint };
  refuseBroken(logger);
  return logger;
}

async function write(logger: Running, lines: readonly string[]): Promise<void> {
  refuseBroken(logger);
  const text = lines.map((line) => `${line}\n`).join('');
  await Promise.race([
    new Promise<void>((resolve, reject) =>
      logger.child.stdin.write(text, (error) => (error ? reject(error) : resolve())),
    ),
    logger.gone,
  ]);
  refuseBroken(logger);
}

function refuseBroken(logger: Running): void {
  const complaint = logger.complaint();
  if (complaint !== null) throw new ActuationError('ACTUATION_SPAWN_FAILED', `logger: ${complaint}`);
}
