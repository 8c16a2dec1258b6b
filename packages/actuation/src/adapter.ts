import type { Tier } from '@praxis/core';
import type { HostType, InventoryHost } from '@praxis/fleet';
import type { ShellKind } from '@praxis/policy';
import type { OutputStream } from './process/bounded-output.ts';
import type { ExecutionResult } from './process/run-process.ts';

/** One action as an agent asked for it; the host is the inventory's entry, never the caller's claim. */
export interface ActionRequest {
  readonly host: InventoryHost;
  /** ssh: the command text. runbook: the path of the file below the root. */
  readonly action: string;
}

/** Everything a person approves and an execution is bound to. Made by `prepare`; do not change it. */
export interface PreparedAction {
  readonly adapter: string;
  readonly host: InventoryHost;
  /** What was asked for: the command text or the runbook's path. */
  readonly action: string;
  /** What is classified and shown: exactly the text that runs. */
  readonly command: string;
  /** The shell that runs it. */
  readonly shell: ShellKind;
  /** The one target, by its name in the inventory. */
  readonly target: string;
  /** Where it really goes: `user@address:port`, or `local` for this machine. */
  readonly destination: string;
  /** The least tier, whatever the text says. */
  readonly baseTier: Tier;
  /** SHA-256 (hex) of the bytes that run. */
  readonly digest: string;
  /** For the approval card: adapter, destination and what runs, in a few lines. */
  readonly summary: string;
}

/** Why an adapter declines. A refusal is an answer, not an error: nothing was done. */
export type RefusalReason =
  | 'host_type_refused'
  | 'target_invalid'
  | 'destination_changed'
  | 'command_invalid'
  | 'command_too_long'
  | 'root_not_configured'
  | 'path_outside_root'
  | 'runbook_not_found'
  | 'runbook_unreadable'
  | 'runbook_invalid'
  | 'runbook_too_large'
  | 'content_changed'
  | 'binary_missing'
  | 'client_config_invalid'
  | 'adapter_unknown';

/** An adapter's answer when it declines: nothing was done. */
export interface Refusal {
  readonly refused: true;
  readonly reason: RefusalReason;
  readonly detail: string;
}

/** What a real run would do; nothing was changed to find out. */
export interface PreviewResult {
  readonly refused?: never;
  readonly text: string;
  /** Whether the tool itself checked the action (`native`), or praxis only describes it (`text`). */
  readonly kind: 'native' | 'text';
}

/** How far an execution got, which the exit code alone cannot say. */
export type Completion =
  /** It ran and its own exit code or signal is known. */
  | 'ended'
  /** It never began: nothing was changed. */
  | 'not_started'
  /** It began, and how it ended is not known: the connection was lost. */
  | 'unknown';

/** What went wrong between praxis and the command, when something did. */
export type ExecutionFault =
  | 'host_unreachable'
  | 'host_key_rejected'
  | 'authentication_failed'
  | 'shell_missing'
  | 'connection_lost';

/** How an action ended, as far as that is known. */
export interface ActionResult extends ExecutionResult {
  readonly refused?: never;
  readonly completion: Completion;
  readonly fault: ExecutionFault | null;
}

/** How one execution may be stopped, bounded and followed. */
export interface ExecuteOptions {
  /** Stops the work when aborted, also on the far side. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly outputBytesMax?: number | undefined;
  /** Called with each piece of output as it arrives, unredacted and unbounded. Must not throw. */
  readonly onOutput?: ((chunk: Uint8Array, stream: OutputStream) => void) | undefined;
}

/**
 * The contract of every adapter. `prepare` and `preview` change nothing. `execute` runs exactly what was
 * prepared, or refuses; it checks everything again that may have changed since.
 */
export interface Adapter {
  readonly name: string;
  readonly hostTypes: readonly HostType[];
  prepare(request: ActionRequest, signal?: AbortSignal): Promise<PreparedAction | Refusal>;
  preview(prepared: PreparedAction, signal?: AbortSignal): Promise<PreviewResult | Refusal>;
  execute(prepared: PreparedAction, options: ExecuteOptions): Promise<ActionResult | Refusal>;
}

/** Makes a refusal; `detail` is for people and holds no secrets. */
export function refuse(reason: RefusalReason, detail: string): Refusal {
  return { refused: true, reason, detail };
}

/** Whether an adapter declined. */
export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer && answer.refused === true;
}
