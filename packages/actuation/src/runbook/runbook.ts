import { dirname } from 'node:path';
import type { HostType } from '@praxis/fleet';
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
import { isLocalHost } from '../host-type.ts';
import { findBinary } from '../process/find-binary.ts';
import { runProcess } from '../process/run-process.ts';
import { executeOverSsh, type SshOptions, sshDestination } from '../ssh/ssh.ts';
import { withPrivateCopy } from './private-copy.ts';
import { RUNBOOK_BYTES_MAX, readRunbook } from './read-runbook.ts';

const NAME = 'runbook';
const HOST_TYPES: readonly HostType[] = ['ubuntu', 'cloud'];
const LOCAL = 'local';

/** Where runbooks lie, and how they reach other machines. */
export interface RunbookOptions {
  /** The directory that holds the runbooks (`PRAXIS_RUNBOOK_ROOT`); without it every runbook is refused. */
  readonly root: string | undefined;
  /** How a host that is not this machine is reached. */
  readonly ssh: SshOptions;
  /** The shell to run: a name on the search path or an absolute path. */
  readonly bash?: string | undefined;
}

/**
 * Runs a prepared script from the runbook root. What is judged and approved is its text, not its path: the
 * run reads the file again and refuses any other content. It runs where the inventory says: on this machine
 * for a host with `actuation_paths: [local]`, otherwise over ssh on the host itself.
 */
export function runbookAdapter(options: RunbookOptions): Adapter {
  return frameAdapter({
    name: NAME,
    hostTypes: HOST_TYPES,
    prepare: (request, signal) => prepare(request, options, signal),
    describe,
    execute: (prepared, run) => execute(prepared, options, run),
  });
}

async function prepare(
  request: ActionRequest,
  options: RunbookOptions,
  signal?: AbortSignal,
): Promise<Preparation | Refusal> {
  const { host, action } = request;
  const runbook = await readRunbook(options.root, action);
  if (isRefusal(runbook)) return runbook;
  const destination = await destinationOf(request, options, signal);
  if (typeof destination !== 'string') return destination;
  return {
    command: runbook.text,
    shell: 'bash',
    destination,
    digest: runbook.digest,
    summary: `runbook ${runbook.path}\non ${host.name} (${host.hostType}), ${whereText(destination)}\nsha256 ${runbook.digest}`,
  };
}

async function destinationOf(
  { host }: ActionRequest,
  options: RunbookOptions,
  signal?: AbortSignal,
): Promise<string | Refusal> {
  if (!isLocalHost(host)) return sshDestination(host, options.ssh, signal);
  const bash = await findBinary(options.bash ?? 'bash');
  return bash === null ? refuse('binary_missing', 'the shell `bash` is not installed') : LOCAL;
}

async function execute(
  prepared: PreparedAction,
  options: RunbookOptions,
  run: ExecuteOptions,
): Promise<ActionResult | Refusal> {
  const runbook = await readRunbook(options.root, prepared.action);
  if (isRefusal(runbook)) return runbook;
  if (runbook.digest !== prepared.digest || runbook.text !== prepared.command) {
    return refuse(
      'content_changed',
      `\`${prepared.action}\` is not what was approved: sha256 is now ${runbook.digest}`,
    );
  }
  const local = isLocalHost(prepared.host);
  if (local !== (prepared.destination === LOCAL)) {
    return refuse(
      'destination_changed',
      `prepared for ${prepared.destination}, the inventory now says otherwise`,
    );
  }
  return local
    ? executeHere(prepared, runbook.path, options, run)
    : executeOverSsh(prepared, options.ssh, run, RUNBOOK_BYTES_MAX);
}

/** Runs the approved text from a private copy, in the runbook's own directory. */
async function executeHere(
  prepared: PreparedAction,
  path: string,
  options: RunbookOptions,
  run: ExecuteOptions,
): Promise<ActionResult | Refusal> {
  const bash = await findBinary(options.bash ?? 'bash');
  if (bash === null) return refuse('binary_missing', 'the shell `bash` is not installed');
  const result = await withPrivateCopy(path, prepared.command, (copy) =>
    runProcess([bash, '--noprofile', '--norc', copy], { ...run, cwd: dirname(path) }),
  );
  const began = result.exitCode !== null || result.signal !== null;
  return { ...result, completion: began ? 'ended' : 'not_started', fault: null };
}

function describe(prepared: PreparedAction): string {
  const head = `would run the runbook ${prepared.action} for ${prepared.target} (${whereText(prepared.destination)}),`;
  return `${head} sha256 ${prepared.digest}:\n${prepared.command}`;
}

function whereText(destination: string): string {
  return destination === LOCAL ? 'on this machine' : `over ssh to ${destination}`;
}
