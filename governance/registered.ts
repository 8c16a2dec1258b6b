import { adapters } from '@praxis/actuation';
import { allTools, type Services } from '@praxis/mcp-server';
import { z } from 'zod';
import { controlRequestSchema } from '../apps/mcp-server/src/control/protocol.ts';

/** Everything by which praxis can be made to do something, as the program itself registers it. */
export interface Registered {
  /** Tools that are not declared read-only. */
  readonly actTools: readonly string[];
  readonly readTools: readonly string[];
  readonly adapters: readonly string[];
  readonly operatorActs: readonly string[];
}

/** Asks the program what it registers; nothing is opened or started for it. */
export function registered(): Registered {
  const all = adapters({ inventory: () => [] });
  // Only the list is wanted: no tool is run, so none of the other services is needed.
  const tools = [...allTools({ adapters: all } as Services).values()];
  return {
    actTools: tools.filter((tool) => !tool.annotations.readOnlyHint).map((tool) => tool.name),
    readTools: tools.filter((tool) => tool.annotations.readOnlyHint).map((tool) => tool.name),
    adapters: [...all.keys()],
    operatorActs: operatorActs(),
  };
}

/** The operations that the operator's socket takes, read from its schema. */
function operatorActs(): string[] {
  const { oneOf } = operationsSchema.parse(z.toJSONSchema(controlRequestSchema));
  return oneOf.map((option) => option.properties.op.const);
}

const operationsSchema = z.object({
  oneOf: z.array(z.object({ properties: z.object({ op: z.object({ const: z.string() }) }) })),
});
