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
import { openRuntime } from '../runtime.ts';
import { Relays, sayWarnings, serveStdin, startControl, startHttp, untilSignal } from '../serving.ts';

/** `praxis serve`: the MCP server, on stdio unless PRAXIS_TRANSPORT=http. */
export function registerServeCommand(program: Command): void {
  program
    .command('serve')
    .description('serve MCP: on standard input and output, or over HTTP with PRAXIS_TRANSPORT=http')
    .action(action(run));
}

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
  const runtime = await openRuntime(config, { log }).catch((error: unknown) => {
    if (errorCode(error) !== 'DATA_DIR_LOCKED') throw error;
    return null;
  });
  if (runtime === null) {
    await relayStdio(controlSocketPath(config.dataDir), process.stdin, process.stdout);
    process.exit();
  }
  const relays = new Relays();
  const control = await startControl(runtime, relays);
  // Our own client may leave before the clients that are relayed to us.
  const clientsGone = serveStdin(runtime).then(() => relays.idle());
  await Promise.race([clientsGone, untilSignal()]);
  await control.close();
  await runtime.close();
  process.exit();
}

async function serveOnHttp(config: ServerConfig): Promise<void> {
  const serving = assertMayServeHttp(config.http);
  const runtime = await openRuntime(config, { log });
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
