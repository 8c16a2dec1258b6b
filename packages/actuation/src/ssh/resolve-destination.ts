import { type Refusal, refuse } from '../adapter.ts';
import { runProcess } from '../process/run-process.ts';
import type { ClientArguments } from './client-arguments.ts';

const RESOLVE_TIMEOUT_MS = 10_000;
const CONFIG_BYTES_MAX = 262_144;

/** Where a connection really goes once ssh has read its configuration. */
export interface Destination {
  readonly refused?: never;
  readonly user: string;
  readonly hostname: string;
  readonly port: string;
  /** A jump host or proxy command on the way, or null. */
  readonly proxy: string | null;
  /** `StrictHostKeyChecking` as the configuration has it. */
  readonly strictHostKeyChecking: string | undefined;
}

/**
 * Asks ssh itself (`ssh -G`, which connects to nothing) what the inventory's entry comes to. An alias may
 * stand for any address: the person who approves must see the address.
 */
export async function resolveDestination(
  binary: string,
  client: ClientArguments,
  signal: AbortSignal | undefined,
): Promise<Destination | Refusal> {
  const argv = [binary, '-G', ...client.selection, '--', client.destination];
  const result = await runProcess(argv, {
    signal,
    timeoutMs: RESOLVE_TIMEOUT_MS,
    outputBytesMax: CONFIG_BYTES_MAX,
  });
  const config = parseSettings(Buffer.from(result.stdout).toString('utf8'));
  const hostname = config.get('hostname');
  const user = config.get('user');
  const port = config.get('port');
  if (result.exitCode !== 0 || hostname === undefined || user === undefined || port === undefined) {
    const said = Buffer.from(result.stderr).toString('utf8').trim().slice(0, 500);
    return refuse(
      'client_config_invalid',
      `ssh does not accept its configuration for \`${client.destination}\`: ${said}`,
    );
  }
  return {
    user,
    hostname,
    port,
    proxy: proxyOf(config),
    strictHostKeyChecking: config.get('stricthostkeychecking'),
  };
}

/** `user@address:port`, with the proxy when there is one. */
export function destinationText(destination: Destination): string {
  const address = destination.hostname.includes(':') ? `[${destination.hostname}]` : destination.hostname;
  const via = destination.proxy === null ? '' : ` via ${destination.proxy}`;
  return `${destination.user}@${address}:${destination.port}${via}`;
}

function parseSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0 && !settings.has(line.slice(0, space)))
      settings.set(line.slice(0, space), line.slice(space + 1).trim());
  }
  return settings;
}

function proxyOf(config: ReadonlyMap<string, string>): string | null {
  for (const key of ['proxyjump', 'proxycommand']) {
    const value = config.get(key);
    if (value !== undefined && value !== 'none') return value;
  }
  return null;
}
