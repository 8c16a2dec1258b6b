import type { Session } from '@praxis/gate';
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
