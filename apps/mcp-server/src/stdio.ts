import type { Readable, Writable } from 'node:stream';
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio';
import { errorCode } from '@praxis/core';
import type { Session } from '@praxis/gate';
import { LineTransport } from './line-transport.ts';
import { recordMalformedCall, recordMalformedMessage } from './malformed-call.ts';
import type { RawBytes } from './raw-bytes.ts';
import { createProtocolServer } from './mcp.ts';
import type { Services } from './services.ts';
import { newSessionId } from './sessions.ts';
import type { Tool } from './tool.ts';

/** One client on a pair of streams. */
export interface StreamServing {
  readonly input: Readable;
  readonly output: Writable;
  /** Whose calls these are. Connections that share a caller share its taint and its budget. */
  readonly caller: Session;
  /** Called once when the client has gone and its last answers are written. */
  readonly onclose?: () => void;
}

/** Serves MCP over a pair of streams: a process's own stdio, or a relayed client's socket. One session. */
export function serveStreams(
  tools: ReadonlyMap<string, Tool>,
  services: Services,
  { input, output, caller, onclose }: StreamServing,
): StdioServerHandle {
  const session: Session = { ...caller, id: newSessionId() };
  const logged = (error: unknown): void =>
    services.log(
      `praxis: stdio client: ${errorCode(error, error instanceof Error ? error.name : 'UNKNOWN')}`,
    );
  const hooks = {
    onrequest: (request: Readonly<Record<string, unknown>>): void => {
      recordMalformedCall(services, session, request).catch(logged);
    },
    onmalformed: (raw: RawBytes, why: string): Promise<void> =>
      recordMalformedMessage(services, session, raw, why).catch(logged),
    onclosed: (): void => onclose?.(),
  };
  return serveStdio(() => createProtocolServer(tools, services, () => session), {
    transport: new LineTransport(input, output, hooks),
    onerror: logged,
  });
}
