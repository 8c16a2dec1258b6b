import type { Session } from '@praxis/gate';
import type { RawBytes } from './raw-bytes.ts';
import type { Services } from './services.ts';

/**
 * Records a `tools/call` request that the protocol layer will refuse before any tool is looked up (it names no
 * tool, or its arguments are no object). Without this it would be the one call that leaves no record.
 */
export async function recordMalformedCall(
  services: Services,
  session: Session,
  message: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (message['method'] !== 'tools/call' || message['id'] === undefined || isCall(message['params'])) return;
  await services.gate.refuse(
    {
      tool: 'tools/call',
      args: message['params'] ?? {},
      target: null,
      hostType: null,
      tier: 'T0',
      refusal: {
        reason: 'invalid_arguments',
        detail: 'the call names no tool, or its arguments are no object',
      },
    },
    { session, requestId: requestIdOf(message['id']), traceId: null },
  );
}

/**
 * Records what arrived where a message belongs and is none. Of the bytes only their digest and their length are
 * kept: they may hold anything.
 */
export async function recordMalformedMessage(
  services: Services,
  session: Session,
  raw: RawBytes,
  why: string,
): Promise<void> {
  await services.gate.refuse(
    {
      tool: 'mcp',
      args: { length_bytes: raw.lengthBytes, sha256: raw.sha256 },
      target: null,
      hostType: null,
      tier: 'T0',
      refusal: { reason: 'malformed_message', detail: why },
    },
    { session, requestId: null, traceId: null },
  );
}

function isCall(params: unknown): boolean {
  if (!isRecord(params) || typeof params['name'] !== 'string') return false;
  return params['arguments'] === undefined || isRecord(params['arguments']);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requestIdOf(id: unknown): string | null {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}
