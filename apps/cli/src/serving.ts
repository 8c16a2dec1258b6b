import type { Socket } from 'node:net';
import {
  allTools,
  controlSocketPath,
  operatorAct,
  type RunningControl,
  type RunningHttp,
  serveControl,
  serveHttp,
  serveStreams,
} from '@praxis/mcp-server';
import type { Runtime } from './runtime.ts';

/** Clients that other processes relay to us. */
export class Relays {
  readonly #open = new Set<Socket>();
  #whenNone: (() => void) | null = null;

  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      if (this.#open.size === 0) this.#whenNone?.();
    });
  }

  /** Resolves when no relayed client is left. */
  idle(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenNone = resolve;
    });
  }
}

/** Serves operators and relayed clients on the owner-only socket. */
export function startControl(runtime: Runtime, relays: Relays): Promise<RunningControl> {
  const tools = allTools(runtime.services);
  return serveControl({
    path: controlSocketPath(runtime.config.dataDir),
    handle: (request) => operatorAct(runtime.operator, request),
    relay: (socket) => {
      relays.add(socket);
      serveStreams(tools, runtime.services, {
        input: socket,
        output: socket,
        caller: runtime.stdioCaller,
        onclose: () => socket.end(),
      });
      socket.resume();
    },
  });
}

/** Serves HTTP on what was checked to be allowed. */
export function startHttp(
  runtime: Runtime,
  serving: { host: string; port: number; token: string },
): Promise<RunningHttp> {
  // What a local client may read is not what may leave over a network.
  const services = { ...runtime.services, allowRestricted: runtime.config.allowRestrictedOverHttp };
  return serveHttp(allTools(services), services, serving);
}

/** Serves this process's own standard input and output; resolves when the client has gone. */
export function serveStdin(runtime: Runtime): Promise<void> {
  return new Promise((resolve) => {
    const handle = serveStreams(allTools(runtime.services), runtime.services, {
      input: process.stdin,
      output: process.stdout,
      caller: runtime.stdioCaller,
      onclose: () => {
        handle.close().then(resolve, resolve);
      },
    });
  });
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const onSignal = (signal: NodeJS.Signals): void => {
      for (const known of signals) process.off(known, onSignal);
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
}

/** What may be said at start, once: of the configuration, and of the state that a runtime found. */
export function sayWarnings(
  found: { readonly warnings: readonly string[] },
  log: (line: string) => void,
): void {
  for (const warning of found.warnings) log(`praxis: ${warning}`);
}
