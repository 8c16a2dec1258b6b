import { setTimeout } from 'node:timers/promises';
import { errorCode } from '@praxis/core';
import {
  assertMayServeHttp,
  controlSocketPath,
  readConfig,
  relayStdio,
  type ServerConfig,
  ServerError,
} from '@praxis/mcp-server';
import type { Command } from 'commander';
import { action } from '../exit.ts';
import { openRuntime, type Runtime } from '../runtime.ts';
import { Relays, sayWarnings, serveStdin, startControl, startHttp, untilSignal } from '../serving.ts';

/** `praxis serve`: the MCP server, on stdio unless PRAXIS_TRANSPORT=http. */
export function registerServeCommand(program: Command): void {
  program
    .command('serve')
    .description('serve MCP: on standard input and output, or over HTTP with PRAXIS_TRANSPORT=http')
    .action(action(run));
}

/** How often a holder that does not answer is tried, and how long after each try, in milliseconds. */
const HOLDER_ATTEMPTS_MAX = 50;
const HOLDER_RETRY_MS = 100;

const log = (line: string): void => console.error(line);

async function run(): Promise<void> {
  const config = readConfig(process.env);
  sayWarnings(config, log);
  if (config.transport === 'stdio') return serveOnStdio(config);
  if (config.transport === 'http') return serveOnHttp(config);
  throw new ServerError('TRANSPORT_UNKNOWN', 'PRAXIS_TRANSPORT is neither stdio nor http');
}

/** Holds the data directory, or relays to the praxis that already does. */
async function serveOnStdio(config: ServerConfig): Promise<void> {
  const runtime = await holdOrRelay(config);
  if (runtime === null) process.exit();
  sayWarnings(runtime, log);
  const relays = new Relays();
  const control = await startControl(runtime, relays);
  // Our own client may leave before the clients that are relayed to us.
  const clientsGone = serveStdin(runtime).then(() => relays.idle());
  await Promise.race([clientsGone, untilSignal()]);
  await control.close();
  await runtime.close();
  process.exit();
}

/** The runtime when this process holds the data directory; `null` once a client relayed to the holder has gone. */
async function holdOrRelay(config: ServerConfig): Promise<Runtime | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openRuntime(config, { log });
    } catch (error) {
      if (errorCode(error) !== 'DATA_DIR_LOCKED') throw error;
    }
    try {
      await relayStdio(controlSocketPath(config.dataDir), process.stdin, process.stdout);
      return null;
    } catch (error) {
      // The holder may be on its way up, with no socket yet, or on its way down, with none any more.
      if (errorCode(error) !== 'CONTROL_UNREACHABLE' || attempt === HOLDER_ATTEMPTS_MAX) throw error;
    }
    await setTimeout(HOLDER_RETRY_MS);
  }
}

async function serveOnHttp(config: ServerConfig): Promise<void> {
  const serving = assertMayServeHttp(config.http);
  const runtime = await openRuntime(config, { log });
  sayWarnings(runtime, log);
  const control = await startControl(runtime, new Relays());
  const http = await startHttp(runtime, serving).catch(async (error: unknown) => {
    await control.close();
    await runtime.close();
    throw error;
  });
  log(`praxis: serving MCP on ${http.url}`);
  await untilSignal();
  await http.close();
  await control.close();
  await runtime.close();
}
