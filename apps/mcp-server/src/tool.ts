import type { Tier } from '@praxis/core';
import type { CallContext, GateResult } from '@praxis/gate';
import { z } from 'zod';
import type { Services } from './services.ts';

/** What a client is told about a tool's manners (MCP tool annotations). */
export interface ToolAnnotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** The manners of a tool that only looks at what praxis already knows. */
export function readOnly(title: string): ToolAnnotations {
  return { title, readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
}

/** A tool's answer before it is wrapped for the protocol. */
export interface ToolAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

/** One tool: its contract, and what it does with arguments that fit the contract. */
export interface Tool<Input extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly output: z.ZodType;
  readonly annotations: ToolAnnotations;
  /** The least tier of a call; what is refused before it is judged is recorded with it. */
  readonly tier: Tier;
  /** What an answer says besides the verdict when there was nothing to judge. */
  readonly blank?: Readonly<Record<string, unknown>>;
  run(args: z.output<Input>, context: CallContext, services: Services): Promise<ToolAnswer>;
}

/** Ties a tool's argument type to its schema. */
export function defineTool<Input extends z.ZodType>(tool: Tool<Input>): Tool {
  return tool;
}

/** What every answer says, whatever the tool. */
export const verdictShape: {
  readonly decision: z.ZodType<'allowed' | 'denied' | 'error'>;
  readonly reason: z.ZodType<string>;
  readonly detail: z.ZodOptional<z.ZodType<string>>;
  readonly seq: z.ZodType<number | null>;
} = {
  decision: z.enum(['allowed', 'denied', 'error']),
  reason: z.string().describe('a stable code'),
  detail: z.string().optional().describe('for people; may change'),
  seq: z.int().nullable().describe('number of the closing record in the ledger'),
};

/** The verdict of a gate result, in wire names. */
export function verdict(result: GateResult): Record<string, unknown> {
  const { decision, reason, detail, seq } = result;
  return { decision, reason, ...(detail === '' ? {} : { detail }), seq };
}

/** The answer of a read: its value when allowed, the bare verdict when not. */
export function readAnswer(result: GateResult<Readonly<Record<string, unknown>>>): ToolAnswer {
  const allowed = result.decision === 'allowed';
  return { body: { ...verdict(result), ...(allowed ? result.value : {}) }, isError: !allowed };
}
