import type { InventoryHost } from '@praxis/fleet';
import { type Adapter, type Refusal, refuse } from './adapter.ts';
import { findBinary } from './process/find-binary.ts';
import { runProcess } from './process/run-process.ts';
import { runbookAdapter } from './runbook/runbook.ts';
import { sshAdapter } from './ssh/ssh.ts';

const VERSION_TIMEOUT_MS = 5000;
const VERSION_BYTES_MAX = 4096;
const VERSION_CHARS_MAX = 200;

/** What all adapters need to know of this installation. */
export interface AdapterOptions {
  /** Every host of the inventory, asked anew for each action: no ssh alias may lead to a Talos host of it. */
  readonly inventory: () => readonly InventoryHost[];
  /** `PRAXIS_RUNBOOK_ROOT`; absent or blank refuses every runbook. */
  readonly runbookRoot?: string | null | undefined;
}

/** What praxis starts for an adapter, and how that program tells its version. */
export interface WrappedTool {
  readonly adapter: string;
  readonly binary: string;
  readonly versionArguments: readonly string[];
}

/** Every program that an adapter starts on this machine. */
export const WRAPPED_TOOLS: readonly WrappedTool[] = [
  { adapter: 'ssh', binary: 'ssh', versionArguments: ['-V'] },
  { adapter: 'runbook', binary: 'bash', versionArguments: ['--version'] },
];

/** What `praxis doctor` says of a wrapped tool. `path` and `version` are null when it is missing or mute. */
export interface ToolInfo {
  readonly adapter: string;
  readonly binary: string;
  readonly path: string | null;
  readonly version: string | null;
}

/** The adapters by name. There is no other way to act on a system. */
export function adapters(options: AdapterOptions): ReadonlyMap<string, Adapter> {
  const ssh = { inventory: options.inventory };
  const all = [sshAdapter(ssh), runbookAdapter({ root: options.runbookRoot ?? undefined, ssh })];
  return new Map(all.map((adapter) => [adapter.name, adapter]));
}

/** The adapter of this name, or the refusal `adapter_unknown`. */
export function findAdapter(known: ReadonlyMap<string, Adapter>, name: string): Adapter | Refusal {
  const names = [...known.keys()].join(', ');
  return (
    known.get(name) ?? refuse('adapter_unknown', `there is no adapter of this name; there are: ${names}`)
  );
}

/** Looks for every wrapped tool and asks those that are there for their version. */
export function inspectTools(): Promise<readonly ToolInfo[]> {
  return Promise.all(WRAPPED_TOOLS.map(inspectTool));
}

async function inspectTool({ adapter, binary, versionArguments }: WrappedTool): Promise<ToolInfo> {
  const path = await findBinary(binary);
  if (path === null) return { adapter, binary, path, version: null };
  const limits = { timeoutMs: VERSION_TIMEOUT_MS, outputBytesMax: VERSION_BYTES_MAX };
  const result = await runProcess([path, ...versionArguments], limits);
  const [line = ''] = Buffer.from(result.output).toString('utf8').trim().split('\n');
  return { adapter, binary, path, version: line === '' ? null : line.slice(0, VERSION_CHARS_MAX) };
}
