import { sha256Hex } from '@praxis/core';
import type { HostType, InventoryHost } from '@praxis/fleet';
import type { ShellKind } from '@praxis/policy';
import {
  type ActionRequest,
  type ActionResult,
  type Adapter,
  type ExecuteOptions,
  isRefusal,
  type PreparedAction,
  type Refusal,
  refuse,
} from '../adapter.ts';
import { frameAdapter, type Preparation } from '../adapter-frame.ts';
import { checkHostType } from '../host-type.ts';
import { findBinary } from '../process/find-binary.ts';
import { ACTION_TIMEOUT_MS, runProcess } from '../process/run-process.ts';
import {
  type ClientArguments,
  clientArguments,
  connectArguments,
  hostKeyChecking,
} from './client-arguments.ts';
import { checkCommandText, COMMAND_BYTES_MAX } from './command-text.ts';
import { bashOutcome, powershellOutcome } from './connection-fault.ts';
import { MarkFilter } from './mark-filter.ts';
import { judgedText } from './judged-text.ts';
import { powershellCommand } from './powershell-command.ts';
import { remoteScript } from './remote-script.ts';
import { type Destination, destinationText, resolveDestination } from './resolve-destination.ts';
import { checkNotTalos } from './talos-address.ts';

const NAME = 'ssh';
const HOST_TYPES: readonly HostType[] = ['ubuntu', 'windows'];

/** Which client is run, and which hosts it must not reach. */
export interface SshOptions {
  /** The client to run: a name on the search path or an absolute path. */
  readonly binary?: string | undefined;
  /** Every host of the inventory, so that no alias leads to a Talos host. */
  readonly inventory: () => readonly InventoryHost[];
}

/** What a connection needs, checked: made anew for the preview and for the run. */
interface Connection {
  readonly refused?: never;
  readonly binary: string;
  readonly client: ClientArguments;
  readonly destination: Destination;
}

/**
 * Runs a command text on a host with the real OpenSSH client. The destination is the inventory's alone; a
 * Talos host is always refused. The text runs in the very shell it was classified for (bash without its
 * start files and with an empty environment; PowerShell on Windows), and a stop reaches the far side.
 */
export function sshAdapter(options: SshOptions): Adapter {
  return frameAdapter({
    name: NAME,
    hostTypes: HOST_TYPES,
    prepare: (request, signal) => prepare(request, options, signal),
    describe,
    execute: (prepared, run) => executeOverSsh(prepared, options, run),
  });
}

async function prepare(
  request: ActionRequest,
  options: SshOptions,
  signal?: AbortSignal,
): Promise<Preparation | Refusal> {
  const { host, action } = request;
  const refusal = checkCommandText(action);
  if (refusal !== null) return refusal;
  const shell: ShellKind = host.hostType === 'windows' ? 'powershell' : 'bash';
  if (shell === 'powershell') {
    const line = powershellCommand(action);
    if (typeof line !== 'string') return line;
  }
  const destination = await sshDestination(host, options, signal);
  if (typeof destination !== 'string') return destination;
  return {
    command: action,
    shell,
    destination,
    digest: sha256Hex(action),
    summary: `ssh ${destination} (${host.name}, ${host.hostType})\n${shell}: ${action}`,
  };
}

/** Where ssh would really go for this host (`user@address:port`), or why it may not go there. */
export async function sshDestination(
  host: InventoryHost,
  options: SshOptions,
  signal?: AbortSignal,
): Promise<string | Refusal> {
  const connection = await connect(host, options, signal);
  return isRefusal(connection) ? connection : destinationText(connection.destination);
}

/**
 * Runs a prepared text over ssh. Everything that may have changed since is checked again: the host type, the
 * destination that the client's configuration gives, and that this is the text that was digested.
 */
export async function executeOverSsh(
  prepared: PreparedAction,
  options: SshOptions,
  run: ExecuteOptions,
  bytesMax: number = COMMAND_BYTES_MAX,
): Promise<ActionResult | Refusal> {
  const { host, command } = prepared;
  const refusal = checkHostType(NAME, HOST_TYPES, host) ?? checkCommandText(command, bytesMax);
  if (refusal !== null) return refusal;
  if (sha256Hex(command) !== prepared.digest)
    return refuse('content_changed', 'the command is not the prepared one');
  const connection = await connect(host, options, run.signal);
  if (isRefusal(connection)) return connection;
  const destination = destinationText(connection.destination);
  if (destination !== prepared.destination) {
    return refuse(
      'destination_changed',
      `prepared for ${prepared.destination}, ssh would now go to ${destination}`,
    );
  }
  return prepared.shell === 'powershell'
    ? runPowershell(command, connection, host, run)
    : runBash(command, connection, host, run);
}

async function connect(
  host: InventoryHost,
  options: SshOptions,
  signal?: AbortSignal,
): Promise<Connection | Refusal> {
  const wrongType = checkHostType(NAME, HOST_TYPES, host);
  if (wrongType !== null) return wrongType;
  const client = clientArguments(host);
  if (isRefusal(client)) return client;
  const binary = await findBinary(options.binary ?? 'ssh');
  if (binary === null) return refuse('binary_missing', 'the OpenSSH client `ssh` is not installed');
  const destination = await resolveDestination(binary, client, signal);
  if (isRefusal(destination)) return destination;
  return (await checkNotTalos(destination.hostname, options.inventory())) ?? { binary, client, destination };
}

async function runBash(
  command: string,
  connection: Connection,
  host: InventoryHost,
  run: ExecuteOptions,
): Promise<ActionResult> {
  const remote = remoteScript(judgedText(command), run.timeoutMs ?? ACTION_TIMEOUT_MS);
  const marks = new MarkFilter(remote);
  const argv = commandLine(connection, host, remote.remoteCommand);
  const result = await runProcess(argv, { ...run, lifeline: remote.script, stderrFilter: marks });
  return bashOutcome(result, marks);
}

async function runPowershell(
  command: string,
  connection: Connection,
  host: InventoryHost,
  run: ExecuteOptions,
): Promise<ActionResult | Refusal> {
  const line = powershellCommand(command);
  if (typeof line !== 'string') return line;
  return powershellOutcome(await runProcess(commandLine(connection, host, line), run));
}

function commandLine(connection: Connection, host: InventoryHost, remoteCommand: string): string[] {
  const checking = hostKeyChecking(host, connection.destination.strictHostKeyChecking);
  return [
    connection.binary,
    ...connectArguments(connection.client, { hostKeyChecking: checking, remoteCommand }),
  ];
}

function describe(prepared: PreparedAction): string {
  return `would run on ${prepared.target} (${prepared.destination}) with ${prepared.shell}:\n${prepared.command}`;
}
