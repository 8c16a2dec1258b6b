import { hostname } from 'node:os';
import { PraxisError } from '@praxis/core';
import { assertMayServeHttp, readConfig } from '@praxis/mcp-server';
import type { Command } from 'commander';
import { action } from '../exit.ts';
import { openRuntime } from '../runtime.ts';
import { Relays, sayWarnings, startControl, startHttp, untilSignal } from '../serving.ts';
import { ensureHttpToken } from '../up/http-token.ts';
import { ensureInventory } from '../up/inventory-file.ts';
import { observeLocal } from '../up/observe-local.ts';
import { welcome } from '../up/welcome.ts';

/** `praxis up`: look at this machine, serve MCP over HTTP on loopback, say how to connect. */
export function registerUpCommand(program: Command): void {
  program
    .command('up')
    .description('collect this machine, serve MCP over HTTP on loopback, and say how to connect')
    .option('--port <port>', 'port to listen on, 0 for any free one (default: PRAXIS_HTTP_PORT or 8765)')
    .action(action(run));
}

const log = (line: string): void => console.error(line);

async function run(options: { port?: string }): Promise<void> {
  const env = process.env;
  const config = readConfig(env);
  sayWarnings(config, log);
  const token = ensureHttpToken(config);
  const serving = {
    ...assertMayServeHttp({ ...config.http, token: token.value }),
    ...portOption(options.port),
  };
  const inventory = ensureInventory(config.inventoryPath, hostname());
  const runtime = await openRuntime(config, { log, status: () => ({ url: started.url }) });
  const started = { url: '' };
  sayWarnings(runtime, log);
  try {
    const found = await observeLocal(runtime, `host:${hostname()}`);
    const control = await startControl(runtime, new Relays());
    const http = await startHttp(runtime, serving).catch(async (error: unknown) => {
      await control.close();
      throw error;
    });
    started.url = http.url;
    console.log(welcome({ config, found, inventory, url: http.url, tokenPath: token.path }));
    await untilSignal();
    console.log('praxis: stopping');
    await http.close();
    await control.close();
  } finally {
    await runtime.close();
  }
  console.log('praxis: stopped; everything is on disk');
}

function portOption(port: string | undefined): { port?: number } {
  if (port === undefined) return {};
  const number = Number(port);
  if (!/^\d{1,5}$/.test(port) || number > 65_535)
    throw new PraxisError('USAGE', '--port is a number from 0 to 65535');
  return { port: number };
}
