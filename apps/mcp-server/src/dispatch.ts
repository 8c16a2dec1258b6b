import { errorCode } from '@praxis/core';
import type { CallContext, GateRefusal } from '@praxis/gate';
import type { z } from 'zod';
import type { Services } from './services.ts';
import { type Tool, type ToolAnswer, verdict } from './tool.ts';

/** How many problems of a call's arguments an answer lists. */
const PROBLEMS_SHOWN_MAX = 8;

/**
 * Every call of every transport comes through here. Unknown tools and bad arguments are refused by the
 * gate like anything else, so that they leave a record; nothing thrown reaches a client as it is.
 */
export async function dispatch(
  tools: ReadonlyMap<string, Tool>,
  services: Services,
  request: { readonly name: string; readonly args: unknown },
  context: CallContext,
): Promise<ToolAnswer> {
  const tool = tools.get(request.name);
  if (tool === undefined) {
    return refuse(services, null, request, context, { reason: 'unknown_tool', detail: 'no such tool' });
  }
  const parsed = tool.input.safeParse(request.args ?? {});
  if (!parsed.success) {
    return refuse(services, tool, request, context, {
      reason: 'invalid_arguments',
      detail: problemsOf(parsed.error),
    });
  }
  try {
    return await tool.run(parsed.data, context, services);
  } catch (error) {
    services.log(`praxis: ${request.name} failed: ${errorCode(error)}`);
    return refuse(services, tool, request, context, { reason: 'internal_error', detail: errorCode(error) });
  }
}

async function refuse(
  services: Services,
  tool: Tool | null,
  request: { readonly name: string; readonly args: unknown },
  context: CallContext,
  refusal: GateRefusal,
): Promise<ToolAnswer> {
  const result = await services.gate.refuse(
    {
      tool: request.name,
      args: request.args ?? {},
      target: null,
      hostType: null,
      tier: tool?.tier ?? 'T0',
      refusal,
    },
    context,
  );
  return { body: { ...tool?.blank, ...verdict(result) }, isError: true };
}

/** Where and what kind, never the value: an argument may hold a secret in the wrong place. */
function problemsOf(error: z.ZodError): string {
  const shown = error.issues
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map((issue) => `${issue.path.join('.') || '(arguments)'}: ${issue.code}${expected(issue)}`);
  return shown.join('; ');
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return ` (${issue.expected} expected)`;
  if (issue.code === 'too_big') return ` (at most ${issue.maximum})`;
  if (issue.code === 'too_small') return ` (at least ${issue.minimum})`;
  if (issue.code === 'unrecognized_keys') return ` (${issue.keys.length} unknown)`;
  // What a tool says of its own checks is written beside them, without the value.
  if (issue.code === 'custom') return ` (${issue.message})`;
  return '';
}
