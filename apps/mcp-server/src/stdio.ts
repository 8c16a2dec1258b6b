import type { Readable, Writable } from 'node:stream';
import { type StdioServerHandle, serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { errorCode, type Principal } from '@praxis/core';
import { createProtocolServer } from './mcp.ts';
import type { Services } from './services.ts';
import { newSessionId } from './sessions.ts';
import type { Tool } from './tool.ts';

/** The longest line a stdio client may send, in bytes. */
export const STDIO_LINE_BYTES_MAX: number = 16 * 1024 * 1024;

export interface StreamServing {
  readonly input: Readable;
  readonly output: Writable;
  readonly principal: Principal;
  /** Called once when the client has gone. */
  readonly onclose?: () => void;
}

/** Serves MCP over a pair of streams: a process's own stdio, or a relayed client's socket. One session. */
export function serveStreams(
  tools: ReadonlyMap<string, Tool>,
  services: Services,
  { input, output, principal, onclose }: StreamServing,
): StdioServerHandle {
  const session = services.sessions.open({ id: newSessionId(), principal });
  const transport = new StdioServerTransport(input, output, { maxBufferSize: STDIO_LINE_BYTES_MAX });
  const handle = serveStdio(() => createProtocolServer(tools, services, () => session), {
    transport,
    onerror: (error) => services.log(`praxis: stdio client: ${errorCode(error, error.name)}`),
  });
  if (onclose !== undefined) {
    input.once('end', onclose);
    input.once('close', onclose);
  }
  return handle;
}
